//===- Updates.h - What makes new state, by structure -----------*- C++ -*-===//
#pragma once

#include "compiler/Fusion/Runs.h"

namespace glyptic::fusion {

/// Elementwise ops, all of one shape, that make the new value of one or more tensors of state (a parameter and its
/// slots) from state, accumulators and scalars, and from nothing else.
struct Update {
  llvm::SmallVector<mlir::Operation *> ops; ///< each after those it needs
  llvm::SmallVector<mlir::Value> leaves;    ///< state and accumulators of the same shape
  llvm::SmallVector<mlir::Value> scalars;   ///< of rank 0, repeated for every element
  llvm::SmallVector<mlir::Value> roots;     ///< returned as state
  /// Equal for updates that do the same to other state of any shape.
  std::string structure;
};

/// Every update in `function`, in the order in which their first roots are returned.
std::vector<Update> findUpdates(mlir::func::FuncOp function, const OldValues &oldValues);

/// Whether planning surely places `value` in the memory of the state or accumulator that it is named after.
bool livesInState(mlir::Value value, const OldValues &oldValues);

} // namespace glyptic::fusion
