//===- Training.h - From a model to its training program --------*- C++ -*-===//
#pragma once

#include "compiler/Options.h"
#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace glyptic {

/// A node at which the gradient of some parameters ends.
struct Obstacle {
  mlir::Location node;
  std::string message; ///< what is wrong and what to do
  std::vector<std::string> parameters;
};

/// Adds @evaluate, @grad, @apply and @step to a module with @infer, as compiler/Program.h defines them. Parameters that
/// are frozen, or that the loss does not reach, become buffers. Errors are diagnostics in the user's terms.
/// What keeps gradients from parameters is an error if they cannot be had at all, and a remark if they are zero; with
/// `obstacles` it goes there instead.
mlir::LogicalResult buildTraining(mlir::ModuleOp module, const TrainingOptions &options,
                                  std::vector<Obstacle> *obstacles = nullptr);

} // namespace glyptic
