//===- Train.cpp - glyptic train ------------------------------------------===//
#include "compiler/OptionsJson.h"
#include "tools/glyptic/Model.h"
#include "tools/glyptic/Progress.h"
#include "tools/glyptic/Terminal.h"
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/TrainingFlags.h"
#include "tools/glyptic/commands/Commands.h"

#include <csignal>
#include <cstdio>

namespace glyptic::tool {
namespace {

constexpr const char *kFooter =
    "Examples:\n"
    "  glyptic train lenet.onnx --data digits.npz --valid-split 0.1 --epochs 5 --metric accuracy -o trained.onnx\n"
    "  glyptic train step.glyph --data big.npz --checkpoint runs/a --checkpoint-every 1000 --resume -o trained.onnx\n"
    "Ctrl-C (or SIGTERM) ends after the current step, writes a checkpoint if there is a folder for it, and the model "
    "so far.";

/// A signal handler has nowhere else to put it.
volatile std::sig_atomic_t interrupted = 0;

/// The second Ctrl-C ends the process at once.
void watchInterrupt() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = SA_RESETHAND;
  for (int signal : {SIGINT, SIGTERM}) // batch systems send the latter
    sigaction(signal, &action, nullptr);
}

class TrainCommand {
public:
  explicit TrainCommand(CLI::App &app) : flags(app) {
    app.add_option("model", model, "what to train: .onnx, .onnxtxt or .glyph")->required();
    app.add_option("-o,--output-model", output, "the trained model (.onnx)")->required();
    app.add_flag("--inference-form", inferenceForm,
                 "write it without nodes in training form: batches are normalised by the running statistics, nothing "
                 "is dropped");
    app.footer([] { return TrainingFlags::describeChoices() + kFooter; });
  }

  int run();

private:
  void openAll();
  glyptic_train_options loopOptions(Progress &progress) const;
  [[noreturn]] void reportLastGood(glyptic_error *error) const;
  void exportModel() const;
  void summarise(const glyptic_train_result &result, const Progress &progress) const;

