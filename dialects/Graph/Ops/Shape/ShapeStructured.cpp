//===- ShapeStructured.cpp - Structured form of values made or moved -*- C++ -*-===//
//
// Where the operand's position is an affine function of the result's, an indexing map says so. Pad and concat read at
// positions that may not exist: they compute the position in the body, clamp it, and select.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Ops/Elementwise/Scalar.h"
#include "dialects/Graph/StructuredUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace glyptic::graph;

using Structured = FailureOr<SmallVector<Value>>;

/// A result whose element is the one of `input` that `positions` (over the result's dimensions) say.
static Structured buildMoved(Operation *op, OpBuilder &builder, Value input, ArrayRef<AffineExpr> positions) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  AffineMap map = AffineMap::get(type.getRank(), 0, positions, builder.getContext());
  return SmallVector<Value>{buildParallel(builder, op->getLoc(), type, input, map,
                                          [](OpBuilder &, Location, ValueRange x) { return x[0]; })};
}

Structured ConstantOp::buildStructured(OpBuilder &builder, ValueRange) {
  auto elements = dyn_cast<DenseElementsAttr>(getValue());
  if (!elements)
    return emitOpError("holds its elements outside the program, where no kernel can read them");
  if (!elements.isSplat())
    return SmallVector<Value>{arith::ConstantOp::create(builder, getLoc(), elements)};
  auto scalar = cast<TypedAttr>(elements.getSplatValue<Attribute>());
  return SmallVector<Value>{buildPointwise(builder, getLoc(), getType(), {},
                                           [&](OpBuilder &b, Location loc, ValueRange) -> Value {
                                             return arith::ConstantOp::create(b, loc, scalar);
                                           })};
}

Structured IotaOp::buildStructured(OpBuilder &builder, ValueRange) {
  auto body = [&](OpBuilder &b, Location loc, ValueRange) {
    return convertScalar(b, loc, linalg::IndexOp::create(b, loc, getDim()), getType().getElementType());
  };
  return SmallVector<Value>{buildPointwise(builder, getLoc(), getType(), {}, body)};
}

Structured BatchSizeOp::buildStructured(OpBuilder &builder, ValueRange) {
  Type type = getType().getElementType();
  Value batch = BatchSizeOp::create(builder, getLoc(), RankedTensorType::get({}, builder.getI64Type()));
  if (type.isInteger(64))
    return SmallVector<Value>{batch};
  auto body = [&](OpBuilder &b, Location loc, ValueRange x) { return convertScalar(b, loc, x[0], type); };
  return SmallVector<Value>{buildPointwise(builder, getLoc(), getType(), batch, body)};
}

Structured BroadcastOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  SmallVector<AffineExpr> positions;
  for (auto [i, dim] : llvm::enumerate(getDims())) {
    bool isStretched = getDim(getInput().getType(), i) != getDim(getType(), dim);
    positions.push_back(isStretched ? builder.getAffineConstantExpr(0) : builder.getAffineDimExpr(dim));
  }
  return buildMoved(*this, builder, operands[0], positions);
}

Structured TransposeOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  SmallVector<AffineExpr> positions(getType().getRank());
  for (auto [i, dim] : llvm::enumerate(getPermutation()))
    positions[dim] = builder.getAffineDimExpr(i);
  return buildMoved(*this, builder, operands[0], positions);
}

Structured SliceOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  SmallVector<AffineExpr> positions;
  for (auto [i, start, stride] : llvm::enumerate(getStarts(), getStrides()))
    positions.push_back(builder.getAffineDimExpr(i) * stride + start);
  return buildMoved(*this, builder, operands[0], positions);
}

Structured ReverseOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  SmallVector<AffineExpr> positions;
  for (int64_t i : llvm::seq<int64_t>(0, getType().getRank())) {
    AffineExpr dim = builder.getAffineDimExpr(i);
    positions.push_back(llvm::is_contained(getDims(), i) ? getType().getDimSize(i) - 1 - dim : dim);
  }
  return buildMoved(*this, builder, operands[0], positions);
}

