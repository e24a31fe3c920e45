//===- ArgReduce.cpp - Position of the largest or smallest element -*- C++ -*-===//
#include "dialects/Graph/HostTensor.h"
#include "dialects/Graph/Ops/Elementwise/Scalar.h"
#include "dialects/Graph/StructuredUtils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <limits>

using namespace mlir;
using namespace glyptic::graph;

LogicalResult ArgReduceOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(adaptor.getInput().getType());
  if (static_cast<int64_t>(adaptor.getDim()) < 0 || static_cast<int64_t>(adaptor.getDim()) >= type.getRank())
    return emitOptionalError(loc, "dimension ", adaptor.getDim(), " does not exist in ", type);
  SmallVector<Dim> dims = getDims(type);
  dims.erase(dims.begin() + adaptor.getDim());
  types.push_back(getTensorType(dims, IntegerType::get(context, 64)));
  return success();
}

LogicalResult ArgReduceOp::verify() {
  if (getKind() != ReductionKind::Max && getKind() != ReductionKind::Min)
    return emitOpError() << "finds a max or a min, not " << stringifyReductionKind(getKind());
  if (getInput().getType().getDimSize(getDim()) == 0)
    return emitOpError() << "has no element to find along dimension " << getDim() << " of " << getInput().getType();
  return success();
}

Value ArgReduceOp::getReducedOperand() { return getInput(); }
SmallVector<int64_t> ArgReduceOp::getReducedDims() { return {static_cast<int64_t>(getDim())}; }
PrecisionClass ArgReduceOp::getPrecisionClass() { return PrecisionClass::Follow; }

LogicalResult ArgReduceOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  int64_t size = operands[0]->getShape()[getDim()], inner = operands[0]->getStrides()[getDim()];
  bool isMax = getKind() == ReductionKind::Max;
  std::visit(
      [&](const auto &elements) {
        for (int64_t i = 0; i < results[0].getNumElements(); ++i) {
          int64_t &position = results[0].get<int64_t>()[i];
          auto at = [&](int64_t k) { return elements[(i / inner * size + k) * inner + i % inner]; };
          position = 0;
          for (int64_t k = 1; k < size; ++k) {
            auto x = at(k), best = at(position);
            bool ties = x == best || (x != x && best != best);
            bool wins = best == best && (x != x || (isMax ? x > best : x < best));
            if (wins || (getLast() && ties))
              position = k;
          }
        }
      },
      operands[0]->getStorage());
  return success();
}

/// A value that no element loses against; the position beside it starts at 0, which is right if none beats it.
static Value buildStart(OpBuilder &builder, Location loc, Type type, bool isMax) {
  if (isa<FloatType>(type))
    return scalarNumber(builder, loc, type, isMax ? -std::numeric_limits<double>::infinity()
                                                  : std::numeric_limits<double>::infinity());
  unsigned width = type.getIntOrFloatBitWidth();
  if (width == 1)
    return scalarNumber(builder, loc, type, isMax ? 0 : 1);
  APInt start = isMax ? APInt::getSignedMinValue(width) : APInt::getSignedMaxValue(width);
  return arith::ConstantOp::create(builder, loc, builder.getIntegerAttr(type, start));
}

FailureOr<SmallVector<Value>> ArgReduceOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  Location loc = getLoc();
  RankedTensorType inputType = getInput().getType();
  bool isMax = getKind() == ReductionKind::Max;
  Value start = buildStart(builder, loc, inputType.getElementType(), isMax);
  Value zero = scalarNumber(builder, loc, getType().getElementType(), 0);
  auto bestType = cast<RankedTensorType>(getType().clone(inputType.getElementType()));
  SmallVector<Value> inits = {filledTensor(builder, loc, bestType, start),
                              filledTensor(builder, loc, getType(), zero)};

  AffineMap all = builder.getMultiDimIdentityMap(inputType.getRank()), kept = all.dropResult(getDim());
  SmallVector<AffineMap> maps = {all, kept, kept};
  SmallVector<utils::IteratorType> iterators(inputType.getRank(), utils::IteratorType::parallel);
  iterators[getDim()] = utils::IteratorType::reduction;
  auto body = [&](OpBuilder &b, Location l, ValueRange arguments) {
    Scalar x(b, l, arguments[0]), best(b, l, arguments[1]), position(b, l, arguments[2]);
    Value index = convertScalar(b, l, linalg::IndexOp::create(b, l, getDim()), getType().getElementType());
    Comparison comparison = isMax ? (getLast() ? Comparison::GE : Comparison::GT)
                                  : (getLast() ? Comparison::LE : Comparison::LT);
    Scalar wins = compare(comparison, x, best);
    if (x.isFloat()) {
      // A NaN beats every number and, if the last is asked for, an earlier NaN.
      Scalar isNaN = compare(Comparison::NE, x, x);
      wins = wins | (getLast() ? isNaN : isNaN & compare(Comparison::EQ, best, best));
    }
    linalg::YieldOp::create(b, l, {select(wins, x, best).getValue(),
                                   select(wins, Scalar(b, l, index), position).getValue()});
  };
  auto generic = linalg::GenericOp::create(builder, loc, TypeRange{bestType, getType()}, operands[0], inits, maps,
                                           iterators, body);
  return SmallVector<Value>{generic.getResult(1)};
}
