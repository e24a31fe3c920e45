//===- Choices.h - What training knows by name ------------------*- C++ -*-===//
#pragma once

#include "compiler/Compiler.h"

namespace glyptic {

/// What Compiler::getChoices() does.
std::vector<ChoiceInfo> getTrainingChoices(const std::string &option);
/// What Compiler::refuseChoice() does.
std::string refuseTrainingChoice(const std::string &option, const std::string &name);

} // namespace glyptic
