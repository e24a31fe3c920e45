//===- TrainApi.cpp - The loop from C -------------------------------------===//
#include "runtime/core/Guard.h"
#include "runtime/train/Trainer.h"

using namespace glyptic::runtime;

glyptic_error *glyptic_train(const glyptic_program *program, glyptic_session *session, const glyptic_dataset *data,
                             const glyptic_dataset *valid, const glyptic_train_options *options,
                             glyptic_train_result *result) {
  return guard([&] {
    Trainer trainer(program, session, *data, valid, *options);
    glyptic_train_result unused{}, &done = result ? *result : unused;
    trainer.run(done);
  });
}

glyptic_error *glyptic_evaluate(const glyptic_program *program, glyptic_session *session, const glyptic_dataset *data,
                                void (*done)(void *user, const glyptic_evaluation *evaluation), void *user) {
  return guard([&] {
    Evaluation exact = evaluate(program, session, *data);
    glyptic_evaluation event{0, data->samples.size(), exact.loss, exact.metrics.data(), exact.metrics.size()};
    done(user, &event);
  });
}
