//===- ShapeGradients.cpp - Derivatives of ops that move values -*- C++ -*-===//
//
// Moving elements is linear: the gradient moves them back, and adds up where an element was repeated.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/Permutation.h"

using namespace mlir;
using namespace glyptic::graph;

/// The gradient of an op's only operand: what `build` makes of the result's gradient, if there is one and it is wanted.
template <typename Fn>
static FailureOr<SmallVector<Value>> gradientOf(ValueRange resultGradients, const llvm::BitVector &wanted, Fn build) {
  if (!resultGradients[0] || !wanted[0])
    return SmallVector<Value>(wanted.size());
  return SmallVector<Value>{build(resultGradients[0])};
}

FailureOr<SmallVector<Value>> BroadcastOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                          const llvm::BitVector &wanted) {
  return gradientOf(resultGradients, wanted, [&](Value g) {
    SmallVector<int64_t> repeated;
    for (int64_t dim : llvm::seq<int64_t>(0, getType().getRank())) {
      const int64_t *from = llvm::find(getDims(), dim);
      bool isNew = from == getDims().end();
      if (isNew || getDim(getInput().getType(), from - getDims().begin()) != getDim(getType(), dim))
        repeated.push_back(dim);
    }
    // The sum drops stretched dimensions of size 1, which the operand has.
    return reshapeTo(builder, getLoc(), reduceSum(builder, getLoc(), g, repeated), getInput().getType());
  });
}

FailureOr<SmallVector<Value>> ReshapeOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                        const llvm::BitVector &wanted) {
  return gradientOf(resultGradients, wanted,
                    [&](Value g) { return reshapeTo(builder, getLoc(), g, getInput().getType()); });
}

FailureOr<SmallVector<Value>> TransposeOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                          const llvm::BitVector &wanted) {
  return gradientOf(resultGradients, wanted, [&](Value g) {
    return transpose(builder, getLoc(), g, invertPermutation(getPermutation()));
  });
}

/// Elements that the slice left out get zeros: before, after, and between those it took.
FailureOr<SmallVector<Value>> SliceOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                      const llvm::BitVector &wanted) {
  return gradientOf(resultGradients, wanted, [&](Value g) -> Value {
    RankedTensorType from = getInput().getType(), to = getType();
    SmallVector<int64_t> high, interior;
    for (int64_t i : llvm::seq<int64_t>(0, to.getRank())) {
      int64_t taken = getDim(to, i).scale, stride = getStrides()[i];
      int64_t covered = to.isDynamicDim(i) ? taken : getStarts()[i] + (taken == 0 ? 0 : (taken - 1) * stride + 1);
      high.push_back(getDim(from, i).scale - covered);
      interior.push_back(stride - 1);
    }
    Value zero = scalarConstant(builder, getLoc(), to.getElementType(), 0);
    return PadOp::create(builder, getLoc(), g, zero, getStarts(), high, interior);
  });
}

FailureOr<SmallVector<Value>> PadOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                    const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(2);
  Value g = resultGradients[0];
  if (!g)
    return gradients;
  RankedTensorType type = getInput().getType();
  Value zero = scalarConstant(builder, getLoc(), type.getElementType(), 0);
  if (wanted[0]) {
    // Cropped elements had no influence: put zeros in their places, then take the input's elements out.
    SmallVector<int64_t> low, high, starts, strides, none(type.getRank(), 0);
    for (auto [l, h, interior] : llvm::zip(getLow(), getHigh(), getInterior())) {
      low.push_back(std::max<int64_t>(-l, 0));
      high.push_back(std::max<int64_t>(-h, 0));
      starts.push_back(std::max<int64_t>(l, 0));
      strides.push_back(interior + 1);
    }
    Value whole = PadOp::create(builder, getLoc(), g, zero, low, high, none);
    gradients[0] = SliceOp::create(builder, getLoc(), type, whole, starts, strides);
  }
  if (wanted[1]) {
    // The value's gradient is the sum over the places that hold it. A mask finds them; summing everything and
    // subtracting the input's part would cancel.
    auto boolType = cast<RankedTensorType>(type.clone(builder.getI1Type()));
    Value isPadding = PadOp::create(builder, getLoc(), splat(builder, getLoc(), boolType, 0),
                                    scalarConstant(builder, getLoc(), builder.getI1Type(), 1), getLow(), getHigh(),
                                    getInterior());
    Value padding = select(Expr(builder, getLoc(), isPadding), Expr(builder, getLoc(), g), 0);
    gradients[1] = reduceSum(builder, getLoc(), padding, llvm::to_vector(llvm::seq<int64_t>(0, type.getRank())));
  }
  return gradients;
}

FailureOr<SmallVector<Value>> ConcatOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                       const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(getInputs().size());
  SmallVector<int64_t> starts(getType().getRank(), 0), strides(getType().getRank(), 1);
  for (auto [i, input] : llvm::enumerate(getInputs())) {
    auto type = cast<RankedTensorType>(input.getType());
    if (resultGradients[0] && wanted[i])
      gradients[i] = SliceOp::create(builder, getLoc(), type, resultGradients[0], starts, strides);
    starts[getDim()] += type.getDimSize(getDim());
  }
  return gradients;
}

FailureOr<SmallVector<Value>> ReverseOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                        const llvm::BitVector &wanted) {
  return gradientOf(resultGradients, wanted, [&](Value g) -> Value {
    return ReverseOp::create(builder, getLoc(), getType(), g, getDims());
  });
}
