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

/// A node that computes something else while the model trains.
struct ModeChange {
  mlir::Location node;
  std::string message;
};

struct TrainingReport {
  std::vector<Obstacle> obstacles;
  std::vector<ModeChange> modes;
};

/// Adds @evaluate, @grad, @apply and @step to a module with @infer, as compiler/Program.h defines them. Parameters that
/// are frozen, or that the loss does not reach, become buffers. Errors are diagnostics in the user's terms.
/// What keeps gradients from parameters is an error if they cannot be had at all, and a remark if they are zero; modes
/// that change are remarks. With `report` both go there instead.
mlir::LogicalResult buildTraining(mlir::ModuleOp module, const TrainingOptions &options,
                                  TrainingReport *report = nullptr);

} // namespace glyptic
