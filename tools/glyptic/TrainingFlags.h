//===- TrainingFlags.h - What train and compile take alike ------*- C++ -*-===//
#pragma once

#include "compiler/TrainingTable.h"
#include <CLI/CLI.hpp>

namespace glyptic::tool {

/// Flags of the loop, which no program is compiled for.
struct LoopFlags {
  std::string data, valid;
  double validSplit = 0;
  int64_t epochs = 0, steps = 0; ///< 0: not given
  std::string shuffle = "on";
  uint64_t seed = 0;
  std::string checkpoint, log, saveState;
  int64_t checkpointEvery = 0;
  bool resume = false;
};

/// The single definition of the training flags: parsed here, checked here, handed on as compiler options.
class TrainingFlags {
public:
  /// `app` is the subcommand; this object must live as long as it.
  explicit TrainingFlags(CLI::App &app);

  LoopFlags loop;

  /// Options for the compiler. Throws for flags that this version cannot honour and for those that contradict each
  /// other. Counts the samples of --data where the schedule must know the last step.
  CompileOptions compileOptions() const;

  /// For the end of a help page: the names that flags take, with the defaults that depend on them. Opens the compiler.
  static std::string describeChoices();

  /// Whether a flag was given that says how a step is made.
  bool anyStepFlag() const;

  /// `options` are those that a glyph was compiled with, as JSON. They become the defaults of the loop; throws if a
  /// flag of the step asks for something else.
  void adopt(const std::string &options);

  // Of the loop, from the flags or from the glyph; 0 where neither says.
  int64_t batch() const { return training.batch; }
  int64_t accumulate() const { return training.accumulate; }
  int64_t epochs() const { return loop.epochs || loop.steps ? loop.epochs : 10; }
  int threads() const { return threadCount; } ///< 0: what the program was compiled for
  const std::string &device() const { return deviceName; }
  bool debugSync() const { return waitsForKernels; }

private:
  void addStepFlags(CLI::App &app);
  void addMachineFlags(CLI::App &app);
  void addLoopFlags(CLI::App &app);
  void refuseUnsupported() const;
  int64_t totalSteps() const;

  template <typename Value>
  CLI::Option *addStepFlag(CLI::App &app, const std::string &name, Value &value, const char *help);
  CLI::Option *addStepFlag(CLI::App &app, const std::string &name, std::tuple<double &, double &>, const char *help);

  TrainingOptions training;
  std::vector<double> betas;
  std::vector<std::string> shapes;
  int threadCount = 0;
  int64_t memory = 0;
  std::string deviceName = "auto";
  bool waitsForKernels = false;
  std::vector<CLI::Option *> stepOptions;
  CLI::Option *batchOption = nullptr, *accumulateOption = nullptr;

  // Parsed so that what they ask for can be refused by name.
  std::vector<double> classWeights;
  std::string precision = "fp32", lossScale = "off", plan = "auto", pipeline, batchnorm = "global";
  double lossScaleInit = 0, gamma = 0;
  int64_t lossScaleGrowth = 0, stepSize = 0, devices = 1, microbatches = 1;
  std::vector<std::string> keepFp32;
  bool deterministic = false; ///< on one device the promise holds anyway
};

/// Parses `x=N,3,224,224` of --shape; N is the batch.
std::map<std::string, std::vector<int64_t>> parseShapes(const std::vector<std::string> &texts);

} // namespace glyptic::tool
