//===- OptionsJson.h - Training options as a glyph records them -*- C++ -*-===//
//
// Keys are the names of the command line's flags, so that a message about a key tells what to type. Unset options are
// null. Header only: the tool compares the options of a glyph with its flags and must not link the compiler.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/TrainingTable.h"
#include <nlohmann/json.hpp>

namespace glyptic {

inline nlohmann::ordered_json optionToJson(const std::optional<double> &value) {
  return value ? nlohmann::ordered_json(*value) : nullptr;
}
template <typename Value> nlohmann::ordered_json optionToJson(const Value &value) { return value; }

/// What the model's file holds in training form, which is no option; left out if nothing is.
inline constexpr const char *kTrainingFormKey = "training-form";

inline nlohmann::ordered_json toJson(const TrainingOptions &options, const std::string &trainingForm = "") {
  nlohmann::ordered_json json;
  visitOptions(options,
               [&](const char *name, const auto &value, const char *, Allowed) { json[name] = optionToJson(value); });
  if (!trainingForm.empty())
    json[kTrainingFormKey] = trainingForm;
  return json;
}

} // namespace glyptic
