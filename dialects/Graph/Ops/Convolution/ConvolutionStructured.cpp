//===- ConvolutionStructured.cpp - Convolution as linalg --------*- C++ -*-===//
//
// Padding and groups have no affine map, so the tensor under the windows is read in the body, guarded. This form is for
// targets and types that no library serves; the libraries' kernels are far faster.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Ops/Contraction/Accumulation.h"
#include "dialects/Graph/Ops/Convolution/ConvGeometry.h"
#include "dialects/Graph/Ops/Elementwise/Scalar.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace glyptic::graph;

using Structured = FailureOr<SmallVector<Value>>;

/// A map of `numLoops` loops whose result `numbers[i]` is `exprs[i]`.
static AffineMap getMap(unsigned numLoops, ArrayRef<int64_t> numbers, ArrayRef<AffineExpr> exprs,
                        MLIRContext *context) {
  SmallVector<AffineExpr> results(numbers.size());
  for (auto [number, expr] : llvm::zip(numbers, exprs))
    results[number] = expr;
  return AffineMap::get(numLoops, 0, results, context);
}

static Value divide(OpBuilder &b, Location loc, Value x, int64_t y) {
  return b.createOrFold<arith::DivUIOp>(loc, x, arith::ConstantIndexOp::create(b, loc, y));
}
static Value multiply(OpBuilder &b, Location loc, Value x, int64_t y) {
  return b.createOrFold<arith::MulIOp>(loc, x, arith::ConstantIndexOp::create(b, loc, y));
}

/// The product of two elements in the type of the sum.
static Value buildProduct(OpBuilder &b, Location loc, Value x, Value y, Type type) {
  return (Scalar(b, loc, convertScalar(b, loc, x, type)) * Scalar(b, loc, convertScalar(b, loc, y, type))).getValue();
}

/// The convolution (a sum over features and taps) and its weight gradient (a sum over batch and windows) share their
/// loops (n, f, o..., c, k...) and read the input under the windows; `operand` is the other factor.
template <typename OpTy>
static Value buildOverInput(OpBuilder &builder, OpTy op, Value input, Value operand, bool isWeightGradient) {
  ConvGeometry geometry = ConvGeometry::get(op);
  ConvTypes types = getConvTypes(op);
  const unsigned space = geometry.getSpatialRank(), numLoops = 2 * space + 3;
  SmallVector<AffineExpr> outputLoops, weightLoops = {builder.getAffineDimExpr(1)};
  for (unsigned i = 0; i < space + 2; ++i)
    outputLoops.push_back(builder.getAffineDimExpr(i));
  for (unsigned i = space + 2; i < numLoops; ++i)
    weightLoops.push_back(builder.getAffineDimExpr(i));
  AffineMap outputMap = getMap(numLoops, geometry.dims.getOutput(), outputLoops, builder.getContext());
  AffineMap weightMap = getMap(numLoops, geometry.dims.getWeight(), weightLoops, builder.getContext());

  const int64_t filters = types.weight.getDimSize(geometry.dims.getWeight()[0]) / geometry.groups;
  const int64_t channels = types.weight.getDimSize(geometry.dims.getWeight()[1]);
  Type sumType = getAccumulateType(types.input.getElementType());
  auto body = [&](OpBuilder &b, Location loc, ValueRange x) {
    auto loop = [&](unsigned i) -> Value { return linalg::IndexOp::create(b, loc, i); };
    SmallVector<GuardedIndex> indices(space + 2);
    Value feature = loop(space + 2);
    if (geometry.groups > 1)
      feature = arith::AddIOp::create(b, loc, multiply(b, loc, divide(b, loc, loop(1), filters), channels), feature);
    indices[geometry.dims.getInput()[0]] = {loop(0), {}};
    indices[geometry.dims.getInput()[1]] = {feature, {}};
    for (unsigned i = 0; i < space; ++i)
      indices[geometry.dims.getInput()[i + 2]] =
          buildInputPosition(b, loc, geometry.getWindow(types.input.getShape(), types.weight.getShape(), i),
                             loop(i + 2), loop(space + 3 + i));
    Value element = buildRead(b, loc, input, indices, scalarNumber(b, loc, types.input.getElementType(), 0));
    return buildProduct(b, loc, element, x[0], sumType);
  };
  SmallVector<AffineMap> maps = {weightMap, outputMap};
  if (isWeightGradient)
    std::swap(maps[0], maps[1]);
  return buildSum(builder, op.getLoc(), op.getType(), sumType, operand, maps, body);
}

