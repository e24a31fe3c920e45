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
