//===- Windows.cpp - How windows slide over a tensor ------------*- C++ -*-===//
#include "dialects/Graph/Ops/Convolution/Windows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <limits>

using namespace mlir;

namespace glyptic::graph {

LogicalResult verifyWindow(std::optional<Location> loc, StringRef op, const WindowDim &window, int64_t dim) {
  // Larger numbers make no sense either, and their products would overflow.
  constexpr int64_t limit = std::numeric_limits<int32_t>::max();
  auto isCount = [](int64_t number) { return number >= 1 && number <= limit; };
  if (!isCount(window.window) || !isCount(window.stride) || !isCount(window.dilation))
    return emitOptionalError(loc, op, ": window ", window.window, ", stride ", window.stride, " and dilation ",
                             window.dilation, " of dimension ", dim, " must lie between 1 and ", limit);
  if (window.padLow < 0 || window.padHigh < 0)
    return emitOptionalError(loc, op, ": padding (", window.padLow, ", ", window.padHigh, ") of dimension ", dim,
                             " is negative; slice the input instead");
  if (window.padLow > limit || window.padHigh > limit)
    return emitOptionalError(loc, op, ": padding (", window.padLow, ", ", window.padHigh, ") of dimension ", dim,
                             " is more than ", limit);
  if (window.size + window.padLow + window.padHigh < window.getExtent())
    return emitOptionalError(loc, op, ": a window of extent ", window.getExtent(), " does not fit into dimension ", dim,
                             " of size ", window.size, " with padding (", window.padLow, ", ", window.padHigh, ")");
  return success();
}

namespace {
/// Index arithmetic that folds what is known (x * 1, x + 0), so that plain windows give plain bodies.
struct IndexMath {
  OpBuilder &b;
  Location loc;

  Value constant(int64_t value) const { return arith::ConstantIndexOp::create(b, loc, value); }
  Value mul(Value x, int64_t y) const { return b.createOrFold<arith::MulIOp>(loc, x, constant(y)); }
  Value add(Value x, Value y) const { return b.createOrFold<arith::AddIOp>(loc, x, y); }
  Value sub(Value x, Value y) const { return b.createOrFold<arith::SubIOp>(loc, x, y); }
  /// 0 <= x < size in one comparison: negative numbers are huge unsigned ones.
  Value isBelow(Value x, int64_t size) const {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, x, constant(size));
  }
};
} // namespace

GuardedIndex buildInputPosition(OpBuilder &builder, Location loc, const WindowDim &window, Value o, Value k) {
  if (window.isTrivial())
    return {o, {}};
  IndexMath math{builder, loc};
  Value tap = math.add(math.mul(o, window.stride), math.mul(k, window.dilation));
  Value position = math.sub(tap, math.constant(window.padLow));
  return {position, window.isPadded() ? math.isBelow(position, window.size) : Value()};
}

GuardedIndex buildWindowPosition(OpBuilder &builder, Location loc, const WindowDim &window, Value i, Value k) {
  if (window.isTrivial())
    return {i, {}};
  IndexMath math{builder, loc};
  Value distance = math.sub(math.add(i, math.constant(window.padLow)), math.mul(k, window.dilation));
  if (window.stride == 1)
    return {distance, math.isBelow(distance, window.getCount())};
  Value stride = math.constant(window.stride);
  Value rest = arith::RemSIOp::create(builder, loc, distance, stride);
  Value isOnTap = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, rest, math.constant(0));
  // Division truncates towards zero, but where that differs from the floor there is a rest.
  Value o = arith::DivSIOp::create(builder, loc, distance, stride);
  return {o, arith::AndIOp::create(builder, loc, isOnTap, math.isBelow(o, window.getCount()))};
}

Value buildTapCount(OpBuilder &builder, Location loc, const WindowDim &window, Value o) {
  IndexMath math{builder, loc};
  if (!window.isPadded())
    return math.constant(window.window);
  // Taps k with 0 <= base + k * dilation < size.
  Value base = math.sub(math.mul(o, window.stride), math.constant(window.padLow));
  Value dilation = math.constant(window.dilation), zero = math.constant(0);
  Value first = arith::CeilDivSIOp::create(builder, loc, math.sub(zero, base), dilation);
  first = arith::MaxSIOp::create(builder, loc, first, zero);
  Value end = arith::CeilDivSIOp::create(builder, loc, math.sub(math.constant(window.size), base), dilation);
  end = arith::MinSIOp::create(builder, loc, end, math.constant(window.window));
  return math.sub(end, first);
}

Value buildIsInside(OpBuilder &builder, Location loc, ArrayRef<GuardedIndex> indices) {
  Value all;
  for (const GuardedIndex &index : indices)
    if (index.isInside)
      all = all ? arith::AndIOp::create(builder, loc, all, index.isInside).getResult() : index.isInside;
  return all;
}

Value buildRead(OpBuilder &builder, Location loc, Value tensor, ArrayRef<GuardedIndex> indices, Value otherwise) {
  SmallVector<Value> safe;
  for (const GuardedIndex &index : indices)
    safe.push_back(index.isInside ? arith::SelectOp::create(builder, loc, index.isInside, index.index,
                                                            arith::ConstantIndexOp::create(builder, loc, 0))
                                        .getResult()
                                  : index.index);
  Value element = tensor::ExtractOp::create(builder, loc, tensor, safe);
  Value isInside = buildIsInside(builder, loc, indices);
  return isInside ? arith::SelectOp::create(builder, loc, isInside, element, otherwise).getResult() : element;
}

} // namespace glyptic::graph
