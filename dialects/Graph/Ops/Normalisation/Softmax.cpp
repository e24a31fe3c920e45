//===- Softmax.cpp - Softmax and its logarithm ------------------*- C++ -*-===//
//
// Both shift by the row's maximum, so that no exponential overflows and the sum is at least 1. A row that holds +inf or
// NaN, or is -inf throughout (a fully masked one), gives NaN, as in ONNX and PyTorch: such a row has no distribution.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/Ops/Normalisation/Rows.h"

using namespace mlir;
using namespace glyptic::graph;

LogicalResult SoftmaxOp::verify() { return verifyRowDims(*this, getType(), getDims()); }
LogicalResult LogSoftmaxOp::verify() { return verifyRowDims(*this, getType(), getDims()); }

PrecisionClass SoftmaxOp::getPrecisionClass() { return PrecisionClass::Statistics; }
PrecisionClass LogSoftmaxOp::getPrecisionClass() { return PrecisionClass::Statistics; }

//===----------------------------------------------------------------------===//
// Meaning
//===----------------------------------------------------------------------===//

template <typename T> static T getMax(ArrayRef<T> input, ArrayRef<int64_t> row) {
  T largest = input[row.front()];
  for (int64_t i : row)
    if (input[i] > largest || std::isnan(input[i]))
      largest = input[i];
  return largest;
}

/// e^(x - max) in `result`, and their sum.
template <typename T>
static T evaluateExponentials(ArrayRef<T> input, ArrayRef<int64_t> row, T max, MutableArrayRef<T> result) {
  T sum = 0;
  for (int64_t i : row)
    sum += result[i] = std::exp(input[i] - max);
  return sum;
}

LogicalResult SoftmaxOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  return onRows(*operands[0], results[0], getDims(), [](auto input, ArrayRef<int64_t> row, auto result) {
    auto sum = evaluateExponentials(input, row, getMax(input, row), result);
    for (int64_t i : row)
      result[i] /= sum;
  });
}

LogicalResult LogSoftmaxOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  return onRows(*operands[0], results[0], getDims(), [](auto input, ArrayRef<int64_t> row, auto result) {
    auto max = getMax(input, row);
    auto logSum = std::log(evaluateExponentials(input, row, max, result));
    for (int64_t i : row)
      result[i] = input[i] - max - logSum;
  });
}

//===----------------------------------------------------------------------===//
// Derivative
//===----------------------------------------------------------------------===//

/// With y = softmax(x):  dx = y * (dy - sum(dy * y)). Whoever replaces the NaN of a fully masked row by a number asks
/// for no gradient there, and would get 0 * NaN: such a row has none. Of a NaN that is not replaced, dy holds NaN, too.
FailureOr<SmallVector<Value>> SoftmaxOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                        const llvm::BitVector &wanted) {
  if (!resultGradients[0] || !wanted[0])
    return SmallVector<Value>{Value()};
  Expr y(builder, getLoc(), getResult()), dy(builder, getLoc(), resultGradients[0]);
  y = select(equal(y, y), y, 0);
  Expr projection(builder, getLoc(), rowSum(builder, getLoc(), dy * y, getDims()));
  return SmallVector<Value>{y * (dy - projection)};
}

/// With y = log(softmax(x)):  dx = dy - e^y * sum(dy).
FailureOr<SmallVector<Value>> LogSoftmaxOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                           const llvm::BitVector &wanted) {
  if (!resultGradients[0] || !wanted[0])
    return SmallVector<Value>{Value()};
  Expr y(builder, getLoc(), getResult()), dy(builder, getLoc(), resultGradients[0]);
  Expr sum(builder, getLoc(), rowSum(builder, getLoc(), dy, getDims()));
  return SmallVector<Value>{dy - exp(y) * sum};
}

//===----------------------------------------------------------------------===//
// Decomposition
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> SoftmaxOp::decompose(OpBuilder &builder) {
  Location loc = getLoc();
  Expr e = exp(Expr(builder, loc, shiftByMax(builder, loc, getInput(), getDims())));
  // One division for each row; its elements are multiplied.
  Expr share = 1 / Expr(builder, loc, reduceSum(builder, loc, e, getDims()));
  return SmallVector<Value>{e * Expr(builder, loc, broadcastAlong(builder, loc, share, getType(), getDims()))};
}

FailureOr<SmallVector<Value>> LogSoftmaxOp::decompose(OpBuilder &builder) {
  Location loc = getLoc();
  Expr shifted(builder, loc, shiftByMax(builder, loc, getInput(), getDims()));
  // The logarithm is taken once for each row, before it is repeated.
  Expr sum(builder, loc, reduceSum(builder, loc, exp(shifted), getDims()));
  Value logSum = broadcastAlong(builder, loc, log(sum), getType(), getDims());
  return SmallVector<Value>{shifted - Expr(builder, loc, logSum)};
}
