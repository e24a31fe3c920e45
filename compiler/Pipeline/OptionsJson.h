//===- OptionsJson.h - Options as a glyph records them ----------*- C++ -*-===//
#pragma once

#include "compiler/Options.h"

namespace glyptic {

/// A JSON object with every training option under its command-line name; fields that are unset are left out.
std::string toJson(const TrainingOptions &options);

} // namespace glyptic
