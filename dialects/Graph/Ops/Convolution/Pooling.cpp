//===- Pooling.cpp - Types, meaning, derivatives, library calls -*- C++ -*-===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/HostTensor.h"
#include "dialects/Graph/Ops/Convolution/PoolGeometry.h"
#include "support/glyph/Names.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include <limits>

using namespace mlir;
using namespace glyptic::graph;
namespace names = glyptic::names;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// Every window covers an element, or its maximum and its average would not exist.
static bool hasWindowInPadding(const WindowDim &window) {
  // Taps that are no further apart than the input is long cannot step over it: only windows at the ends can miss it.
  if (window.dilation <= window.size)
    return !window.coversInput(0) || !window.coversInput(window.getCount() - 1);
  return !llvm::all_of(llvm::seq<int64_t>(0, window.getCount()), [&](int64_t o) { return window.coversInput(o); });
}

FailureOr<RankedTensorType> PoolGeometry::inferOutput(std::optional<Location> loc, RankedTensorType input) const {
  for (ArrayRef<int64_t> values : {window, strides, padsLow, padsHigh, dilations})
    if (static_cast<int64_t>(values.size()) != input.getRank())
      return emitOptionalError(loc, "pool: window, strides, pads and dilations need one number for each of ",
                               input.getRank(), " dimensions, but one has ", values.size());
  SmallVector<Dim> output;
  for (auto [dim, window] : llvm::enumerate(getWindows(input.getShape()))) {
    Dim size = getDim(input, dim);
    if (size.batched && !window.isTrivial())
      return emitOptionalError(loc, "pool: windows cannot slide along the batch, dimension ", dim, " of ", input);
    if (!size.batched) {
      if (failed(verifyWindow(loc, "pool", window, dim)))
        return failure();
      if (hasWindowInPadding(window))
        return emitOptionalError(loc, "pool: a window along dimension ", dim, " of ", input,
                                 " lies entirely in padding; reduce the padding");
      size.scale = window.getCount();
    }
    output.push_back(size);
  }
  return getTensorType(output, input.getElementType());
}

LogicalResult PoolOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  FailureOr<RankedTensorType> output =
      PoolGeometry::get(adaptor).inferOutput(loc, cast<RankedTensorType>(adaptor.getInput().getType()));
  if (succeeded(output))
    types.push_back(*output);
  return output;
}

LogicalResult PoolGradOp::verify() {
  RankedTensorType input = getInput().getType();
  FailureOr<RankedTensorType> output = PoolGeometry::get(*this).inferOutput(getLoc(), input);
  if (failed(output))
    return failure();
  if (getGradient().getType() != *output)
    return emitOpError() << "pools " << input << " to " << *output << ", but its gradient is "
                         << getGradient().getType();
  if (getType() != input)
    return emitOpError() << "gives the gradient of " << input << ", not " << getType();
  return success();
}

PrecisionClass PoolOp::getPrecisionClass() { return PrecisionClass::Follow; }
PrecisionClass PoolGradOp::getPrecisionClass() { return PrecisionClass::Follow; }

//===----------------------------------------------------------------------===//
// Meaning
//===----------------------------------------------------------------------===//

/// Calls visit(y, elements) for every window, with its position in the output and those of its elements in the input,
/// padding left out, in row-major order.
template <typename Visit>
static void forEachWindow(const PoolGeometry &geometry, const HostTensor &input, const HostTensor &output,
                          Visit visit) {
  SmallVector<WindowDim> windows = geometry.getWindows(input.getShape());
  SmallVector<int64_t> outputStrides = output.getStrides(), inputStrides = input.getStrides();
  for (int64_t y = 0; y < output.getNumElements(); ++y) {
    SmallVector<int64_t> o = delinearize(y, outputStrides), elements = {0};
    for (auto [i, window] : llvm::enumerate(windows)) {
      SmallVector<int64_t> next;
      for (int64_t x : elements)
        for (int64_t k = 0; k < window.window; ++k)
          if (int64_t position = window.getPosition(o[i], k); window.isInside(position))
            next.push_back(x + position * inputStrides[i]);
      elements = std::move(next);
    }
    visit(y, elements);
  }
}

