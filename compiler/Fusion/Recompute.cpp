//===- Recompute.cpp - What is computed again rather than stored -*- C++ -*-===//
//
// Kernels between library calls wait for memory, so arithmetic is free and traffic is not. An elementwise value that is
// made from one stored tensor of its size (and smaller ones: a bias, a row's mean) costs one read wherever it is used,
// exactly what it would cost to read it back; storing it would add the write, and the memory until its last use. So a
// GELU keeps its input for the backward pass, a normalisation its input and two numbers a row.
//
// What is read instead may be a quarter larger than the value (small tensors count), no more: a value made from two
// would need both kept alive, and a residual stream all that was ever added to it. It is a greedy form of the minimum
// cut that other compilers compute between the passes.
//
//===----------------------------------------------------------------------===//
#include "compiler/Fusion/Recompute.h"
#include "compiler/Fusion/Group.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::fusion {

namespace {

/// The batch at which sizes are compared where only one side depends on it.
constexpr int64_t kTypicalBatch = 32;

/// Operations from memory to the value, beyond which arithmetic is not free.
constexpr size_t kMaxOps = 32;

/// Index maps through which a move's loop may read: two for each join of a value with itself, four for two of them.
constexpr int64_t kMaxMaps = 16;

class Recomputation {
public:
  void visit(Operation *op) {
    if (!isCandidate(op))
      return;
    Sources sources;
    for (Value operand : op->getOperands()) {
      const int64_t maps = collect(operand, sources);
      sources.maps = isMove(op) ? sources.maps + maps : std::max(sources.maps, maps);
    }
    sources.ops.insert(op);
    if (sources.ops.size() > kMaxOps || sources.maps > kMaxMaps || countElements(sources) * 4 > getElements(op->getResult(0)) * 5)
      return;
    op->setAttr(kRecomputedAttr, UnitAttr::get(op->getContext()));
    known[op] = std::move(sources);
  }

private:
  /// What a value is computed from if nothing on the way is stored.
  struct Sources {
    llvm::SetVector<Value> stored;
    llvm::SetVector<Operation *> ops;
    int64_t maps = 0;
  };

  /// An index map with one meaning for every element: nothing is looked up, nothing repeated.
  static bool isMove(Operation *op) { return op->hasTrait<trait::View>() || op->hasTrait<trait::MovesElements>(); }

  bool isCandidate(Operation *op) {
    auto [it, isNew] = candidates.try_emplace(op, false);
    if (isNew) {
      const bool result = judge(op);
      return candidates[op] = result;
    }
    return it->second;
  }

  bool judge(Operation *op) {
    auto structured = dyn_cast<StructuredOpInterface>(op);
    if (op->getNumResults() != 1 || op->use_empty() || isFree(op) ||
        cast<RankedTensorType>(op->getResult(0).getType()).getRank() == 0)
      return false;
    // Of moves in a row only the last touches memory, but what computes on elements wants to find them side by side.
    if (isMove(op))
      return llvm::all_of(op->getUsers(), isKernelMove);
    return structured && isFusible(op) && structured.getElementAccess() == ElementAccess::Same &&
           llvm::all_of(op->getUsers(), [&](Operation *user) { return canComputeOperands(user); });
  }

  static bool isKernelMove(Operation *user) { return isFusible(user) && user->hasTrait<trait::MovesElements>(); }

  /// Whether a region of `user` can compute what it reads. A map that reads an element more than once would compute it
  /// more than once.
  bool canComputeOperands(Operation *user) {
    if (isMove(user))
      return isKernelMove(user) || isCandidate(user);
    return isFusible(user) && !readsMemory(user) &&
           cast<StructuredOpInterface>(user).getElementAccess() != ElementAccess::Mapped;
  }

  /// Adds what `value` is computed from; returns through how many maps.
  int64_t collect(Value value, Sources &sources) {
    int64_t maps = 1;
    SmallVector<Value> work{value};
    llvm::SmallDenseSet<Value, 8> seen;
    while (!work.empty()) {
      Value current = work.pop_back_val();
      Operation *def = current.getDefiningOp();
      if (!seen.insert(current).second)
        continue;
      if (auto it = known.find(def); it != known.end()) {
        sources.stored.insert_range(it->second.stored);
        sources.ops.insert_range(it->second.ops);
        maps = std::max(maps, it->second.maps);
      } else if (def && isFree(def)) {
        llvm::append_range(work, llvm::reverse(def->getOperands()));
      } else {
        sources.stored.insert(current);
      }
    }
    return maps;
  }

  /// Not bytes: a boolean is narrow, but what it was compared from is most likely read beside it.
  static int64_t getElements(Value value) {
    return getNumElements(cast<RankedTensorType>(value.getType())).at(kTypicalBatch);
  }

  static int64_t countElements(const Sources &sources) {
    int64_t elements = 0;
    for (Value value : sources.stored)
      elements += getElements(value);
    return elements;
  }

  llvm::DenseMap<Operation *, Sources> known;
  llvm::DenseMap<Operation *, bool> candidates; ///< an op is asked for by each of its operands, too
};

} // namespace

void markRecomputed(Block &block) {
  Recomputation recomputation;
  for (Operation &op : block.without_terminator())
    recomputation.visit(&op);
}

} // namespace glyptic::fusion
