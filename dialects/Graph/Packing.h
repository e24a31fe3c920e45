//===- Packing.h - Where tensors lie in a packed one ------------*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeRange.h"

namespace glyptic::graph {

/// Packed tensors begin at multiples of so many elements. Counted in elements, so that packs of different types have
/// the same places; so many, that even bytes begin at a cache line and a flat loop is whole vectors on every target.
inline constexpr int64_t kPackAlignment = 64;

/// First element of each tensor in a pack of `types`, and at the end the size of the pack.
llvm::SmallVector<int64_t> getPackedOffsets(mlir::TypeRange types);

} // namespace glyptic::graph