  TrainingFlags flags;
  std::string model, output;
  bool inferenceForm = false;
  ProgramHandle program;
  SessionHandle session;
  DataSetHandle data, valid;
};

/// Everything that can fail before the first step, in the order of its price.
void TrainCommand::openAll() {
  if (flags.loop.data.empty())
    throw UsageError("train needs --data");
  requireApart({flags.loop.data, flags.loop.valid}, {output, flags.loop.saveState, flags.loop.log});
  requireApart({model}, {flags.loop.saveState, flags.loop.log}); // the trained model may replace the model
  requireWritable(output);
  if (!flags.loop.saveState.empty())
    requireWritable(flags.loop.saveState);
  program = openProgram(model, [&] { return flags.compileOptions(); });
  std::printf("%s", notes(program.remarks).c_str()); // why the data below may not fit, for one
  if (!program.compiled)
    flags.adopt(glyptic_program_options(program.get()));
  if (!glyptic_program_can_export(program.get()))
    throw Error(model + ": the glyph lacks the original model, so no trained model can be written");
  data = loadData(flags.loop.data, program);
  if (!flags.loop.valid.empty())
    valid = loadData(flags.loop.valid, program);
  if (flags.loop.validSplit > 0) {
    glyptic_dataset *rest = nullptr;
    glyptic::check(glyptic_dataset_split(data.get(), flags.loop.validSplit, flags.loop.seed, &rest));
    valid.reset(rest);
  }
  session = openSession(program, flags.threads(), flags.device(), flags.debugSync());
}

glyptic_train_options TrainCommand::loopOptions(Progress &progress) const {
  auto path = [](const std::string &text) { return text.empty() ? nullptr : text.c_str(); };
  glyptic_train_options options{};
  options.batch = flags.batch();
  options.accumulate = flags.accumulate();
  options.epochs = flags.epochs();
  options.steps = flags.loop.steps;
  options.sequential = flags.loop.shuffle == "off";
  options.seed = flags.loop.seed;
  options.log = path(flags.loop.log);
  options.checkpoint = path(flags.loop.checkpoint);
  options.checkpoint_every = flags.loop.checkpointEvery;
  options.resume = flags.loop.resume;
  options.user = &progress;
  options.on_step = [](void *user, const glyptic_train_progress *step) { static_cast<Progress *>(user)->step(*step); };
  options.on_evaluation = [](void *user, const glyptic_evaluation *evaluation) {
    static_cast<Progress *>(user)->evaluation(*evaluation);
  };
  options.should_stop = [](void *) { return int(interrupted); };
  return options;
}

void TrainCommand::summarise(const glyptic_train_result &result, const Progress &progress) const {
  std::vector<std::vector<std::string>> rows = {{"trained", std::to_string(result.last_step) + " steps"}};
  if (result.first_step > 1)
    rows[0][1] += ", from step " + std::to_string(result.first_step);
  if (result.samples)
    rows.push_back({"time", durationText(result.seconds) + ", " + countText(double(result.samples) / result.seconds) +
                                " samples/s"});
  if (!progress.lastEvaluation().empty())
    rows.push_back({"held out", progress.lastEvaluation() + " (" +
                                    std::to_string(glyptic_dataset_samples(valid.get())) + " samples)"});
  rows.push_back({"device", glyptic_session_device(session.get())});
  const char *const *entries = nullptr;
  for (size_t n = glyptic_program_entries(program.get(), &entries); n-- > 0;)
    if (std::string why = glyptic_session_graph_failure(session.get(), entries[n]); !why.empty())
      rows.push_back({"no CUDA graph", std::string(entries[n]) + ": " + why});
  rows.push_back({"model", output});
  if (!flags.loop.saveState.empty())
    rows.push_back({"state", flags.loop.saveState});
  std::printf("\n%s", escapeControls(facts(rows)).c_str());
  auto options = nlohmann::ordered_json::parse(glyptic_program_options(program.get()), nullptr, false);
  std::string form = options.is_object() ? options.value(kTrainingFormKey, "") : "";
  if (!form.empty() && !inferenceForm)
    std::printf("%s", notes({trainingFormNote(output, form)}).c_str());
}

void TrainCommand::exportModel() const {
  glyptic::check(glyptic_session_export_model(session.get(), output.c_str()));
  std::string form;
  if (inferenceForm) // a glyph knows its model's bytes, not its nodes
    tool::check(openCompiler().exportModel(output, "", output, true, form));
}

/// What was trained before a step failed is worth keeping where the person has named a place for it.
void TrainCommand::reportLastGood(glyptic_error *error) const {
  std::unique_ptr<glyptic_error, void (*)(glyptic_error *)> owner(error, glyptic_error_free);
  std::string message = glyptic_error_message(error);
  if (flags.loop.saveState.empty()) {
    message += "; --save-state keeps the last good state";
  } else {
    glyptic::check(glyptic_session_save_state(session.get(), flags.loop.saveState.c_str()));
    message += "; the last good state is in " + quoteName(flags.loop.saveState);
  }
  throw Error(ErrorCode(glyptic_error_get_code(error)), message);
}

int TrainCommand::run() {
  openAll();
  std::printf("%s\n", escapeControls(glyptic_program_bill(program.get())).c_str());
  watchInterrupt();
  Progress progress;
  glyptic_train_options options = loopOptions(progress);
  glyptic_train_result result{};
  result.first_step = 1; // no step yet
  glyptic_error *error = glyptic_train(program.get(), session.get(), data.get(), valid.get(),
                                       &options, &result);
  progress.finish();
  if (error && result.last_step >= result.first_step)
    reportLastGood(error);
  glyptic::check(error);
  exportModel();
  if (!flags.loop.saveState.empty())
    glyptic::check(glyptic_session_save_state(session.get(), flags.loop.saveState.c_str()));
  summarise(result, progress);
  if (!result.stopped)
    return kDone;
  std::fprintf(stderr, "interrupted after step %lld; what was trained so far is saved\n", (long long)result.last_step);
  return kInterrupted;
}

} // namespace

void addTrain(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "train", "Trains a model on data and writes a trained ONNX file with the same interface. Forward pass, loss, "
               "backward pass and optimizer are compiled into one program first, unless it is given as a glyph.");
  auto state = std::make_shared<TrainCommand>(*command);
  command->callback([state, &action] { action = [state] { return state->run(); }; });
}

} // namespace glyptic::tool
