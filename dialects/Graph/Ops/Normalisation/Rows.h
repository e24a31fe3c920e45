//===- Rows.h - Statistics over some dimensions of a tensor -----*- C++ -*-===//
//
// A row is the set of elements that differ only in the normalised dimensions, wherever those are.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/HostTensor.h"

namespace glyptic::graph {

/// Dimensions increase and exist, and none of them is the batch: samples do not depend on each other.
mlir::LogicalResult verifyRowDims(mlir::Operation *op, mlir::RankedTensorType type, llvm::ArrayRef<int64_t> dims);

/// The sum of each row, repeated along it.
mlir::Value rowSum(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, llvm::ArrayRef<int64_t> dims);
/// `value` less each row's maximum.
mlir::Value shiftByMax(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, llvm::ArrayRef<int64_t> dims);

/// The positions of each row's elements in a tensor of this shape.
std::vector<llvm::SmallVector<int64_t>> getRows(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> dims);

/// Runs body(input, row, result) for each row that is not empty, in the interpreter's precision.
template <typename Body>
mlir::LogicalResult onRows(const HostTensor &input, HostTensor &result, llvm::ArrayRef<int64_t> dims, Body body) {
  for (llvm::ArrayRef<int64_t> row : getRows(input.getShape(), dims)) {
    if (row.empty())
      continue;
    input.withFloat([&](auto zero) {
      using T = decltype(zero);
      body(input.get<T>(), row, result.get<T>());
    });
  }
  return mlir::success();
}

} // namespace glyptic::graph
