//===- Certificate.h - The check of a model's gradient, on paper *- C++ -*-===//
#pragma once

#include "compiler/Compiler.h"

namespace glyptic {

/// What Compiler::checkGradient() does.
Outcome certifyGradient(const std::string &model, CompileOptions options, const GradientCheckOptions &asked,
                        std::string &json);

} // namespace glyptic
