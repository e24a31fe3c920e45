//===- OptionsJson.h - Training options as a glyph records them -*- C++ -*-===//
//
// Keys are the names of the command line's flags, so that a message about a key tells what to type. Unset options are
// null. Header only: the tool compares the options of a glyph with its flags and must not link the compiler.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Options.h"
#include <nlohmann/json.hpp>

namespace glyptic {

inline nlohmann::ordered_json toJson(const TrainingOptions &options) {
  auto optional = [](const std::optional<double> &value) { return value ? nlohmann::ordered_json(*value) : nullptr; };
  return {
      {"loss", options.loss},
      {"label", options.label},
      {"output", options.output},
      {"ignore-index", options.ignoreIndex},
      {"label-smoothing", options.labelSmoothing},
      {"optimizer", options.optimizer},
      {"lr", optional(options.learningRate)},
      {"weight-decay", optional(options.weightDecay)},
      {"no-decay", options.noDecay},
      {"betas", {options.beta1, options.beta2}},
      {"eps", options.epsilon},
      {"momentum", options.momentum},
      {"clip-norm", optional(options.clipNorm)},
      {"schedule", options.schedule},
      {"warmup", options.warmupSteps},
      {"total-steps", options.totalSteps},
      {"min-lr", options.minLearningRate},
      {"freeze", options.freeze},
      {"train", options.train},
      {"metric", options.metrics},
      {"batch", options.batch},
      {"accumulate", options.accumulate},
  };
}

} // namespace glyptic