/// The first of the largest elements; NaN is larger than any number.
template <typename T> static int64_t getArgMax(ArrayRef<T> input, ArrayRef<int64_t> elements) {
  int64_t best = elements.front();
  for (int64_t x : elements.drop_front())
    if (input[x] > input[best] || (std::isnan(input[x]) && !std::isnan(input[best])))
      best = x;
  return best;
}

static int64_t getDivisor(const PoolGeometry &geometry, ArrayRef<int64_t> elements) {
  return geometry.kind == PoolKind::Average ? elements.size() : geometry.getWindowSize();
}

template <typename T>
static void evaluatePool(const PoolGeometry &geometry, const HostTensor &input, HostTensor &output) {
  ArrayRef<T> x = input.get<T>();
  MutableArrayRef<T> y = output.get<T>();
  forEachWindow(geometry, input, output, [&](int64_t o, ArrayRef<int64_t> elements) {
    if (geometry.kind == PoolKind::Max) {
      y[o] = x[getArgMax(x, elements)];
      return;
    }
    for (int64_t element : elements)
      y[o] += x[element];
    y[o] /= getDivisor(geometry, elements);
  });
}

template <typename T>
static void evaluateGradient(const PoolGeometry &geometry, const HostTensor &input, const HostTensor &gradient,
                             HostTensor &result) {
  ArrayRef<T> x = input.get<T>(), dy = gradient.get<T>();
  MutableArrayRef<T> dx = result.get<T>();
  forEachWindow(geometry, input, gradient, [&](int64_t o, ArrayRef<int64_t> elements) {
    if (geometry.kind == PoolKind::Max) {
      dx[getArgMax(x, elements)] += dy[o];
      return;
    }
    for (int64_t element : elements)
      dx[element] += dy[o] / getDivisor(geometry, elements);
  });
}

LogicalResult PoolOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  PoolGeometry geometry = PoolGeometry::get(*this);
  results[0].withFloat([&](auto zero) { evaluatePool<decltype(zero)>(geometry, *operands[0], results[0]); });
  return success();
}

LogicalResult PoolGradOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  PoolGeometry geometry = PoolGeometry::get(*this);
  results[0].withFloat([&](auto zero) {
    evaluateGradient<decltype(zero)>(geometry, *operands[0], *operands[1], results[0]);
  });
  return success();
}

//===----------------------------------------------------------------------===//
// Derivative
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> PoolOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                     const llvm::BitVector &wanted) {
  if (!resultGradients[0] || !wanted[0])
    return SmallVector<Value>{Value()};
  return SmallVector<Value>{PoolGradOp::create(builder, getLoc(), getInput().getType(), getInput(), resultGradients[0],
                                               getKindAttr(), getWindowAttr(), getStridesAttr(), getPadsLowAttr(),
                                               getPadsHighAttr(), getDilationsAttr())};
}

/// Tap by tap, each tap of all windows being a strided slice.
Value glyptic::graph::buildAtMaxima(OpBuilder &builder, Location loc, const PoolGeometry &geometry, Value input,
                                    Value values, RankedTensorType output) {
  auto getPadded = [&](Value tensor, double value) -> Value {
    Value outside = scalarConstant(builder, loc, getElementTypeOrSelf(tensor), value);
    SmallVector<int64_t> interior(output.getRank(), 0);
    return PadOp::create(builder, loc, tensor, outside, geometry.padsLow, geometry.padsHigh, interior);
  };
  input = getPadded(input, -std::numeric_limits<double>::infinity());
  values = getPadded(values, 0);
  Expr max, result;
  for (int64_t tap : llvm::seq<int64_t>(0, geometry.getWindowSize())) {
    SmallVector<int64_t> starts = delinearize(tap, computeStrides(geometry.window));
    for (auto [start, dilation] : llvm::zip(starts, geometry.dilations))
      start *= dilation;
    auto getSlice = [&](Value tensor) {
      Type type = output.clone(getElementTypeOrSelf(tensor));
      return Expr(builder, loc, SliceOp::create(builder, loc, type, tensor, starts, geometry.strides));
    };
    Expr element = getSlice(input), value = getSlice(values);
    // Strictly larger, so that the first of equal elements stays.
    Expr wins = tap == 0 ? Expr() : element > max;
    max = tap == 0 ? element : select(wins, element, max);
    result = tap == 0 ? value : select(wins, value, result);
  }
  return result;
}

