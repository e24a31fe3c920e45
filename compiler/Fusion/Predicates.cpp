//===- Predicates.cpp - When two groups may become one ----------*- C++ -*-===//
#include "compiler/Fusion/Predicates.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::fusion {

/// The batch at which sizes are compared where only one side depends on it.
static constexpr int64_t kTypicalBatch = 32;

/// Beyond this many values a kernel's loop spills registers and takes long to compile, for no traffic saved.
static constexpr unsigned kMaxOps = 96;

static bool isRowValueOf(const Group &small, const Group &row) {
  return (row.kind == Kind::Row || row.kind == Kind::RowColumn) && small.kind == Kind::Pointwise &&
         ArrayRef(small.domain) == ArrayRef(row.domain).take_front(row.rowRank);
}

static bool isOverRows(const Group &group) {
  return group.kind == Kind::Row || group.kind == Kind::Column || group.kind == Kind::RowColumn;
}

static bool hasColumns(const Group &group) { return group.kind == Kind::Column || group.kind == Kind::RowColumn; }

/// Kind, domain and row rank of the union; Kind::Alone if no loop structure serves both.
static Group unite(const Group &producer, const Group &consumer) {
  Group merged;
  merged.ops = producer.ops;
  merged.ops.insert(consumer.ops.begin(), consumer.ops.end());

  const bool sameDomain = producer.domain == consumer.domain;
  const Group *lead = nullptr;
  if (sameDomain && producer.kind == Kind::Pointwise)
    lead = &consumer;
  else if (sameDomain && consumer.kind == Kind::Pointwise)
    lead = &producer;
  else if (sameDomain && producer.kind == consumer.kind && producer.rowRank == consumer.rowRank)
    lead = &producer;
  else if (sameDomain && isOverRows(producer) && isOverRows(consumer) && producer.rowRank == consumer.rowRank)
    lead = &producer, merged.kind = Kind::RowColumn;
  else if (isRowValueOf(consumer, producer))
    lead = &producer;
  else if (isRowValueOf(producer, consumer))
    lead = &consumer;
  if (!lead)
    return merged;
  if (merged.kind != Kind::RowColumn)
    merged.kind = lead->kind;
  merged.domain = lead->domain;
  merged.rowRank = lead->rowRank;
  return merged;
}

static bool haveOneLoopStructure(const Group &, const Group &, const Group &merged) {
  return merged.kind != Kind::Alone;
}

static bool isSmallEnough(const Group &, const Group &, const Group &merged) { return merged.ops.size() <= kMaxOps; }

/// A column reduction is finished by a second kernel, so nothing in its own region can use it.
static bool columnsEndTheGroup(const Group &, const Group &, const Group &merged) {
  return llvm::all_of(merged.ops, [&](Operation *op) {
    return !isa<ReducingOpInterface>(op) || describe(op).kind != Kind::Column ||
           llvm::none_of(op->getUsers(), [&](Operation *user) { return merged.ops.contains(user); });
  });
}

/// Whether sums over the rows can accumulate in the first-level cache while the rows are computed and stored, and there
/// are enough rows to share out.
static bool canAccumulate(const Group &group) {
  int64_t rows = 1, columns = 1;
  for (auto [i, dim] : llvm::enumerate(group.domain)) {
    (i < group.rowRank ? rows : columns) *= dim.at(kTypicalBatch);
    if (i >= group.rowRank && dim.batched)
      return false;
  }
  return columns >= 32 && columns <= 4096 && rows >= 512;
}

/// What feeds a column reduction is computed in its loop. If others need it, too, the loop must store it beside the
/// sums; where it cannot, its own group stores it, and more threads share the work.
static bool columnsTakeOnlyWhatIsTheirs(const Group &producer, const Group &consumer, const Group &merged) {
  if (!hasColumns(merged) || (producer.kind == Kind::Column && consumer.kind == Kind::Column) || canAccumulate(merged))
    return true;
  if (merged.kind == Kind::RowColumn)
    return false;
  return llvm::all_of(producer.ops, [&](Operation *op) { return isUsedOnlyIn(op, merged); });
}

/// An op that reads through a map must find its operand in memory, not in the registers of another iteration.
static bool mapsReadMemory(const Group &, const Group &, const Group &merged) {
  return llvm::none_of(merged.ops, [&](Operation *op) {
    auto structured = dyn_cast<StructuredOpInterface>(op);
    if (!structured || structured.getElementAccess() != ElementAccess::Mapped)
      return false;
    llvm::SetVector<Operation *> producers;
    for (Value operand : op->getOperands())
      collectProducers(operand, producers);
    return llvm::any_of(producers, [&](Operation *producer) { return merged.ops.contains(producer); });
  });
}

ArrayRef<Predicate> getPredicates() {
  static const Predicate predicates[] = {
      // First, because it says more than that the loops differ, which they do then, too.
      {{"columns-end", "a reduction over rows is complete only after the whole kernel"}, columnsEndTheGroup},
      {{"one-loop-structure", "no schedule serves both iteration spaces"}, haveOneLoopStructure},
      {{"small-enough", "the kernel would hold too many values at once"}, isSmallEnough},
      {{"columns-own", "other kernels need what feeds the reduction over rows"}, columnsTakeOnlyWhatIsTheirs},
      {{"maps-read-memory", "an element is needed by another iteration than the one that computes it"}, mapsReadMemory},
  };
  return predicates;
}

StringRef getReason(StringRef rule) {
  for (const Predicate &predicate : getPredicates())
    if (predicate.name == rule)
      return predicate.reason;
  for (const Rule &other : {kNoWayAround, kOneShape, kFlatState, kStoredCopy, kMemoryBudget})
    if (other.name == rule)
      return other.reason;
  return {};
}

std::optional<Group> merge(const Group &producer, const Group &consumer, const Predicate **stoppedBy) {
  Group merged = unite(producer, consumer);
  for (const Predicate &predicate : getPredicates()) {
    if (predicate.holds(producer, consumer, merged))
      continue;
    if (stoppedBy)
      *stoppedBy = &predicate;
    return std::nullopt;
  }
  return merged;
}

} // namespace glyptic::fusion
