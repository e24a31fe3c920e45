//===- ContractionLayout.cpp - Contractions over permuted dimensions -*- C++ -*-===//
#include "dialects/Graph/GraphDialect.h"

using namespace mlir;
using namespace glyptic::graph;

/// A library reads operands through strides, so a transposed operand is one with other dimension numbers. Only the
/// order of the free dimensions is fixed: they appear in the result.
bool DotGeneralOp::absorbOperandPermutation(unsigned index, ArrayRef<int64_t> permutation, Value source) {
  const bool isLhs = index == 0;
  ArrayRef<int64_t> batch = isLhs ? getLhsBatch() : getRhsBatch();
  ArrayRef<int64_t> contracting = isLhs ? getLhsContracting() : getRhsContracting();
  int64_t last = -1;
  for (auto [dim, sourceDim] : llvm::enumerate(permutation)) {
    if (llvm::is_contained(batch, dim) || llvm::is_contained(contracting, dim))
      continue;
    if (sourceDim < last)
      return false;
    last = sourceDim;
  }
  auto map = [&](ArrayRef<int64_t> dims) {
    return llvm::map_to_vector(dims, [&](int64_t dim) { return permutation[dim]; });
  };
  if (isLhs) {
    setLhsBatch(map(batch));
    setLhsContracting(map(contracting));
  } else {
    setRhsBatch(map(batch));
    setRhsContracting(map(contracting));
  }
  getOperation()->setOperand(index, source);
  return true;
}

/// A result in another order is another product; a transpose after it is cheaper than strided writes.
FailureOr<Value> DotGeneralOp::buildPermuted(OpBuilder &, ArrayRef<int64_t>) { return failure(); }

/// The order of batch dimensions is free, and lhs and rhs may change places: so a weight gradient is computed in the
/// order of the weight.
FailureOr<Value> DotGeneralOp::absorbResultPermutation(OpBuilder &builder, ArrayRef<int64_t> permutation) {
  const int64_t batches = getLhsBatch().size(), rank = permutation.size();
  const int64_t lhsFree = getLhs().getType().getRank() - batches - getLhsContracting().size();
  SmallVector<int64_t> swapped = llvm::to_vector(llvm::seq(batches + lhsFree, rank));
  llvm::append_range(swapped, llvm::seq(batches, batches + lhsFree));
  ArrayRef<int64_t> free = permutation.drop_front(batches);
  const bool isSwapped = free.equals(swapped);
  if (!isSwapped && !llvm::equal(free, llvm::seq(batches, rank)))
    return failure();
  auto reorder = [&](ArrayRef<int64_t> dims) {
    return llvm::map_to_vector(permutation.take_front(batches), [&](int64_t dim) { return dims[dim]; });
  };
  auto permuted = DotGeneralOp::create(builder, getLoc(), getLhs(), getRhs(), reorder(getLhsBatch()),
                                       reorder(getRhsBatch()), getLhsContracting(), getRhsContracting());
  if (isSwapped)
    permuted = DotGeneralOp::create(builder, getLoc(), getRhs(), getLhs(), reorder(getRhsBatch()),
                                    reorder(getLhsBatch()), getRhsContracting(), getLhsContracting());
  return permuted.getResult();
}
