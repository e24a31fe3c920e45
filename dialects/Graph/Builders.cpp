//===- Builders.cpp - Small pieces of graph ---------------------*- C++ -*-===//
#include "dialects/Graph/Builders.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace glyptic::graph {

static TypedAttr getNumberAttr(OpBuilder &builder, Type elementType, double value) {
  if (isa<FloatType>(elementType))
    return builder.getFloatAttr(elementType, value);
  return builder.getIntegerAttr(elementType, static_cast<int64_t>(value));
}

Value scalarConstant(OpBuilder &builder, Location loc, Type elementType, double value) {
  return splat(builder, loc, RankedTensorType::get({}, elementType), value);
}

Value splat(OpBuilder &builder, Location loc, RankedTensorType type, double value) {
  Type elementType = type.getElementType();
  RankedTensorType constantType = type.hasStaticShape() ? type : RankedTensorType::get({}, elementType);
  auto elements = DenseElementsAttr::get(constantType, getNumberAttr(builder, elementType, value));
  Value constant = ConstantOp::create(builder, loc, elements);
  return broadcastTo(builder, loc, constant, type);
}

std::optional<double> getSplat(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<BroadcastOp, ReshapeOp>(op))
      break;
    value = op->getOperand(0);
  }
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat())
    return std::nullopt;
  if (isa<FloatType>(elements.getElementType()))
    return elements.getSplatValue<APFloat>().convertToDouble();
  APInt number = elements.getSplatValue<APInt>();
  return number.getBitWidth() == 1 ? number.getZExtValue() : number.getSExtValue();
}

Value broadcastTo(OpBuilder &builder, Location loc, Value value, RankedTensorType type) {
  if (value.getType() == type)
    return value;
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  auto dims = llvm::to_vector(llvm::seq<int64_t>(type.getRank() - rank, type.getRank()));
  return BroadcastOp::create(builder, loc, type, value, dims);
}

Value broadcastAlong(OpBuilder &builder, Location loc, Value value, RankedTensorType type, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> kept;
  for (int64_t dim : llvm::seq<int64_t>(0, type.getRank()))
    if (!llvm::is_contained(dims, dim))
      kept.push_back(dim);
  return dims.empty() ? value : BroadcastOp::create(builder, loc, type, value, kept);
}

Value reshapeTo(OpBuilder &builder, Location loc, Value value, RankedTensorType type) {
  return value.getType() == type ? value : ReshapeOp::create(builder, loc, type, value);
}

Value convertTo(OpBuilder &builder, Location loc, Value value, Type elementType) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getElementType() == elementType ? value
                                              : ConvertOp::create(builder, loc, type.clone(elementType), value);
}

Value reduce(OpBuilder &builder, Location loc, ReductionKind kind, Value value, ArrayRef<int64_t> dims) {
  if (dims.empty())
    return value;
  SmallVector<int64_t> sorted(dims);
  llvm::sort(sorted);
  return ReduceOp::create(builder, loc, kind, value, sorted);
}

Value reduceSum(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> dims) {
  return reduce(builder, loc, ReductionKind::Sum, value, dims);
}

Value compare(OpBuilder &builder, Location loc, Comparison comparison, Value lhs, Value rhs) {
  return CompareOp::create(builder, loc, comparison, lhs, rhs);
}

void Expr::unify(Expr &x, Expr &y) {
  if (!x.value)
    x = y.with(splat(*y.builder, *y.loc, y.getType(), x.number));
  else if (!y.value)
    y = x.with(splat(*x.builder, *x.loc, x.getType(), y.number));
}

} // namespace glyptic::graph
