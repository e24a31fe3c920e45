//===- Positions.cpp - What is known of indices while code is made --------===//
//
// Loops have bounds, and vectors begin at multiples of their width. That decides comparisons of positions (in a padding,
// in what concat joins), and tells how a vector's lanes differ: numbers that count up are not computed lane by lane.
//
//===----------------------------------------------------------------------===//
#include "codegen/Structured/Emitter.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace glyptic::codegen {

/// The least and the greatest number that an index can be, if bounds are known.
std::optional<std::pair<int64_t, int64_t>> Emitter::getRange(AffineExpr expr) const {
  SmallVector<std::optional<int64_t>> lowest, highest;
  for (const Variable &variable : variables) {
    lowest.push_back(variable.numbers.first);
    highest.push_back(variable.numbers.end);
    if (highest.back())
      --*highest.back();
  }
  lowest.push_back(0); // the batch
  highest.push_back(std::nullopt);
  auto bound = [&](bool isUpper) {
    return getBoundForAffineExpr(expr, variables.size(), 1, lowest, highest, isUpper);
  };
  std::optional<int64_t> least = bound(false), greatest = bound(true);
  return least && greatest ? std::optional(std::pair(*least, *greatest)) : std::nullopt;
}

AffineExpr Emitter::trace(Value position, ArrayRef<AffineExpr> loopIndex) const {
  return traceIndex(position, loopIndex, [&](Operation *op, AffineExpr lhs, AffineExpr rhs) {
    auto range = getRange(lhs - rhs);
    if (!range || (range->first < 0 && range->second > 0))
      return AffineExpr();
    return isa<arith::MaxSIOp>(op) == (range->first >= 0) ? lhs : rhs;
  });
}

/// Whether a comparison of positions holds for all of them, or for none.
std::optional<bool> Emitter::decide(Value condition, ArrayRef<AffineExpr> loopIndex) const {
  Operation *op = condition.getDefiningOp();
  if (isa_and_nonnull<arith::AndIOp>(op)) {
    auto lhs = decide(op->getOperand(0), loopIndex), rhs = decide(op->getOperand(1), loopIndex);
    if (lhs == false || rhs == false)
      return false;
    return lhs && rhs ? std::optional(true) : std::nullopt;
  }
  auto comparison = dyn_cast_or_null<arith::CmpIOp>(op);
  if (!comparison || !isa<IndexType>(comparison.getLhs().getType()))
    return std::nullopt;
  AffineExpr lhs = trace(comparison.getLhs(), loopIndex), rhs = trace(comparison.getRhs(), loopIndex);
  auto range = lhs && rhs ? getRange(lhs - rhs) : std::nullopt;
  if (!range)
    return std::nullopt;
  auto [least, greatest] = *range;
  using Predicate = arith::CmpIPredicate;
  auto unless = [](bool is, bool isNot) { return is || isNot ? std::optional(is) : std::nullopt; };
  switch (comparison.getPredicate()) {
  case Predicate::sge:
    return unless(least >= 0, greatest < 0);
  case Predicate::slt:
    return unless(greatest < 0, least >= 0);
  case Predicate::sgt:
    return unless(least > 0, greatest <= 0);
  case Predicate::sle:
    return unless(greatest <= 0, least > 0);
  case Predicate::eq:
    return unless(least == 0 && greatest == 0, least > 0 || greatest < 0);
  case Predicate::ne:
    return unless(least > 0 || greatest < 0, least == 0 && greatest == 0);
  default:
    return std::nullopt;
  }
}

Emitter::Needs Emitter::findNeeds(Block *body, ArrayRef<AffineExpr> loopIndex) const {
  Needs needs;
  SmallVector<Value> work(body->getTerminator()->getOperands());
  while (!work.empty()) {
    Operation *op = work.pop_back_val().getDefiningOp();
    if (!op || op->getBlock() != body || !needs.ops.insert(op).second)
      continue;
    auto selection = dyn_cast<arith::SelectOp>(op);
    std::optional<bool> decision = selection ? decide(selection.getCondition(), loopIndex) : std::nullopt;
    if (!decision) {
      llvm::append_range(work, op->getOperands());
      continue;
    }
    Value selected = *decision ? selection.getTrueValue() : selection.getFalseValue();
    needs.selected[op] = selected;
    work.push_back(selected);
  }
  return needs;
}