/// The element of `input` at `position`, whose coordinates lie inside.
static Scalar readElement(OpBuilder &builder, Location loc, Value input, ArrayRef<Scalar> position) {
  auto indices = llvm::map_to_vector(position, [](const Scalar &index) { return index.getValue(); });
  return Scalar(builder, loc, tensor::ExtractOp::create(builder, loc, input, indices));
}

static Scalar clamp(Scalar index, int64_t size) { return min(max(index, 0), size - 1); }

/// Builds one element of a padding: `input` where the position behind the padding exists, else `value`.
static Value buildPadded(PadOp op, OpBuilder &builder, Location loc, Value input, Value value) {
  RankedTensorType type = op.getInput().getType();
  SmallVector<Scalar> position;
  std::optional<Scalar> isInside;
  auto require = [&](Scalar condition) { isInside = isInside ? *isInside & condition : condition; };
  for (int64_t i : llvm::seq<int64_t>(0, type.getRank())) {
    Scalar index(builder, loc, linalg::IndexOp::create(builder, loc, i));
    int64_t low = op.getLow()[i], high = op.getHigh()[i], step = op.getInterior()[i] + 1;
    if (low == 0 && high == 0 && step == 1) {
      position.push_back(index);
      continue;
    }
    int64_t size = type.getDimSize(i);
    Scalar shifted = index - low;
    if (low > 0)
      require(compare(Comparison::GE, shifted, 0));
    if (high > 0)
      require(compare(Comparison::LE, shifted, (size - 1) * step));
    Scalar stride(builder, loc, scalarNumber(builder, loc, builder.getIndexType(), step));
    Scalar inner = step == 1 ? shifted : shifted.build<arith::DivSIOp>(shifted.getValue(), stride.getValue());
    if (step > 1)
      require(compare(Comparison::EQ, inner * stride, shifted));
    position.push_back(low > 0 || high > 0 ? clamp(inner, size) : inner);
  }
  Scalar element = readElement(builder, loc, input, position);
  return isInside ? select(*isInside, element, Scalar(builder, loc, value)).getValue() : element.getValue();
}

Structured PadOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  bool isEmpty = getNumElements(getInput().getType()).scale == 0;
  AffineMap scalarMap = AffineMap::get(getType().getRank(), 0, builder.getContext());
  auto body = [&](OpBuilder &b, Location loc, ValueRange x) {
    return isEmpty ? x[0] : buildPadded(*this, b, loc, operands[0], x[0]);
  };
  return SmallVector<Value>{buildParallel(builder, getLoc(), getType(), operands[1], scalarMap, body)};
}

/// Reads every input at a clamped position and selects: branch-free, and the reads of a block hit one input only.
static Value buildJoined(ConcatOp op, OpBuilder &builder, Location loc, ValueRange inputs) {
  int64_t joined = op.getDim(), offset = 0;
  SmallVector<Scalar> position;
  for (int64_t i : llvm::seq<int64_t>(0, op.getType().getRank()))
    position.emplace_back(builder, loc, linalg::IndexOp::create(builder, loc, i));
  Scalar index = position[joined];
  std::optional<Scalar> element;
  for (Value input : inputs) {
    int64_t size = cast<RankedTensorType>(input.getType()).getDimSize(joined);
    if (size == 0)
      continue;
    position[joined] = inputs.size() == 1 ? index : clamp(index - offset, size);
    Scalar candidate = readElement(builder, loc, input, position);
    element = element ? select(compare(Comparison::GE, index, offset), candidate, *element) : candidate;
    offset += size;
  }
  return element ? element->getValue() : scalarNumber(builder, loc, op.getType().getElementType(), 0);
}

Structured ConcatOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  auto body = [&](OpBuilder &b, Location loc, ValueRange) { return buildJoined(*this, b, loc, operands); };
  return SmallVector<Value>{buildPointwise(builder, getLoc(), getType(), {}, body)};
}
