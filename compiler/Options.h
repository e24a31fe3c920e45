//===- Options.h - What a user may ask of the compiler ----------*- C++ -*-===//
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace glyptic {

enum class Optimizer { Sgd, Momentum, Nesterov, Adam, AdamW };
enum class Loss { CrossEntropy, Bce, BceLogits, Mse };
enum class Schedule { Constant, Cosine };

/// PyTorch's definitions and defaults.
struct TrainingOptions {
  Loss loss = Loss::CrossEntropy;
  std::string label = "label";
  int64_t ignoreIndex = -100;
  double labelSmoothing = 0.0;

  Optimizer optimizer = Optimizer::Adam;
  std::optional<double> learningRate; ///< unset: the optimizer's default (sgd family 0.01, adam family 0.001)
  double weightDecay = 0.0;           ///< adamw's default 0.01 is filled in where options are parsed
  std::vector<std::string> noDecay;   ///< globs of parameters that weight decay spares
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double momentum = 0.9;
  std::optional<double> clipNorm; ///< of all gradients together

  Schedule schedule = Schedule::Constant;
  int64_t warmupSteps = 0;
  int64_t totalSteps = 0; ///< for schedules that end; 0 where there is none
  double minLearningRate = 0.0;

  std::vector<std::string> freeze, train; ///< globs over parameter names; `train` wins
  std::vector<std::string> metrics;       ///< "accuracy", "mse"
};

struct CompileOptions {
  std::optional<TrainingOptions> training; ///< unset: inference only
  int64_t maxBatch = 32;                   ///< samples of one execution at most; smaller batches run, too
  std::map<std::string, std::vector<int64_t>> shapes; ///< fixed shapes of inputs by name; -1 for the batch
  int threads = 0;                                     ///< 0: all cores
  std::string stopAfter, printAfter;                   ///< names of phases
  bool cache = true;                                   ///< reuse objects compiled before
};

} // namespace glyptic
