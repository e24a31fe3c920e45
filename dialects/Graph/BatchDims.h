//===- BatchDims.h - The symbolic batch in tensor types ---------*- C++ -*-===//
//
// One symbolic size survives into generated code: the batch. A tensor has at most one dimension that depends on it,
// written `?`: `tensor<?x784xf32>` has `batch` rows, and `tensor<?x64xf32, #graph.batch<128>>` has 128 * batch rows
// (a batch of 128-token sequences, flattened). Every other dimension is static.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include <cstdint>

namespace glyptic::graph {

/// More elements than any machine holds.
inline constexpr int64_t kMaxElements = int64_t(1) << 48;

/// A size: `scale`, times the batch if `batched`.
struct Dim {
  int64_t scale = 0;
  bool batched = false;

  int64_t at(int64_t batch) const { return batched ? scale * batch : scale; }
  bool operator==(const Dim &o) const { return scale == o.scale && batched == o.batched; }
  bool operator!=(const Dim &o) const { return !(*this == o); }
  bool isOne() const { return scale == 1 && !batched; }
};

/// The sizes of `type`'s dimensions.
llvm::SmallVector<Dim> getDims(mlir::RankedTensorType type);
Dim getDim(mlir::RankedTensorType type, unsigned index);

/// The type with these dimensions. At most one may be batched; the encoding is present only where the scale is not 1.
mlir::RankedTensorType getTensorType(llvm::ArrayRef<Dim> dims, mlir::Type elementType);

/// Number of elements: the product of the dimensions.
Dim getNumElements(mlir::RankedTensorType type);

/// Whether a tensor of these dimensions can exist: none is negative, and one sample has so few elements that counts of
/// bytes and operations stay far from overflow. Sizes that a user gives are checked so before a type is made of them.
bool isCountable(llvm::ArrayRef<Dim> dims);

/// Index of the batched dimension, or -1.
int64_t getBatchedDim(mlir::RankedTensorType type);

/// The concrete shape for a batch.
llvm::SmallVector<int64_t> getShapeAt(mlir::RankedTensorType type, int64_t batch);

} // namespace glyptic::graph
