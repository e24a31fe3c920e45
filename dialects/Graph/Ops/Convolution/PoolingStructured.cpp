//===- PoolingStructured.cpp - Pooling as linalg ----------------*- C++ -*-===//
//
// Loops: one per dimension of the tensor that is written, then one per dimension of the window. The tensor under (or
// above) the windows is read in the body, guarded, because padding has no affine map.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Ops/Contraction/Accumulation.h"
#include "dialects/Graph/Ops/Convolution/PoolGeometry.h"
#include "dialects/Graph/Ops/Elementwise/Scalar.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include <limits>

using namespace mlir;
using namespace glyptic::graph;

using Structured = FailureOr<SmallVector<Value>>;

namespace {
class PoolBuilder {
public:
  PoolBuilder(OpBuilder &builder, Location loc, const PoolGeometry &geometry, RankedTensorType inputType,
              RankedTensorType outputType)
      : builder(builder), loc(loc), kind(geometry.kind), windowSize(geometry.getWindowSize()),
        windowShape(geometry.window), windows(geometry.getWindows(inputType.getShape())), inputType(inputType),
        outputType(outputType), elementType(inputType.getElementType()) {}

  Value buildMax(Value input) { return buildExtrema(input).getResult(0); }

  Value buildAverage(Value input) {
    Value sum = buildSum(builder, loc, outputType, getAccumulateType(elementType), buildExtents(), getMaps(),
                         [&](OpBuilder &b, Location l, ValueRange) {
                           return buildRead(b, l, input, getInputPosition(b, l), scalarNumber(b, l, elementType, 0));
                         });
    return buildPointwise(builder, loc, outputType, sum, [&](OpBuilder &b, Location l, ValueRange x) {
      return (Scalar(b, l, x[0]) / Scalar(b, l, buildDivisor(b, l, getLoops(b, l, 0)))).getValue();
    });
  }

  /// Every input element sums over the windows that cover it, and takes its part of their gradients.
  Value buildGradient(Value input, Value gradient) {
    Value positions = kind == PoolKind::Max ? buildExtrema(input).getResult(1) : Value();
    return buildSum(builder, loc, inputType, getAccumulateType(elementType), buildExtents(), getMaps(),
                    [&](OpBuilder &b, Location l, ValueRange) -> Value {
                      SmallVector<GuardedIndex> window = getWindowPosition(b, l);
                      Value zero = scalarNumber(b, l, elementType, 0);
                      Value part = buildRead(b, l, gradient, window, zero);
                      if (kind == PoolKind::Max) {
                        Value winner = buildRead(b, l, positions, window, scalarNumber(b, l, b.getI64Type(), -1));
                        Value wins = arith::CmpIOp::create(b, l, arith::CmpIPredicate::eq, winner, buildTap(b, l));
                        return arith::SelectOp::create(b, l, wins, part, zero);
                      }
                      // A window that does not exist has no divisor, so its quotient is dropped, too.
                      auto o = llvm::map_to_vector(window, [](const GuardedIndex &index) { return index.index; });
                      Scalar quotient = Scalar(b, l, part) / Scalar(b, l, buildDivisor(b, l, o));
                      Value inside = buildIsInside(b, l, window);
                      return inside ? select(Scalar(b, l, inside), quotient, Scalar(0)).getValue()
                                    : quotient.getValue();
                    });
  }

