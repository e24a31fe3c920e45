//===- CompareMachines.h - How a model would do on known GPUs ---*- C++ -*-===//
#pragma once

#include "compiler/Compiler.h"

namespace glyptic {

/// What Compiler::compareMachines() does.
Outcome compareMachines(const std::string &model, CompileOptions options, const std::vector<std::string> &machines,
                        bool allowsTf32, std::string &json);

} // namespace glyptic
