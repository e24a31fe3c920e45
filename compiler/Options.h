//===- Options.h - What a user may ask of the compiler ----------*- C++ -*-===//
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace glyptic {

/// PyTorch's definitions and defaults. Losses, optimizers and metrics go by their names in Training/, where each is
/// declared once with its defaults; an unknown name is an error that lists the known ones.
struct TrainingOptions {
  std::string loss = "cross-entropy";
  std::string label = "label";
  std::string output; ///< of the model, that the loss looks at; empty: the first of floating-point type
  int64_t classDim = 0; ///< of that output; 0, the batch, for the one that its rank suggests
  int64_t ignoreIndex = -100;
  double labelSmoothing = 0.0;

  std::string optimizer = "adam";
  std::optional<double> learningRate, weightDecay; ///< unset: the optimizer's defaults
  std::vector<std::string> noDecay;                ///< globs of parameters that weight decay spares
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double momentum = 0.9;
  std::optional<double> clipNorm; ///< of all gradients together

  std::string schedule = "constant";
  int64_t warmupSteps = 0;
  int64_t totalSteps = 0; ///< for schedules that end; 0 where there is none
  double minLearningRate = 0.0;

  std::vector<std::string> freeze, train; ///< globs over parameter names; `train` wins
  std::vector<std::string> metrics;       ///< "accuracy", "mse"

  int64_t batch = 32;     ///< samples of one update
  int64_t accumulate = 1; ///< microbatches that they are computed in
};

struct CompileOptions {
  std::optional<TrainingOptions> training; ///< unset: inference only
  int64_t maxBatch = 32;                   ///< samples of one execution at most; smaller batches run, too
  std::map<std::string, std::vector<int64_t>> shapes; ///< fixed shapes of inputs by name; -1 for the batch
  int threads = 0;                                     ///< 0: all cores
  std::vector<std::string> targets; ///< "cpu" (also where empty) or GPUs, "cuda:sm_80,sm_90"
  std::string machine; ///< GPU to predict times for: "h100", or a file (machines/*.toml); empty: typical of the target
  std::string stopAfter, printAfter;                   ///< names of phases
  int64_t memory = 0; ///< bytes that the program may take; activations are computed again to fit. 0: no such limit
  bool cache = true;                                   ///< reuse objects compiled before
  bool inferenceForm = false; ///< nodes in training form compute as in inference; with `training` they do outside of it
};

} // namespace glyptic