Structured ConvOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  return SmallVector<Value>{buildOverInput(builder, *this, operands[0], operands[1], /*isWeightGradient=*/false)};
}
Structured ConvWeightGradOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  return SmallVector<Value>{buildOverInput(builder, *this, operands[0], operands[1], /*isWeightGradient=*/true)};
}

/// Each input element sums over the windows that cover it: loops (n, feature, i..., f, k...). A scatter from the
/// windows would write one element from many iterations, which no parallel loop may.
Structured ConvInputGradOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  ConvGeometry geometry = ConvGeometry::get(*this);
  ConvTypes types = getConvTypes(*this);
  const unsigned space = geometry.getSpatialRank(), numLoops = 2 * space + 3;
  const int64_t filters = types.weight.getDimSize(geometry.dims.getWeight()[0]) / geometry.groups;
  const int64_t channels = types.weight.getDimSize(geometry.dims.getWeight()[1]);

  SmallVector<AffineExpr> inputLoops, sumLoops;
  SmallVector<int64_t> sumShape = {filters};
  for (unsigned i = 0; i < space + 2; ++i)
    inputLoops.push_back(builder.getAffineDimExpr(i));
  for (unsigned i = space + 2; i < numLoops; ++i)
    sumLoops.push_back(builder.getAffineDimExpr(i));
  for (int64_t dim : geometry.dims.getWeight().drop_front(2))
    sumShape.push_back(types.weight.getDimSize(dim));

  Type elementType = getType().getElementType(), sumType = getAccumulateType(elementType);
  auto body = [&](OpBuilder &b, Location loc, ValueRange) {
    auto loop = [&](unsigned i) -> Value { return linalg::IndexOp::create(b, loc, i); };
    Value group = divide(b, loc, loop(1), channels);
    Value channel = arith::SubIOp::create(b, loc, loop(1), multiply(b, loc, group, channels));
    Value filter = arith::AddIOp::create(b, loc, multiply(b, loc, group, filters), loop(space + 2));
    SmallVector<GuardedIndex> windows(space + 2);
    SmallVector<Value> weight(space + 2);
    windows[geometry.dims.getOutput()[0]] = {loop(0), {}};
    windows[geometry.dims.getOutput()[1]] = {filter, {}};
    weight[geometry.dims.getWeight()[0]] = filter;
    weight[geometry.dims.getWeight()[1]] = channel;
    for (unsigned i = 0; i < space; ++i) {
      WindowDim window = geometry.getWindow(types.input.getShape(), types.weight.getShape(), i);
      Value tap = weight[geometry.dims.getWeight()[i + 2]] = loop(space + 3 + i);
      windows[geometry.dims.getOutput()[i + 2]] = buildWindowPosition(b, loc, window, loop(i + 2), tap);
    }
    Value gradient = buildRead(b, loc, operands[0], windows, scalarNumber(b, loc, elementType, 0));
    return buildProduct(b, loc, gradient, tensor::ExtractOp::create(b, loc, operands[1], weight), sumType);
  };
  // Nothing reads this operand: it says how far the loops of the sum run.
  Value extents = emptyTensor(builder, getLoc(), RankedTensorType::get(sumShape, elementType));
  SmallVector<AffineMap> maps = {AffineMap::get(numLoops, 0, sumLoops, builder.getContext()),
                                 getMap(numLoops, geometry.dims.getInput(), inputLoops, builder.getContext())};
  return SmallVector<Value>{buildSum(builder, getLoc(), getType(), sumType, extents, maps, body)};
}
