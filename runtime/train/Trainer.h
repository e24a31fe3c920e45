//===- Trainer.h - The training loop ----------------------------*- C++ -*-===//
#pragma once

#include "runtime/train/Batch.h"
#include "runtime/train/Checkpoint.h"
#include "runtime/train/StepLog.h"

namespace glyptic::runtime {

class Trainer {
public:
  /// Restores the checkpoint and opens the log, so that what can fail fails before the first step. Options as train.h
  /// says; everything passed must outlive the trainer.
  Trainer(const glyptic_program *program, glyptic_session *session, const glyptic_dataset &data,
          const glyptic_dataset *valid, const glyptic_train_options &options);

  /// Keeps `result` up to date, so that it is right after an error, too.
  void run(glyptic_train_result &result);

private:
  void checkOptions() const;
  void divideBatch(); ///< into microbatches
  void writeSeed();
  void openCheckpoint();
  nlohmann::ordered_json fingerprint() const;
  uint32_t stateChecksum() const;

  /// Puts the samples in the order of `epoch`.
  void arrange(int64_t epoch);
  void trainBatch(const uint64_t *samples, size_t count);
  /// Whether one run of `step` is a batch.
  bool isOneRun() const { return hasStep && microbatches == 1; }
  void feedNext(size_t next);
  bool isIgnored(const uint64_t *samples, size_t count) const;
  void checkFinite(double loss, const uint64_t *samples, size_t count) const;
  void evaluateValid(int64_t epoch);
  void saveCheckpoint();

  const glyptic_program *program;
  glyptic_session *session;
  const glyptic_dataset &data;
  const glyptic_dataset *valid;
  glyptic_train_options options;

  BatchFeeder feeder;
  size_t batch, microbatches;
  int64_t batchesPerEpoch, lastStep, epochs;
  bool hasStep; ///< the program has `step`, which one microbatch can use
  bool isFed = false; ///< inputs of the next batch are set

  std::vector<glyptic_metric> metrics; ///< of the iteration, besides the standard ones
  std::optional<CheckpointFolder> checkpoint;
  std::optional<StepLog> log;
  Position position;
  std::vector<uint64_t> order;
  int64_t orderEpoch = 0;
  double lastLoss;
};

} // namespace glyptic::runtime
