//===- Training.h - From a model to its training program --------*- C++ -*-===//
#pragma once

#include "compiler/Options.h"
#include "mlir/IR/BuiltinOps.h"

namespace glyptic {

/// Adds @evaluate, @grad, @apply and @step to a module with @infer, as compiler/Program.h defines them. Parameters that
/// are frozen, or that the loss does not reach, become buffers. Errors are diagnostics in the user's terms.
mlir::LogicalResult buildTraining(mlir::ModuleOp module, const TrainingOptions &options);

} // namespace glyptic
