//===- StateLayout.h - The order in which state lies in memory --*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace glyptic::layout {

/// Gives each parameter the order that the ops which read it prefer, and its optimizer slots and gradient accumulators
/// the same: arguments and results change their type in every function, between transposes, and arguments record the
/// order in `graph.permutation`.
void chooseStateLayouts(mlir::ModuleOp module);

} // namespace glyptic::layout
