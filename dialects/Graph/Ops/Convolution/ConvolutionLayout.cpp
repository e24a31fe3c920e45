//===- ConvolutionLayout.cpp - Channels last --------------------*- C++ -*-===//
//
// Convolutions prefer batch, space, feature (NHWC) for images and output feature, space, input feature (OHWI) for
// weights: in oneDNN it costs nothing against its own blocked layouts, in cuDNN tensor cores want it, and generated
// kernels between convolutions find the channels contiguous.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/GraphDialect.h"

using namespace mlir;
using namespace glyptic::graph;

/// {first, feature, spatial...} -> the permutation to (first, spatial..., feature).
static SmallVector<int64_t> getFeatureLast(ArrayRef<int64_t> numbers) {
  SmallVector<int64_t> permutation = {numbers[0]};
  llvm::append_range(permutation, numbers.drop_front(2));
  permutation.push_back(numbers[1]);
  return permutation;
}

static ConvDimsAttr getFeatureLastDims(ConvDimsAttr dims) {
  SmallVector<int64_t> numbers = {0, static_cast<int64_t>(dims.getInput().size()) - 1};
  llvm::append_range(numbers, llvm::seq<int64_t>(1, numbers[1]));
  return ConvDimsAttr::get(dims.getContext(), numbers, numbers, numbers);
}

template <typename ConvOpTy>
static Value rebuild(ConvOpTy op, OpBuilder &builder, ValueRange operands, ArrayRef<int64_t> resultOrder) {
  RankedTensorType type = permuteType(cast<RankedTensorType>(op.getType()), resultOrder);
  return ConvOpTy::create(builder, op.getLoc(), type, operands[0], operands[1], getFeatureLastDims(op.getDims()),
                          op.getStridesAttr(), op.getPadsLowAttr(), op.getPadsHighAttr(), op.getDilationsAttr(),
                          op.getGroupsAttr());
}

SmallVector<int64_t> ConvOp::getPreferredPermutation(unsigned index) {
  return getFeatureLast(index == 0 ? getDims().getInput() : index == 1 ? getDims().getWeight() : getDims().getOutput());
}
Value ConvOp::buildPreferred(OpBuilder &builder, ValueRange operands) {
  return rebuild(*this, builder, operands, getPreferredPermutation(2));
}

SmallVector<int64_t> ConvInputGradOp::getPreferredPermutation(unsigned index) {
  return getFeatureLast(index == 0 ? getDims().getOutput() : index == 1 ? getDims().getWeight() : getDims().getInput());
}
Value ConvInputGradOp::buildPreferred(OpBuilder &builder, ValueRange operands) {
  return rebuild(*this, builder, operands, getPreferredPermutation(2));
}

SmallVector<int64_t> ConvWeightGradOp::getPreferredPermutation(unsigned index) {
  return getFeatureLast(index == 0 ? getDims().getInput() : index == 1 ? getDims().getOutput() : getDims().getWeight());
}
Value ConvWeightGradOp::buildPreferred(OpBuilder &builder, ValueRange operands) {
  return rebuild(*this, builder, operands, getPreferredPermutation(2));
}

/// Windows are given per dimension, so they permute with the tensor.
static DenseI64ArrayAttr permute(OpBuilder &builder, ArrayRef<int64_t> values, ArrayRef<int64_t> permutation) {
  return builder.getDenseI64ArrayAttr(llvm::map_to_vector(permutation, [&](int64_t dim) { return values[dim]; }));
}

template <typename PoolOpTy>
static Value permutePool(PoolOpTy op, OpBuilder &builder, ArrayRef<int64_t> permutation) {
  auto permuted = cast<PoolOpTy>(permuteElementwise(op, builder, permutation).getDefiningOp());
  permuted.setWindowAttr(permute(builder, op.getWindow(), permutation));
  permuted.setStridesAttr(permute(builder, op.getStrides(), permutation));
  permuted.setPadsLowAttr(permute(builder, op.getPadsLow(), permutation));
  permuted.setPadsHighAttr(permute(builder, op.getPadsHigh(), permutation));
  permuted.setDilationsAttr(permute(builder, op.getDilations(), permutation));
  return permuted;
}

FailureOr<Value> PoolOp::buildPermuted(OpBuilder &builder, ArrayRef<int64_t> permutation) {
  return permutePool(*this, builder, permutation);
}
FailureOr<Value> PoolGradOp::buildPermuted(OpBuilder &builder, ArrayRef<int64_t> permutation) {
  return permutePool(*this, builder, permutation);
}
