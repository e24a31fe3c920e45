//===- ConvolutionProducts.cpp - Convolutions as matrix products -*- C++ -*-===//
//
// For targets without a library of convolutions. The elements under each window are copied side by side, tap by tap
// (im2col), and all three convolutions are one product of matrices each:
//
//   windows [batch, space..., taps * C],  y = windows * w^T,  dw = dy^T * windows,  dx = sum over taps of dy * w
//
// with the weight [F, taps * C]. The copy takes memory, as many times the input's as a window has taps, and
// is not kept for the backward pass. A generated convolution needs none and, without tiles in registers or shared
// memory, is slower by far. Groups would be products as narrow as they are: those stay kernels.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/Ops/Convolution/ConvGeometry.h"
#include "dialects/Graph/Permutation.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace glyptic::graph;

namespace {

/// Builds in the canonical order of dimensions: batch, space, features of input and output; filters, space, features of
/// the weight. Layout has chosen it already, as a rule.
class Products {
public:
  template <typename Op>
  Products(OpBuilder &builder, Op op)
      : builder(builder), loc(op.getLoc()), geometry(ConvGeometry::get(op)), types(getConvTypes(op)) {
    for (int64_t i : llvm::seq(geometry.getSpatialRank()))
      windows.push_back(geometry.getWindow(types.input.getShape(), types.weight.getShape(), i));
    features = types.weight.getDimSize(geometry.dims.getWeight()[1]);
    for (const WindowDim &window : windows)
      taps *= window.window;
  }

  Value convolve(Value input, Value weight) {
    Value windows = splitTaps(copyWindows(toCanonical(input, geometry.dims.getInput())));
    SmallVector<int64_t> inWindow = range(last(), 2 * last()), inWeight = range(1, last() + 1);
    return fromCanonical(contract(windows, toCanonical(weight, geometry.dims.getWeight()), inWindow, inWeight),
                         geometry.dims.getOutput());
  }

  Value inputGradient(Value gradient, Value weight) {
    Value products = joinTaps(contract(toCanonical(gradient, geometry.dims.getOutput()),
                                       toCanonical(weight, geometry.dims.getWeight()), {last()}, {0}));
    Value sum;
    forEachTap([&](ArrayRef<int64_t> tap, int64_t number) {
      Value spread = spreadTap(products, tap, number);
      sum = sum ? AddOp::create(builder, loc, sum, spread).getResult() : spread;
    });
    return fromCanonical(sum, geometry.dims.getInput());
  }

  Value weightGradient(Value input, Value gradient) {
    Value windows = splitTaps(copyWindows(toCanonical(input, geometry.dims.getInput())));
    SmallVector<int64_t> rows = range(0, last());
    return fromCanonical(contract(toCanonical(gradient, geometry.dims.getOutput()), windows, rows, rows),
                         geometry.dims.getWeight());
  }

private:
  /// The features of input and output.
  int64_t last() const { return geometry.getSpatialRank() + 1; }

  static SmallVector<int64_t> range(int64_t begin, int64_t end) { return llvm::to_vector(llvm::seq(begin, end)); }

  /// Of {batch or filters, features, space...}, features come last.
  static SmallVector<int64_t> canonicalOrder(ArrayRef<int64_t> dims) {
    SmallVector<int64_t> order(dims);
    std::rotate(order.begin() + 1, order.begin() + 2, order.end());
    return order;
  }

  Value toCanonical(Value value, ArrayRef<int64_t> dims) {
    return transpose(builder, loc, value, canonicalOrder(dims));
  }
  Value fromCanonical(Value value, ArrayRef<int64_t> dims) {
    return transpose(builder, loc, value, invertPermutation(canonicalOrder(dims)));
  }

  /// [batch, space..., taps * C] with a dimension for each of the window's: a view of activations, so that weights and
  /// their gradients need none.
  Value splitTaps(Value windows) {
    SmallVector<Dim> dims = getDims(cast<RankedTensorType>(windows.getType()));
    dims.pop_back();
    for (const WindowDim &window : this->windows)
      dims.push_back({window.window, false});
    dims.push_back({features, false});
    return reshapeTo(builder, loc, windows, getTensorType(dims, types.input.getElementType()));
  }
  Value joinTaps(Value products) {
    SmallVector<Dim> dims = getDims(cast<RankedTensorType>(products.getType()));
    dims.truncate(last());
    dims.push_back({taps * features, false});
    return reshapeTo(builder, loc, products, getTensorType(dims, types.input.getElementType()));
  }

