//===- IndexRanges.cpp - Which values integer inputs may have ---===//
#include "compiler/Passes.h"
#include "compiler/Program.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_INDEXRANGESPASS
#include "compiler/Passes.h.inc"

namespace {

/// Ops after which the elements are still those of the operand, perhaps fewer, elsewhere or more often.
bool passesValuesOn(Operation *op) {
  return op->getNumOperands() == 1 && op->getNumResults() == 1 &&
         (op->hasTrait<trait::View>() || op->hasTrait<trait::MovesElements>() || op->hasTrait<trait::Repeats>());
}

/// A conversion between integers that cannot lose a value in the ranges at hand.
bool widens(Operation *op) {
  auto convert = dyn_cast<ConvertOp>(op);
  if (!convert)
    return false;
  auto from = dyn_cast<IntegerType>(convert.getInput().getType().getElementType());
  auto to = dyn_cast<IntegerType>(convert.getType().getElementType());
  return from && to && from.getWidth() > 1 && to.getWidth() >= from.getWidth();
}

struct Range {
  int64_t low = std::numeric_limits<int64_t>::min(), high = std::numeric_limits<int64_t>::max();
  std::optional<int64_t> ignored;
  bool isUsed = false;

  /// An ignored value stays allowed where every use ignores it: a use that does not sees only values in its range.
  void intersect(const IndexUse &use) {
    low = std::max(low, use.low);
    high = std::min(high, use.high);
    ignored = isUsed && ignored != use.ignored ? std::nullopt : use.ignored;
    isUsed = true;
  }
};

/// Whether `op` passes on every element of its operand. What a slice leaves out may be an index into another table, or
/// none, so a use behind it says nothing of the whole input; where it reads beyond its table it is clamped.
bool passesAllOn(Operation *op) {
  auto count = [](Value value) { return getNumElements(cast<RankedTensorType>(value.getType())).at(1); };
  return (passesValuesOn(op) || widens(op)) && count(op->getResult(0)) >= count(op->getOperand(0));
}

Range collectUses(Value value) {
  Range range;
  SmallVector<Value> work = {value};
  llvm::SmallPtrSet<Operation *, 8> seen;
  while (!work.empty()) {
    Value current = work.pop_back_val();
    for (Operation *user : current.getUsers()) {
      if (auto indexing = dyn_cast<IndexingOpInterface>(user))
        if (IndexUse use = indexing.getIndexUse(); use.indices == current)
          range.intersect(use);
      if (passesAllOn(user) && seen.insert(user).second)
        work.push_back(user->getResult(0));
    }
  }
  return range;
}

struct IndexRangesPass : impl::IndexRangesPassBase<IndexRangesPass> {
  void runOnOperation() override {
    Builder builder(&getContext());
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
        auto role = function.getArgAttrOfType<StringAttr>(i, kRoleAttr);
        if (!role || (role != role::Input && role != role::Label) ||
            !isa<IntegerType>(cast<RankedTensorType>(argument.getType()).getElementType()))
          continue;
        Range range = collectUses(argument);
        if (!range.isUsed)
          continue;
        function.setArgAttr(i, kRangeAttr, builder.getDenseI64ArrayAttr({range.low, range.high}));
        if (range.ignored)
          function.setArgAttr(i, kIgnoredAttr, builder.getI64IntegerAttr(*range.ignored));
      }
  }
};

} // namespace
} // namespace glyptic
