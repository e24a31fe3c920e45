//===- Batch.h - From samples to a program's inputs -------------*- C++ -*-===//
#pragma once

#include "runtime/data/DataSetHandle.h"
#include "runtime/data/RunSize.h"

namespace glyptic::runtime {

/// Gathers samples and hands them to the entries of a session. Its buffers grow once to the largest batch.
class BatchFeeder {
public:
  BatchFeeder(const glyptic_program *program, glyptic_session *session)
      : runSize(program), program(program), session(session) {}

  /// Sets the inputs of `entry` to `count` samples of `data`. A device may be at work on those before.
  void feed(const char *entry, const DataSet &data, const uint64_t *samples, size_t count);
  /// Starts a run on them; what reads of it waits.
  void start(const char *entry, size_t count);

  const RunSize runSize;

private:
  const glyptic_program *program;
  glyptic_session *session;
  std::vector<std::byte> buffer;
};

/// Names of an entry's scalar outputs, those in `known` left out: what the user asked to measure.
std::vector<const char *> listMetrics(const glyptic_program *program, const char *entry,
                                      std::initializer_list<std::string_view> known);

double readScalar(const glyptic_session *session, const char *name);

/// Evaluates all samples of `data`: totals over batches, divided once.
struct Evaluation {
  double loss = 0;
  std::vector<glyptic_metric> metrics;
};
Evaluation evaluate(const glyptic_program *program, glyptic_session *session, const glyptic_dataset &data);

} // namespace glyptic::runtime