  Value contract(Value lhs, Value rhs, ArrayRef<int64_t> lhsContracting, ArrayRef<int64_t> rhsContracting) {
    return DotGeneralOp::create(builder, loc, lhs, rhs, {}, {}, lhsContracting, rhsContracting);
  }

  /// In the order of the weight's elements.
  void forEachTap(llvm::function_ref<void(ArrayRef<int64_t>, int64_t)> visit) {
    SmallVector<int64_t> sizes = llvm::map_to_vector(windows, [](const WindowDim &window) { return window.window; });
    for (int64_t number : llvm::seq(taps))
      visit(delinearize(number, computeStrides(sizes)), number);
  }

  Value pad(Value value, ArrayRef<int64_t> low, ArrayRef<int64_t> high, ArrayRef<int64_t> interior) {
    if (llvm::all_of(llvm::concat<const int64_t>(low, high, interior), [](int64_t amount) { return amount == 0; }))
      return value;
    auto array = [&](ArrayRef<int64_t> amounts) { return builder.getDenseI64ArrayAttr(amounts); };
    return PadOp::create(builder, loc, value, scalarConstant(builder, loc, getElementTypeOrSelf(value), 0), array(low),
                         array(high), array(interior));
  }

  /// What tap 0 of the windows reads lies at each window's stride, what the others read a few dilations further on.
  Value copyWindows(Value input) {
    const size_t rank = windows.size() + 2;
    SmallVector<int64_t> low(rank, 0), high(rank, 0), none(rank, 0), strides(rank, 1);
    SmallVector<Dim> dims = getDims(cast<RankedTensorType>(input.getType()));
    for (auto [i, window] : llvm::enumerate(windows)) {
      low[i + 1] = window.padLow;
      high[i + 1] = window.padHigh;
      strides[i + 1] = window.stride;
      if (!window.isTrivial())
        dims[i + 1] = {window.getCount(), false};
    }
    if (llvm::all_of(windows, [](const WindowDim &window) { return window.isTrivial(); }))
      return input;
    Value padded = pad(input, low, high, none);
    SmallVector<Value> copies;
    forEachTap([&](ArrayRef<int64_t> tap, int64_t) {
      SmallVector<int64_t> starts(rank, 0);
      for (auto [i, window] : llvm::enumerate(windows))
        starts[i + 1] = tap[i] * window.dilation;
      copies.push_back(SliceOp::create(builder, loc, getTensorType(dims, types.input.getElementType()), padded,
                                       builder.getDenseI64ArrayAttr(starts), builder.getDenseI64ArrayAttr(strides)));
    });
    return copies.size() == 1 ? copies[0] : ConcatOp::create(builder, loc, copies, last()).getResult();
  }

  /// The products of one tap, each where the tap lies on the input; zero elsewhere.
  Value spreadTap(Value products, ArrayRef<int64_t> tap, int64_t number) {
    const size_t rank = windows.size() + 2;
    SmallVector<int64_t> starts(rank, 0), ones(rank, 1), low(rank, 0), high(rank, 0), interior(rank, 0);
    SmallVector<Dim> dims = getDims(cast<RankedTensorType>(products.getType()));
    starts.back() = number * features;
    dims.back() = {features, false};
    for (auto [i, window] : llvm::enumerate(windows)) {
      if (window.isTrivial())
        continue;
      low[i + 1] = window.getPosition(0, tap[i]);
      high[i + 1] = window.size - 1 - window.getPosition(window.getCount() - 1, tap[i]);
      interior[i + 1] = window.stride - 1;
    }
    Value part = taps == 1 ? products
                           : SliceOp::create(builder, loc, getTensorType(dims, types.input.getElementType()), products,
                                             builder.getDenseI64ArrayAttr(starts), builder.getDenseI64ArrayAttr(ones))
                                 .getResult();
    return pad(part, low, high, interior);
  }

  OpBuilder &builder;
  Location loc;
  ConvGeometry geometry;
  ConvTypes types;
  SmallVector<WindowDim> windows;
  int64_t features, taps = 1;
};

} // namespace

FailureOr<Value> ConvOp::buildFallback(OpBuilder &builder) {
  if (getGroups() != 1)
    return failure();
  return Products(builder, *this).convolve(getInput(), getWeight());
}
FailureOr<Value> ConvInputGradOp::buildFallback(OpBuilder &builder) {
  if (getGroups() != 1)
    return failure();
  return Products(builder, *this).inputGradient(getGradient(), getWeight());
}
FailureOr<Value> ConvWeightGradOp::buildFallback(OpBuilder &builder) {
  if (getGroups() != 1)
    return failure();
  return Products(builder, *this).weightGradient(getInput(), getGradient());
}
