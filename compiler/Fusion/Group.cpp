//===- Group.cpp - Sets of ops that may become one kernel -------*- C++ -*-===//
#include "compiler/Fusion/Group.h"
#include "compiler/Fusion/Recompute.h"
#include "dialects/Graph/LibraryChoice.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::fusion {

StringRef stringifyKind(Kind kind) {
  switch (kind) {
  case Kind::Pointwise:
    return "pointwise";
  case Kind::Row:
    return "row";
  case Kind::Column:
    return "column";
  case Kind::RowColumn:
    return "row+column";
  case Kind::Alone:
    return "alone";
  }
  llvm_unreachable("covered switch");
}

bool isFree(Operation *op) {
  if (op->hasAttr(kRecomputedAttr))
    return true;
  if (!isa<StructuredOpInterface>(op))
    return false;
  // A table is data: planning places it in memory. A splat is a literal in the kernel.
  if (SplatElementsAttr splat; op->hasTrait<OpTrait::ConstantLike>())
    return matchPattern(op, m_Constant(&splat));
  return op->getNumOperands() == 0 || op->hasTrait<trait::Repeats>();
}

bool isFusible(Operation *op) {
  if (op->hasAttr(kRecomputedAttr))
    return true;
  if (op->hasTrait<OpTrait::ConstantLike>())
    return false;
  if (findLibraryCall(op))
    return false;
  return isa<StructuredOpInterface, ScatterOpInterface>(op);
}

bool readsMemory(Operation *op) { return !isFusible(op) || isa<ScatterOpInterface>(op); }

void visitSources(Value value, llvm::function_ref<void(Value)> action) {
  SmallVector<Value> work{value};
  // x + x again and again has one op for each step, but twice as many paths.
  llvm::SmallDenseSet<Value, 8> seen;
  while (!work.empty()) {
    Value current = work.pop_back_val();
    if (!seen.insert(current).second)
      continue;
    if (Operation *def = current.getDefiningOp(); def && isFree(def))
      llvm::append_range(work, llvm::reverse(def->getOperands()));
    else
      action(current);
  }
}

bool isUsedOnlyIn(Operation *op, const Group &group) {
  SmallVector<Operation *> work{op};
  llvm::SmallPtrSet<Operation *, 8> seen;
  while (!work.empty())
    for (Operation *user : work.pop_back_val()->getUsers()) {
      if (group.ops.contains(user) || !seen.insert(user).second)
        continue;
      if (!isFree(user))
        return false;
      work.push_back(user);
    }
  return true;
}

void collectProducers(Value value, llvm::SetVector<Operation *> &producers) {
  visitSources(value, [&](Value source) {
    if (Operation *def = source.getDefiningOp())
      producers.insert(def);
  });
}

/// The first dimension of a trailing run that is exactly `dims`, if it is one.
static std::optional<unsigned> getTrailingStart(ArrayRef<int64_t> dims, unsigned rank) {
  unsigned start = rank - dims.size();
  for (auto [i, dim] : llvm::enumerate(dims))
    if (dim != static_cast<int64_t>(start + i))
      return std::nullopt;
  return start;
}

static bool isLeadingRun(ArrayRef<int64_t> dims) {
  for (auto [i, dim] : llvm::enumerate(dims))
    if (dim != static_cast<int64_t>(i))
      return false;
  return true;
}

static void describeReduction(ReducingOpInterface reduction, Group &group) {
  auto type = cast<RankedTensorType>(reduction.getReducedOperand().getType());
  SmallVector<int64_t> dims = reduction.getReducedDims();
  group.domain = getDims(type);
  // Reducing everything has no rows to run in parallel: partial sums, then a finish, like a column.
  if (isLeadingRun(dims)) {
    group.kind = Kind::Column;
    group.rowRank = dims.size();
  } else if (std::optional<unsigned> start = getTrailingStart(dims, type.getRank())) {
    group.kind = Kind::Row;
    group.rowRank = *start;
  }
}

Group describe(Operation *op) {
  Group group;
  group.ops.insert(op);
  if (op->getNumResults() != 1 || !isa<StructuredOpInterface>(op))
    return group;
  if (auto reduction = dyn_cast<ReducingOpInterface>(op)) {
    describeReduction(reduction, group);
  } else if (cast<StructuredOpInterface>(op).getElementAccess() != ElementAccess::Other) {
    group.kind = Kind::Pointwise;
    group.domain = getDims(cast<RankedTensorType>(op->getResult(0).getType()));
  }
  return group;
}

} // namespace glyptic::fusion
