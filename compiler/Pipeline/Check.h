//===- Check.h - The pre-flight of a model ----------------------*- C++ -*-===//
#pragma once

#include "compiler/Compiler.h"

namespace glyptic {

/// What Compiler::check() does. Only models that cannot be imported fail; what stands in the way of training is part of
/// the answer.
Outcome checkModel(const std::string &model, CompileOptions options, std::string &json);

} // namespace glyptic