  /// The same where windows tile the input: every element asks the others of its window whether one of them wins.
  Value buildTilingGradient(Value input, Value gradient) {
    return buildParallel(builder, loc, inputType, {}, {}, [&](OpBuilder &b, Location l, ValueRange) -> Value {
      SmallVector<Value> position = getLoops(b, l, 0), window, first;
      for (auto [dim, index] : llvm::zip_equal(windows, position)) {
        Value stride = arith::ConstantIndexOp::create(b, l, dim.stride);
        window.push_back(b.createOrFold<arith::DivUIOp>(l, index, stride));
        first.push_back(b.createOrFold<arith::MulIOp>(l, window.back(), stride));
      }
      Scalar part(b, l, tensor::ExtractOp::create(b, l, gradient, window));
      if (kind != PoolKind::Max)
        return (part / Scalar(windowSize)).getValue();
      Scalar own(b, l, tensor::ExtractOp::create(b, l, input, position)), wins(1);
      for (int64_t tap = 0; tap < windowSize; ++tap) {
        SmallVector<int64_t> rival = delinearize(tap, computeStrides(windowShape));
        Scalar won = buildWinsAgainst(b, l, own, input, position, first, rival);
        wins = tap == 0 ? won : wins & won;
      }
      return select(wins, part, Scalar(0)).getValue();
    });
  }

private:
  /// Whether `own`, at `position`, is chosen rather than the element under `tap`: the larger, the first of equal ones;
  /// a NaN is larger than any number.
  Scalar buildWinsAgainst(OpBuilder &b, Location l, Scalar own, Value input, ArrayRef<Value> position,
                          ArrayRef<Value> first, ArrayRef<int64_t> tap) {
    SmallVector<Value> other;
    Value isBefore = arith::ConstantIntOp::create(b, l, 0, 1); // row-major: decided by the outermost that differs
    for (auto [start, k] : llvm::zip_equal(first, tap))
      other.push_back(b.createOrFold<arith::AddIOp>(l, start, arith::ConstantIndexOp::create(b, l, k)));
    for (size_t i = other.size(); i-- > 0;) {
      if (windows[i].isTrivial())
        continue;
      Value less = arith::CmpIOp::create(b, l, arith::CmpIPredicate::ult, other[i], position[i]);
      Value equal = arith::CmpIOp::create(b, l, arith::CmpIPredicate::eq, other[i], position[i]);
      isBefore = arith::OrIOp::create(b, l, less, arith::AndIOp::create(b, l, equal, isBefore));
    }
    Scalar rival(b, l, tensor::ExtractOp::create(b, l, input, other));
    auto unordered = [&](arith::CmpFPredicate predicate) {
      return Scalar(b, l, arith::CmpFOp::create(b, l, predicate, own.getValue(), rival.getValue()));
    };
    Scalar isNumber = compare(Comparison::EQ, rival, rival), isNaN = compare(Comparison::NE, own, own);
    Scalar larger = unordered(arith::CmpFPredicate::UGT) & isNumber;
    Scalar notSmaller = unordered(arith::CmpFPredicate::UGE) & (isNumber | isNaN);
    return select(Scalar(b, l, isBefore), larger, notSmaller);
  }

  /// For each window its largest element, and which tap it is: the first of several equal ones. Taps are counted in
  /// row-major order; -1 stands for none yet.
  linalg::GenericOp buildExtrema(Value input) {
    auto tapType = cast<RankedTensorType>(outputType.clone(builder.getI64Type()));
    double lowest = -std::numeric_limits<double>::infinity();
    SmallVector<Value> inits = {
        filledTensor(builder, loc, outputType, scalarNumber(builder, loc, elementType, lowest)),
        filledTensor(builder, loc, tapType, scalarNumber(builder, loc, builder.getI64Type(), -1))};
    SmallVector<AffineMap> maps = getMaps();
    maps.push_back(maps.back());
    return linalg::GenericOp::create(
        builder, loc, TypeRange{outputType, tapType}, buildExtents(), inits, maps, getIterators(maps.back()),
        [&](OpBuilder &b, Location l, ValueRange x) {
          SmallVector<GuardedIndex> position = getInputPosition(b, l);
          Value outside = scalarNumber(b, l, elementType, lowest);
          Scalar element(b, l, buildRead(b, l, input, position, outside)), best(b, l, x[1]), tap(b, l, x[2]);
          // A NaN beats every number; the first element inside the input beats "none yet", even if it is -infinity.
          Scalar isNaN = compare(Comparison::NE, element, element) & compare(Comparison::EQ, best, best);
          Scalar wins = (element > best) | isNaN | (tap < Scalar(0));
          if (Value inside = buildIsInside(b, l, position))
            wins = wins & Scalar(b, l, inside);
          linalg::YieldOp::create(
              b, l,
              {select(wins, element, best).getValue(), select(wins, Scalar(b, l, buildTap(b, l)), tap).getValue()});
        });
  }

