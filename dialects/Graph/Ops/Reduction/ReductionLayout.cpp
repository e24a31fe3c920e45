//===- ReductionLayout.cpp - Reductions over permuted dimensions -*- C++ -*-===//
#include "dialects/Graph/GraphDialect.h"

using namespace mlir;
using namespace glyptic::graph;

/// The dimensions that stay, increasing.
static SmallVector<int64_t> getKeptDims(ArrayRef<int64_t> dims, int64_t rank) {
  return llvm::to_vector(llvm::make_filter_range(llvm::seq<int64_t>(0, rank),
                                                 [&](int64_t dim) { return !llvm::is_contained(dims, dim); }));
}

static SmallVector<int64_t> mapSorted(ArrayRef<int64_t> dims, ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> mapped = llvm::map_to_vector(dims, [&](int64_t dim) { return permutation[dim]; });
  llvm::sort(mapped);
  return mapped;
}

bool ReduceOp::absorbOperandPermutation(unsigned, ArrayRef<int64_t> permutation, Value source) {
  SmallVector<int64_t> kept = getKeptDims(getDims(), permutation.size());
  if (!llvm::is_sorted(llvm::map_range(kept, [&](int64_t dim) { return permutation[dim]; })))
    return false;
  setDims(mapSorted(getDims(), permutation));
  getInputMutable().assign(source);
  return true;
}

FailureOr<Value> ReduceOp::buildPermuted(OpBuilder &builder, ArrayRef<int64_t> permutation) {
  // Reduced dimensions stay where they are; kept ones change places among themselves.
  SmallVector<int64_t> kept = getKeptDims(getDims(), cast<RankedTensorType>(getInput().getType()).getRank());
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, kept.size() + getDims().size()));
  for (auto [i, dim] : llvm::enumerate(permutation))
    order[kept[i]] = kept[dim];
  Value input = transpose(builder, getLoc(), getInput(), order);
  return Value(ReduceOp::create(builder, getLoc(), getKindAttr(), input, getDimsAttr()));
}
