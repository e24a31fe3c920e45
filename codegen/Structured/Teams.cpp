//===- Teams.cpp - What the threads of a team share -------------===//
#include "codegen/Structured/Emitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace glyptic::codegen {

Scope &Emitter::openFirst(Scope &parent) {
  if (team.size == 1)
    return parent;
  OpBuilder &builder = parent.builder;
  auto loc = NameLoc::get(builder.getStringAttr("isFirst"), getLoc());
  Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, team.member, getConstant(0));
  return openIf(parent, isFirst, /*isShared=*/false);
}

Index Emitter::split(Scope &scope, Value number, ArrayRef<Dim> sizes, int64_t width) {
  OpBuilder &builder = scope.builder;
  Location loc = function.getLoc();
  Index index(sizes.size());
  for (size_t i = sizes.size(); i-- > 0;) {
    Value mine = number;
    const bool isVector = width > 1 && i + 1 == sizes.size();
    if (i > 0) {
      Value size = getSize({sizes[i].scale / (isVector ? width : 1), sizes[i].batched});
      mine = arith::RemUIOp::create(builder, loc, number, size);
      number = arith::DivUIOp::create(builder, loc, number, size);
    }
    if (isVector)
      mine = arith::MulIOp::create(builder, loc, mine, getConstant(width));
    index[i] = addVariable(scope, mine, isVector ? width : 1);
  }
  return index;
}

bool Emitter::isOfRound(ArrayRef<AffineExpr> index) const {
  return rounds && llvm::any_of(rounds->variables, [&](AffineExpr variable) {
    const unsigned position = cast<AffineDimExpr>(variable).getPosition();
    return llvm::any_of(index, [&](AffineExpr expr) { return expr && expr.isFunctionOfDim(position); });
  });
}

SmallVector<Value> Emitter::forRounds(Scope &parent, ValueRange carried, RoundBody body) {
  SmallVector<Value> values(carried);
  for (AffineExpr variable : rounds->variables) {
    const bool mayBeOutside = rounds->isInside && variable == rounds->variables.back();
    if (mayBeOutside && values.empty()) {
      Scope &branch = openIf(parent, rounds->isInside, /*isShared=*/false);
      body(branch, variable, {});
      closeIf(branch);
      continue;
    }
    SmallVector<Value> next = body(parent, variable, values);
    if (mayBeOutside)
      for (auto [value, before] : llvm::zip_equal(next, values))
        value = arith::SelectOp::create(parent.builder, function.getLoc(), rounds->isInside, value, before);
    values = next;
  }
  return values;
}

SmallVector<Value> Emitter::forTeam(Scope &parent, ArrayRef<Dim> sizes, std::pair<Bound, Bound> first, int64_t width,
                                    ValueRange carried, RoundBody body) {
  if (getRounds(sizes) && first.first.constant == 0)
    return forRounds(parent, carried, body);
  OpBuilder &builder = parent.builder;
  Location loc = function.getLoc();
  auto run = [&](Value lower, Value upper, int64_t step, llvm::function_ref<Index(Scope &, Value)> getIndex,
                 ValueRange values) {
    Value start = lower;
    if (team.size > 1) {
      Value offset = step == 1 ? team.member
                               : arith::MulIOp::create(builder, loc, team.member, getConstant(step)).getResult();
      start = lower == getConstant(0) ? offset : arith::AddIOp::create(builder, loc, lower, offset).getResult();
    }
    Scope &loop = openLoop(parent, start, upper, step * team.size, values);
    loop.isShared = team.size == 1 && parent.isShared;
    Index index = getIndex(loop, loop.loop.getInductionVar());
    SmallVector<Value> next = body(loop, index, loop.loop.getRegionIterArgs());
    closeLoop(loop, next);
    return SmallVector<Value>(loop.loop.getResults());
  };
  if (sizes.size() == 1) {
    auto along = [&](int64_t lanes) {
      return [&, lanes](Scope &scope, Value number) { return Index{addVariable(scope, number, lanes)}; };
    };
    auto [lower, upper] = first;
    auto isWhole = [&](const Bound &bound) { return bound.constant.value_or(bound.divisor) % width == 0; };
    if (isWhole(lower) && isWhole(upper))
      return run(lower.value, upper.value, width, along(width), carried);
    // `lower` is a multiple of the width; what is left at the end goes one by one.
    Value rest = arith::RemUIOp::create(builder, loc, upper.value, getConstant(width));
    Value middle = arith::SubIOp::create(builder, loc, upper.value, rest);
    if (upper.constant)
      middle = getConstant(*upper.constant / width * width);
    SmallVector<Value> between = run(lower.value, middle, width, along(width), carried);
    return run(middle, upper.value, 1, along(1), between);
  }
  // The loops as one, so that no thread waits for others at the end of an inner one.
  int64_t scale = 1;
  bool batched = false;
  for (Dim size : sizes.drop_front())
    scale *= size.scale, batched |= size.batched;
  Value inner = getSize({scale / width, batched}); // vectors in one round of the outermost loop
  auto times = [&](Bound bound) -> Value {
    return bound.constant && *bound.constant == 0 ? getConstant(0)
                                                  : arith::MulIOp::create(builder, loc, bound.value, inner).getResult();
  };
  auto taken = [&](Scope &scope, Value number) { return split(scope, number, sizes, width); };
  return run(times(first.first), times(first.second), 1, taken, carried);
}

Value Emitter::combineTeam(Scope &scope, const Combiner &combiner, Value value) {
  if (team.size == 1)
    return value;
  // Upstream has two enums of the same names.
  auto named = gpu::symbolizeAllReduceOperation(vector::stringifyEnum(getCombiningKind(combiner.op)));
  auto kind = gpu::AllReduceOperationAttr::get(value.getContext(), *named);
  static const llvm::StringMap<StringRef> names = {{"add", "sum"}, {"mul", "product"}, {"maximumf", "largest"},
                                                  {"minimumf", "smallest"}};
  StringRef name = names.lookup(gpu::stringifyAllReduceOperation(*named));
  Location loc = NameLoc::get(scope.builder.getStringAttr(name.empty() ? "total" : name), function.getLoc());
  if (team.size == kWarp)
    return gpu::SubgroupReduceOp::create(scope.builder, loc, value, kind.getValue(), /*uniform=*/true);
  auto all = gpu::AllReduceOp::create(scope.builder, loc, value, kind, /*uniform=*/true);
  return all.getResult();
}

} // namespace glyptic::codegen
