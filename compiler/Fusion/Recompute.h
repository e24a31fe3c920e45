//===- Recompute.h - What is computed again rather than stored --*- C++ -*-===//
#pragma once

#include "mlir/IR/Block.h"

namespace glyptic::fusion {

/// Set on ops that every region computes for itself: fusion treats them as free.
inline constexpr llvm::StringLiteral kRecomputedAttr = "graph.recomputed";

/// Set on regions that compute a value again to save memory (Rematerialise.cpp).
inline constexpr llvm::StringLiteral kRematerialisedAttr = "graph.rematerialised";

/// Marks ops of `block` whose results cost less to compute where they are used than to write and read.
void markRecomputed(mlir::Block &block);

} // namespace glyptic::fusion
