//===- CheckGradient.h - Derivatives of a model against differences -*- C++ -*-===//
#pragma once

#include "compiler/Import/Import.h"

namespace glyptic {

/// Compares, in FP64, the derivative of a weighted sum of the model's floating-point outputs along a direction of its
/// floating-point inputs with the central difference. Fails if they differ, or if no input has a gradient.
llvm::Error checkGradient(ImportedModel &model, const std::string &inputPath);

} // namespace glyptic