/// Numbers that count up by a constant, or one for each lane.
Value Emitter::emitNumbers(linalg::IndexOp op, AffineExpr expr, Scope &scope) {
  OpBuilder &builder = scope.builder;
  const int64_t width = getLanes({expr});
  Value numbers;
  if (width == 1) {
    numbers = getIndex(expr, scope);
  } else if (std::optional<int64_t> stride = getLaneStride(expr)) {
    auto steps = llvm::map_to_vector(llvm::seq<int64_t>(0, width), [&](int64_t lane) { return lane * *stride; });
    Value first = broadcastTo(builder, op.getLoc(), getIndex(expr, scope, 0), width);
    Value offsets = arith::ConstantOp::create(builder, op.getLoc(), builder.getIndexVectorAttr(steps));
    numbers = arith::AddIOp::create(builder, op.getLoc(), first, offsets);
    positions[numbers] = expr;
  } else {
    auto lanes = llvm::map_to_vector(llvm::seq<int64_t>(0, width),
                                     [&](int64_t lane) { return getIndex(expr, scope, lane); });
    auto type = VectorType::get(width, builder.getIndexType());
    numbers = vector::FromElementsOp::create(builder, op.getLoc(), type, lanes);
  }
  return numbers;
}

/// The quotient and the rest of positions that count up from a multiple of the divisor: the rest is the same for every
/// vector, and equal quotients are computed once, in a vector that has so many fewer lanes. Null for all else.
Value Emitter::emitDivision(Operation *op, ArrayRef<AffineExpr> loopIndex, Scope &scope) {
  APInt number;
  if (machine != Machine::Cpu || !isa<arith::DivUIOp, arith::RemUIOp>(op) || !op->getResult(0).getType().isIndex() ||
      !matchPattern(op->getOperand(1), m_ConstantInt(&number)))
    return {};
  AffineExpr position = trace(op->getOperand(0), loopIndex);
  const int64_t divisor = number.getSExtValue(), width = position ? getLanes({position}) : 1;
  if (divisor < 2 || width % divisor || getLaneStride(position) != 1)
    return {};
  AffineExpr first = position;
  for (auto [i, variable] : llvm::enumerate(variables)) {
    AffineExpr dim = getAffineDimExpr(i, position.getContext());
    first = first.replace(dim, dim * variable.numbers.divisor);
  }
  if (first.getLargestKnownDivisor() % divisor)
    return {};
  OpBuilder &builder = scope.builder;
  const bool isRest = isa<arith::RemUIOp>(op);
  auto lanes = llvm::map_to_vector(llvm::seq<int64_t>(0, isRest ? width : width / divisor),
                                   [&](int64_t lane) { return isRest ? lane % divisor : lane; });
  Value quotient = isRest ? Value() : getIndex(position.floorDiv(divisor), scope, 0);
  if (lanes.size() == 1)
    return quotient;
  Value offsets = arith::ConstantOp::create(builder, op->getLoc(), builder.getIndexVectorAttr(lanes));
  if (isRest)
    return offsets;
  return arith::AddIOp::create(builder, op->getLoc(), broadcastTo(builder, op->getLoc(), quotient, lanes.size()),
                               offsets);
}

/// Which of the numbers that count up is equal to one number: its lane is computed once, and lanes are compared in 32
/// bits, of which a register holds twice as many as of positions. Null for all else.
Value Emitter::emitLaneComparison(arith::CmpIOp op, BodyMap &map, Scope &scope) {
  Value numbers = map.lookup(op.getLhs()), number = map.lookup(op.getRhs());
  AffineExpr position = numbers && number ? positions.lookup(numbers) : AffineExpr();
  if (machine != Machine::Cpu || op.getPredicate() != arith::CmpIPredicate::eq || !position ||
      getLaneStride(position) != 1 || !(number.getType().isIndex() || number.getType().isInteger(32) ||
                                        number.getType().isInteger(64)))
    return {};
  OpBuilder &builder = scope.builder;
  Location loc = op.getLoc();
  const int64_t width = getLanes({position});
  Value first = getIndex(position, scope, 0);
  if (first.getType() != number.getType())
    first = arith::IndexCastOp::create(builder, loc, number.getType(), first);
  Value lane = arith::SubIOp::create(builder, loc, number, first);
  Value beyond = arith::ConstantOp::create(builder, loc, builder.getIntegerAttr(number.getType(), width));
  lane = arith::MinUIOp::create(builder, loc, lane, beyond);
  lane = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), lane);
  lane = arith::IndexCastOp::create(builder, loc, builder.getI32Type(), lane);
  auto each = llvm::to_vector(llvm::seq<int32_t>(0, width));
  Value lanes = arith::ConstantOp::create(builder, loc, builder.getI32VectorAttr(each));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, broadcastTo(builder, loc, lane, width), lanes);
}

} // namespace glyptic::codegen
