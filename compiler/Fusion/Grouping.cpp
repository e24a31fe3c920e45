//===- Grouping.cpp - Which ops become one kernel ---------------*- C++ -*-===//
//
// Greedy and forward: each op starts as a group; for every value that passes from one group to another, largest first,
// the groups merge if the predicates allow it and no path leaves the merged group and comes back. A value that stays
// inside a group is traffic saved: its bytes are the gain, so the order of the edges is the order of the gain.
//
//===----------------------------------------------------------------------===//
#include "compiler/Fusion/Grouping.h"
#include "compiler/Fusion/Predicates.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::fusion {

namespace {

/// The batch at which sizes are compared where only one side depends on it.
constexpr int64_t kTypicalBatch = 32;

struct Edge {
  Operation *producer, *consumer;
  int64_t bytes;
};

class Grouper {
public:
  explicit Grouper(Block &block) {
    for (auto [position, op] : llvm::enumerate(block.without_terminator())) {
      positions[&op] = position;
      if (isFusible(&op) && !isFree(&op)) {
        groupOf[&op] = groups.size();
        groups.push_back(describe(&op));
      }
    }
  }

  std::vector<Group> run() {
    for (const Edge &edge : collectEdges())
      tryMerge(groupOf.lookup(edge.producer), groupOf.lookup(edge.consumer));
    mergeScalars();
    llvm::erase_if(groups, [](const Group &group) { return group.ops.empty(); });
    return std::move(groups);
  }

private:
  /// A kernel that computes a scalar is all launch and no work, so those that need not wait for each other share one.
  void mergeScalars() {
    auto isScalar = [](const Group &group) {
      return !group.ops.empty() && group.kind == Kind::Pointwise && group.domain.empty();
    };
    for (size_t later = 0; later < groups.size(); ++later)
      for (size_t earlier = 0; earlier < later; ++earlier)
        if (isScalar(groups[earlier]) && isScalar(groups[later]))
          tryMerge(earlier, later);
  }

  std::vector<Edge> collectEdges() {
    std::vector<Edge> edges;
    for (const Group &group : groups) {
      Operation *consumer = group.ops.front();
      llvm::SetVector<Operation *> producers;
      for (Value operand : consumer->getOperands())
        collectProducers(operand, producers);
      for (Operation *producer : producers)
        if (groupOf.contains(producer))
          edges.push_back({producer, consumer, bytesOf(producer)});
    }
    // Stable: edges of one size keep program order, so the result depends on the program alone.
    llvm::stable_sort(edges, [](const Edge &a, const Edge &b) { return a.bytes > b.bytes; });
    return edges;
  }

  static int64_t bytesOf(Operation *op) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    return getNumElements(type).at(kTypicalBatch) * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  }

  void tryMerge(size_t producer, size_t consumer) {
    if (producer == consumer)
      return;
    std::optional<Group> merged = merge(groups[producer], groups[consumer]);
    if (!merged || closesCycle(*merged))
      return;
    for (Operation *op : merged->ops)
      groupOf[op] = consumer;
    groups[consumer] = std::move(*merged);
    groups[producer].ops.clear();
  }

  /// Whether a path leaves `merged` and comes back: walks from what the group reads back to front, each other group as
  /// one node, and looks for a member.
  bool closesCycle(const Group &merged) {
    int64_t first = getLastPosition(merged.ops);
    for (Operation *op : merged.ops)
      first = std::min(first, positions.lookup(op));

    llvm::SmallPtrSet<Operation *, 32> visited;
    SmallVector<Operation *> worklist;
    auto push = [&](Operation *op) {
      if (visited.insert(op).second)
        worklist.push_back(op);
    };
    for (Operation *op : merged.ops) {
      // A free op is cloned into the region, so what it reads is read by the region.
      llvm::SetVector<Operation *> producers;
      for (Value operand : op->getOperands())
        collectProducers(operand, producers);
      for (Operation *producer : producers)
        if (!merged.ops.contains(producer))
          push(producer);
    }
    while (!worklist.empty()) {
      Operation *op = worklist.pop_back_val();
      auto it = groupOf.find(op);
      ArrayRef<Operation *> members = it == groupOf.end() ? ArrayRef(op) : groups[it->second].ops.getArrayRef();
      // What stands wholly before the group's first op cannot depend on it.
      if (getLastPosition(members) < first)
        continue;
      for (Operation *member : members) {
        if (merged.ops.contains(member))
          return true;
        for (Value operand : member->getOperands())
          if (Operation *def = operand.getDefiningOp())
            push(def);
      }
    }
    return false;
  }

  template <typename Ops> int64_t getLastPosition(const Ops &ops) const {
    int64_t last = 0;
    for (Operation *op : ops)
      last = std::max(last, positions.lookup(op));
    return last;
  }

  std::vector<Group> groups;
  DenseMap<Operation *, size_t> groupOf;
  DenseMap<Operation *, int64_t> positions;
};

} // namespace

std::vector<Group> formGroups(Block &block) { return Grouper(block).run(); }

} // namespace glyptic::fusion
