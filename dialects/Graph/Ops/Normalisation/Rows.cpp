//===- Rows.cpp - Statistics over some dimensions of a tensor ---*- C++ -*-===//
#include "dialects/Graph/Ops/Normalisation/Rows.h"
#include "dialects/Graph/Builders.h"

using namespace mlir;

namespace glyptic::graph {

LogicalResult verifyRowDims(Operation *op, RankedTensorType type, ArrayRef<int64_t> dims) {
  int64_t previous = -1;
  for (int64_t dim : dims) {
    if (dim <= previous || dim >= type.getRank())
      return op->emitOpError() << "dims [" << dims << "] must increase and exist in " << type;
    if (type.isDynamicDim(dim))
      return op->emitOpError() << "would mix samples: dimension " << dim << " of " << type << " is the batch";
    previous = dim;
  }
  return success();
}

Value rowSum(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> dims) {
  return broadcastAlong(builder, loc, reduceSum(builder, loc, value, dims), cast<RankedTensorType>(value.getType()),
                        dims);
}

Value shiftByMax(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> dims) {
  Value max = reduce(builder, loc, ReductionKind::Max, value, dims);
  Value repeated = broadcastAlong(builder, loc, max, cast<RankedTensorType>(value.getType()), dims);
  return SubOp::create(builder, loc, value, repeated);
}

std::vector<SmallVector<int64_t>> getRows(ArrayRef<int64_t> shape, ArrayRef<int64_t> dims) {
  // A walk in row-major order; an element's row is its position with the normalised dimensions left out.
  int64_t count = 1, size = llvm::product_of(shape);
  for (auto [dim, extent] : llvm::enumerate(shape))
    if (!llvm::is_contained(dims, dim))
      count *= extent;
  std::vector<SmallVector<int64_t>> rows(count);
  for (int64_t i = 0; i < size; ++i) {
    int64_t row = 0, inner = size;
    for (auto [dim, extent] : llvm::enumerate(shape)) {
      inner /= extent;
      if (!llvm::is_contained(dims, dim))
        row = row * extent + i / inner % extent;
    }
    rows[row].push_back(i);
  }
  return rows;
}

} // namespace glyptic::graph
