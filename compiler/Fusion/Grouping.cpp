//===- Grouping.cpp - Which ops become one kernel ---------------*- C++ -*-===//
//
// Greedy and forward: each op starts as a group; for every value that passes from one group to another, largest first,
// the groups merge if the predicates allow it and no path leaves the merged group and comes back. A value that stays
// inside a group is traffic saved: its bytes are the gain, so the order of the edges is the order of the gain. Then
// groups merge that read the same value.
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

/// Every op that is not free is a node, fusible or not; a group is the node of all its ops. A free op is cloned for
/// what reads it, so what it reads is read by that. `order` is topological at all times.
class Grouper {
public:
  explicit Grouper(Block &block) {
    for (Operation &op : block.without_terminator())
      if (!isFree(&op)) {
        groupOf[&op] = groups.size();
        order.push_back(groups.size());
        groups.push_back(isFusible(&op) ? describe(&op) : makeFixed(&op));
      }
    position = order;
  }

  std::vector<Group> run() {
    for (const Edge &edge : collectEdges())
      tryMerge(groupOf.lookup(edge.producer), groupOf.lookup(edge.consumer));
    mergeSiblings();
    mergeScalars();
    for (size_t group = 0; group < groups.size(); ++group)
      findBoundaries(group);
    llvm::erase_if(groups, [](const Group &group) { return group.ops.empty() || !isFusible(group.ops.front()); });
    return std::move(groups);
  }

private:
  static Group makeFixed(Operation *op) {
    Group group;
    group.ops.insert(op);
    return group;
  }

  /// Groups that read the same tensor read it once if they go over it together. Before now they would have stood in the
  /// way of what passes between groups, which saves a write as well.
  void mergeSiblings() {
    llvm::MapVector<Value, llvm::SetVector<Operation *>> readers;
    for (const Group &group : groups)
      for (Operation *op : group.ops)
        if (isFusible(op))
          for (Value operand : op->getOperands())
            collectStored(operand, op, readers);
    auto byBytes = readers.takeVector();
    llvm::stable_sort(byBytes, [](auto &a, auto &b) { return getBytes(a.first) > getBytes(b.first); });
    for (auto &[value, ops] : byBytes) {
      for (auto [i, later] : llvm::enumerate(ops))
        for (Operation *earlier : ArrayRef(ops.getArrayRef()).take_front(i))
          if (getBytes(value) * 2 > getBytes(later->getOperand(0)))
            tryMerge(groupOf.lookup(earlier), groupOf.lookup(later));
    }
  }

  /// Values in memory that `op` reads, itself or through free ops.
  void collectStored(Value value, Operation *op, llvm::MapVector<Value, llvm::SetVector<Operation *>> &readers) const {
    visitSources(value, [&](Value source) {
      Operation *def = source.getDefiningOp();
      if (!def || groupOf.lookup(def) != groupOf.lookup(op))
        readers[source].insert(op);
    });
  }

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

  /// Why the group is not one with those that it reads from.
  void findBoundaries(size_t consumer) {
    llvm::SmallDenseSet<size_t> known{consumer};
    for (Operation *op : groups[consumer].ops)
      for (Operation *producer : isFusible(op) ? getProducers(op) : llvm::SetVector<Operation *>())
        if (size_t other = groupOf.lookup(producer); isFusible(producer) && known.insert(other).second) {
          const Predicate *stoppedBy = nullptr;
          merge(groups[other], groups[consumer], &stoppedBy);
          groups[consumer].apart.push_back({producer, stoppedBy ? stoppedBy->name : kNoWayAround.name});
        }
  }

  static llvm::SetVector<Operation *> getProducers(Operation *consumer) {
    llvm::SetVector<Operation *> producers;
    for (Value operand : consumer->getOperands())
      collectProducers(operand, producers);
    return producers;
  }

  std::vector<Edge> collectEdges() {
    std::vector<Edge> edges;
    for (const Group &group : groups) {
      Operation *consumer = group.ops.front();
      if (isFusible(consumer))
        for (Operation *producer : getProducers(consumer))
          if (isFusible(producer))
            edges.push_back({producer, consumer, getBytes(producer->getResult(0))});
    }
    // Stable: edges of one size keep program order, so the result depends on the program alone.
    llvm::stable_sort(edges, [](const Edge &a, const Edge &b) { return a.bytes > b.bytes; });
    return edges;
  }

  static int64_t getBytes(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    return getNumElements(type).at(kTypicalBatch) * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  }

  void tryMerge(size_t producer, size_t consumer) {
    if (producer == consumer)
      return;
    std::optional<Group> merged = merge(groups[producer], groups[consumer]);
    if (!merged)
      return;
    bool isInOrder = position[producer] < position[consumer];
    size_t first = isInOrder ? producer : consumer, second = isInOrder ? consumer : producer;
    std::optional<llvm::DenseSet<size_t>> between = getBetween(first, second);
    if (!between)
      return;
    for (Operation *op : merged->ops)
      groupOf[op] = consumer;
    groups[consumer] = std::move(*merged);
    groups[producer].ops.clear();
    reorder(position[first], position[second], *between, consumer, producer);
  }

  /// The groups after `first` that `second` needs; nothing if one of them needs `first`, so that a path would leave the
  /// merged group and come back. Only what stands between the two is looked at.
  std::optional<llvm::DenseSet<size_t>> getBetween(size_t first, size_t second) const {
    llvm::DenseSet<size_t> between;
    SmallVector<size_t> worklist{second};
    while (!worklist.empty()) {
      size_t group = worklist.pop_back_val();
      for (Operation *op : groups[group].ops)
        for (Operation *producer : getProducers(op)) {
          size_t needed = groupOf.lookup(producer);
          if (needed == first && group != second)
            return std::nullopt;
          if (position[needed] > position[first] && needed != second && between.insert(needed).second)
            worklist.push_back(needed);
        }
    }
    return between;
  }

  /// Between two places: first what the merged group needs, then the group, then the rest, each as it stood.
  void reorder(size_t from, size_t to, const llvm::DenseSet<size_t> &needed, size_t merged, size_t emptied) {
    SmallVector<size_t> sorted, rest;
    for (size_t group : ArrayRef(order).slice(from, to - from + 1))
      if (group != merged && group != emptied)
        (needed.contains(group) ? sorted : rest).push_back(group);
    sorted.append({merged, emptied});
    sorted.append(rest);
    llvm::copy(sorted, order.begin() + from);
    for (size_t place = from; place <= to; ++place)
      position[order[place]] = place;
  }

  std::vector<Group> groups;
  DenseMap<Operation *, size_t> groupOf;
  std::vector<size_t> order, position; ///< groups by place, places by group
};

} // namespace

std::vector<Group> formGroups(Block &block) { return Grouper(block).run(); }

} // namespace glyptic::fusion