/// The gradient does not change with the input, except where a maximum moves. It is linear in the output's gradient;
/// the transpose of an average is the average.
FailureOr<SmallVector<Value>> PoolGradOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                         const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(2);
  if (!resultGradients[0] || !wanted[1])
    return gradients;
  if (getKind() == PoolKind::Max) // the transpose of what puts gradients at the places of maxima
    gradients[1] = buildAtMaxima(builder, getLoc(), PoolGeometry::get(*this), getInput(), resultGradients[0],
                                 getGradient().getType());
  else
    gradients[1] = PoolOp::create(builder, getLoc(), resultGradients[0], getKindAttr(), getWindowAttr(),
                                  getStridesAttr(), getPadsLowAttr(), getPadsHighAttr(), getDilationsAttr());
  return gradients;
}

//===----------------------------------------------------------------------===//
// Library
//===----------------------------------------------------------------------===//

/// oneDNN pools one to three spatial dimensions of a tensor whose first dimension is the batch and whose features come
/// second or last. It has no FP64, and its half types need AVX-512.
static std::optional<LibraryCall> getPoolCall(const PoolGeometry &geometry, RankedTensorType input, StringRef routine) {
  SmallVector<WindowDim> windows = geometry.getWindows(input.getShape());
  if (!input.getElementType().isF32() || getNumElements(input).scale == 0 || windows.size() < 3 || windows.size() > 5 ||
      !windows[0].isTrivial() || (!windows[1].isTrivial() && !windows.back().isTrivial()))
    return std::nullopt;
  LibraryCall call;
  call.routine = routine.str();
  call.parameters = {
      {names::kKind, {static_cast<int64_t>(geometry.kind)}},   {names::kWindow, llvm::to_vector(geometry.window)},
      {names::kStrides, llvm::to_vector(geometry.strides)},    {names::kPadsLow, llvm::to_vector(geometry.padsLow)},
      {names::kPadsHigh, llvm::to_vector(geometry.padsHigh)}, {names::kDilations, llvm::to_vector(geometry.dilations)}};
  return call;
}

/// An operation for each element of each window.
static Dim getPoolFlops(const PoolGeometry &geometry, RankedTensorType output) {
  Dim flops = getNumElements(output);
  flops.scale *= geometry.getWindowSize();
  return flops;
}

std::optional<LibraryCall> PoolOp::getLibraryCall() {
  return getPoolCall(PoolGeometry::get(*this), getInput().getType(), names::kPool);
}
/// Where windows tile the input, each element of the gradient needs its own window only: a generated kernel does with
/// one pass over memory, together with what follows, while the library clears the result, finds the maxima again and
/// scatters.
std::optional<LibraryCall> PoolGradOp::getLibraryCall() {
  PoolGeometry geometry = PoolGeometry::get(*this);
  if (geometry.isTiling(getInput().getType().getShape()))
    return std::nullopt;
  return getPoolCall(geometry, getInput().getType(), names::kPoolGradient);
}
Dim PoolOp::getFlops() { return getPoolFlops(PoolGeometry::get(*this), getType()); }
Dim PoolGradOp::getFlops() { return getPoolFlops(PoolGeometry::get(*this), getGradient().getType()); }