  /// What a sum over a window is divided by, for the window at `o`.
  Value buildDivisor(OpBuilder &b, Location l, ArrayRef<Value> o) {
    if (kind == PoolKind::AverageWithPadding || llvm::none_of(windows, [](const WindowDim &w) { return w.isPadded(); }))
      return scalarNumber(b, l, elementType, windowSize);
    Value count = arith::ConstantIndexOp::create(b, l, 1);
    for (auto [window, position] : llvm::zip(windows, o))
      if (!window.isTrivial())
        count = b.createOrFold<arith::MulIOp>(l, count, buildTapCount(b, l, window, position));
    return convertScalar(b, l, count, elementType);
  }

  /// Nothing reads this operand: it says how far the loops over a window run.
  Value buildExtents() { return emptyTensor(builder, loc, RankedTensorType::get(windowShape, elementType)); }

  /// Of the extents and of the result.
  SmallVector<AffineMap> getMaps() {
    unsigned rank = windows.size();
    AffineMap all = builder.getMultiDimIdentityMap(2 * rank);
    return {all.getSliceMap(rank, rank), all.getSliceMap(0, rank)};
  }

  SmallVector<Value> getLoops(OpBuilder &b, Location l, unsigned first) {
    return llvm::map_to_vector(llvm::seq<unsigned>(first, first + windows.size()),
                               [&](unsigned i) -> Value { return linalg::IndexOp::create(b, l, i); });
  }

  /// The current tap's number in its window.
  Value buildTap(OpBuilder &b, Location l) {
    SmallVector<int64_t> strides = computeStrides(windowShape);
    Value tap = arith::ConstantIndexOp::create(b, l, 0);
    for (auto [loop, stride] : llvm::zip(getLoops(b, l, windows.size()), strides)) {
      Value part = b.createOrFold<arith::MulIOp>(l, loop, arith::ConstantIndexOp::create(b, l, stride));
      tap = b.createOrFold<arith::AddIOp>(l, part, tap);
    }
    return convertScalar(b, l, tap, b.getI64Type());
  }

  SmallVector<GuardedIndex> getInputPosition(OpBuilder &b, Location l) {
    return llvm::map_to_vector(llvm::zip(windows, getLoops(b, l, 0), getLoops(b, l, windows.size())), [&](auto dim) {
      return buildInputPosition(b, l, std::get<0>(dim), std::get<1>(dim), std::get<2>(dim));
    });
  }
  SmallVector<GuardedIndex> getWindowPosition(OpBuilder &b, Location l) {
    return llvm::map_to_vector(llvm::zip(windows, getLoops(b, l, 0), getLoops(b, l, windows.size())), [&](auto dim) {
      return buildWindowPosition(b, l, std::get<0>(dim), std::get<1>(dim), std::get<2>(dim));
    });
  }

  OpBuilder &builder;
  Location loc;
  PoolKind kind;
  int64_t windowSize;
  ArrayRef<int64_t> windowShape;
  SmallVector<WindowDim> windows;
  RankedTensorType inputType, outputType;
  Type elementType;
};
} // namespace

Structured PoolOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  PoolBuilder pool(builder, getLoc(), PoolGeometry::get(*this), getInput().getType(), getType());
  return SmallVector<Value>{getKind() == PoolKind::Max ? pool.buildMax(operands[0]) : pool.buildAverage(operands[0])};
}

Structured PoolGradOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  PoolBuilder pool(builder, getLoc(), PoolGeometry::get(*this), getInput().getType(), getGradient().getType());
  const bool isTiling = PoolGeometry::get(*this).isTiling(getInput().getType().getShape());
  return SmallVector<Value>{isTiling ? pool.buildTilingGradient(operands[0], operands[1])
                                     : pool.buildGradient(operands[0], operands[1])};
}

ElementAccess PoolGradOp::getElementAccess() {
  return PoolGeometry::get(*this).isTiling(getInput().getType().getShape()) ? ElementAccess::Mapped
                                                                            : ElementAccess::Other;
}
