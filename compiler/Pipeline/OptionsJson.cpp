//===- OptionsJson.cpp - Options as a glyph records them --------===//
#include "compiler/Pipeline/OptionsJson.h"
#include <nlohmann/json.hpp>

namespace glyptic {

std::string toJson(const TrainingOptions &options) {
  using Json = nlohmann::ordered_json;
  Json json = {{"loss", options.loss},
               {"label", options.label},
               {"ignore-index", options.ignoreIndex},
               {"label-smoothing", options.labelSmoothing},
               {"optimizer", options.optimizer},
               {"betas", {options.beta1, options.beta2}},
               {"eps", options.epsilon},
               {"momentum", options.momentum},
               {"schedule", options.schedule},
               {"warmup", options.warmupSteps},
               {"total-steps", options.totalSteps},
               {"min-lr", options.minLearningRate},
               {"no-decay", options.noDecay},
               {"freeze", options.freeze},
               {"train", options.train},
               {"metric", options.metrics}};
  if (!options.output.empty())
    json["output"] = options.output;
  if (options.learningRate)
    json["lr"] = *options.learningRate;
  if (options.weightDecay)
    json["weight-decay"] = *options.weightDecay;
  if (options.clipNorm)
    json["clip-norm"] = *options.clipNorm;
  // Names come from the command line: what is not UTF-8 must not throw.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace glyptic
