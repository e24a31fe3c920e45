//===- Progress.h - What a person sees of a training run --------*- C++ -*-===//
#pragma once

#include "glyptic/train.h"

#include <chrono>
#include <string>
#include <vector>

namespace glyptic::tool {

/// A bar on a terminal, redrawn a few times a second; one line per epoch in a pipe.
class Progress {
public:
  void step(const glyptic_train_progress &progress);
  void evaluation(const glyptic_evaluation &evaluation);

  /// Ends the bar; the last evaluation's numbers stay for the summary.
  void finish();

  /// "loss 0.0123, accuracy 97.5 %" of the last evaluation, empty without one.
  const std::string &lastEvaluation() const { return evaluated; }

private:
  using Clock = std::chrono::steady_clock;

  void draw(const glyptic_train_progress &progress);
  void printLine();

  glyptic_train_progress latest{};
  std::string evaluated, epochEvaluated;
  int64_t epoch = 0;
  double lossSum = 0, seconds = 0;
  int64_t samples = 0;
  Clock::time_point started = Clock::now(), drawn{};
  int64_t firstStep = 0;
  bool barShown = false;
};

/// "accuracy 97.5 %, perplexity 3.2": shares are shown in percent.
std::string metricsText(double loss, const glyptic_metric *metrics, size_t count);

} // namespace glyptic::tool
