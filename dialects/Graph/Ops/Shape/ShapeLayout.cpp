//===- ShapeLayout.cpp - Shape ops over permuted dimensions -----*- C++ -*-===//
#include "dialects/Graph/GraphDialect.h"

using namespace mlir;
using namespace glyptic::graph;

FailureOr<Value> BroadcastOp::buildPermuted(OpBuilder &builder, ArrayRef<int64_t> permutation) {
  // Operand dimension i lands on result dimension inverse[dims[i]], and these must increase: the operand follows.
  SmallVector<int64_t> inverse = invertPermutation(permutation);
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, getDims().size()));
  llvm::sort(order, [&](int64_t a, int64_t b) { return inverse[getDims()[a]] < inverse[getDims()[b]]; });
  Value input = transpose(builder, getLoc(), getInput(), order);
  SmallVector<int64_t> dims = llvm::map_to_vector(order, [&](int64_t i) { return inverse[getDims()[i]]; });
  RankedTensorType type = permuteType(cast<RankedTensorType>(getType()), permutation);
  return Value(BroadcastOp::create(builder, getLoc(), type, input, dims));
}
