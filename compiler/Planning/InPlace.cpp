//===- InPlace.cpp - When a result may take memory in use -------===//
#include "compiler/Planning/EntryPlan.h"
#include "compiler/Program.h"
#include "dialects/Graph/GraphDialect.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::planning {

/// Whether what `argument` of a region's body becomes stays at the same index all the way to the results.
static bool isUsedPointwise(BlockArgument argument) {
  llvm::SetVector<Value> derived;
  derived.insert(argument);
  for (size_t i = 0; i < derived.size(); ++i)
    for (Operation *user : derived[i].getUsers()) {
      if (isa<YieldOp>(user))
        continue;
      if (!user->hasTrait<OpTrait::Elementwise>())
        return false;
      derived.insert(user->result_begin(), user->result_end());
    }
  return true;
}

/// Where `part` begins in `whole`, in elements; -1 if it is no part of it.
int64_t EntryPlan::getPosition(StorageId whole, StorageId part) const {
  if (find(whole) == find(part))
    return 0;
  if (auto pack = packs.find(whole); pack != packs.end())
    for (auto [member, position] : pack->second.parts)
      if (find(member) == find(part))
        return position;
  return -1;
}

/// Whether `op` reads `storage` only at the index at which it writes `part` of `result`, before it writes there: one
/// kernel, one loop over the elements. A second kernel could read what the first has overwritten.
bool EntryPlan::readsPointwise(Operation *op, StorageId storage, Value result, StorageId part) const {
  auto region = dyn_cast<RegionOp>(op);
  if (!region || region.getSchedule() != "pointwise" || region.getLaunches()->size() != 1)
    return false;
  auto resultType = cast<RankedTensorType>(result.getType());
  const int64_t written = getPosition(storageOf.lookup(result), part);
  for (auto [operand, argument] : llvm::zip_equal(region.getInputs(), region.getBody().getArguments())) {
    const int64_t read = getPosition(storageOf.lookup(operand), storage);
    if (read < 0)
      continue;
    auto type = cast<RankedTensorType>(operand.getType());
    if (read != written || getDims(type) != getDims(resultType) || !isUsedPointwise(argument))
      return false;
  }
  return true;
}

/// Whether the old value in `state` is read for the last time before, or pointwise while, `value` is made.
bool EntryPlan::mayBecome(StorageId state, StorageId result, Value value) const {
  const Storage &made = storages[result];
  if (!made.def || made.parent != result || made.size != storages[state].size)
    return false;
  if (llvm::any_of(getReturn()->getOperands(), [&](Value v) { return storageOf.lookup(v) == state; }))
    return false;
  return llvm::all_of(uses[state], [&](const Use &use) {
    return use.instruction < made.begin ||
           (use.instruction == made.begin && readsPointwise(made.def, state, value, result));
  });
}

void EntryPlan::bindStateResults() {
  for (auto [i, value] : llvm::enumerate(getReturn()->getOperands())) {
    std::optional<StorageId> state = getTarget(i);
    StorageId result = storageOf.lookup(value);
    if (!state || result == *state)
      continue;
    while (Operation *view = value.getDefiningOp()) {
      if (!view->hasTrait<trait::View>() && !isa<UnpackOp>(view))
        break;
      value = view->getOperand(0);
    }
    if (mayBecome(*state, result, value))
      storages[result].parent = *state;
  }
}

/// Saves memory, and the cache misses of a second buffer.
void EntryPlan::reuseDyingOperands() {
  for (auto [index, op] : llvm::enumerate(instructions))
    if (isa<RegionOp>(op))
      for (Value result : op->getResults())
        shareOperand(op, index, result);
}

void EntryPlan::shareOperand(Operation *op, unsigned index, Value result) {
  StorageId id = storageOf.lookup(result);
  if (find(id) != id || storages[id].arena != plan::Arena::Work)
    return;
  // A value that is returned lives to the end, which `end` does not say yet.
  auto isReturned = [&](StorageId storage) {
    return llvm::any_of(getReturn()->getOperands(), [&](Value v) { return find(storageOf.lookup(v)) == storage; });
  };
  for (Value operand : op->getOperands()) {
    StorageId dying = find(storageOf.lookup(operand));
    const Storage &storage = storages[dying];
    if (!storage.def || storage.def == op || storage.end != index || storage.arena != plan::Arena::Work ||
        storage.size != storages[id].size)
      continue;
    auto isTaken = [&](Value other) { return other != result && find(storageOf.lookup(other)) == dying; };
    if (llvm::any_of(op->getResults(), isTaken) || isReturned(dying) || !readsPointwise(op, dying, result, id))
      continue;
    storages[id].parent = dying;
    extend(dying, storages[id].end);
    return;
  }
}

bool EntryPlan::isOverwritten(StorageId state) const {
  for (auto [i, value] : llvm::enumerate(getReturn()->getOperands()))
    if (getTarget(i) == state && storageOf.lookup(value) != state)
      return true;
  return false;
}

void EntryPlan::addResults() {
  SmallVector<std::pair<StorageId, StorageId>> copies;
  for (auto [i, value] : llvm::enumerate(getReturn()->getOperands())) {
    StorageId storage = storageOf.lookup(value);
    extend(storage, getEnd());
    if (std::optional<StorageId> state = getTarget(i)) {
      if (find(storage) != *state)
        copies.push_back({find(storage), *state});
      continue;
    }
    auto type = cast<RankedTensorType>(value.getType());
    if (isOverwritten(storage)) {
      StorageId kept = addWork(type, getEnd(), getEnd());
      copies.push_back({storage, kept});
      storage = kept;
    }
    outputs.push_back({getResultAttr(i, kNameAttr).str(), getResultAttr(i, kRoleAttr).str(), type, storage,
                       bool(func::FuncOp(function).getResultAttr(i, kMixesSamplesAttr))});
  }
  sequentialise(std::move(copies));
}

/// Orders copies that mean one parallel assignment: memory is written when nothing reads its old value any more, and a
/// cycle is broken by keeping one old value aside.
void EntryPlan::sequentialise(SmallVector<std::pair<StorageId, StorageId>> copies) {
  while (!copies.empty()) {
    auto ready = llvm::find_if(copies, [&](auto &copy) {
      return llvm::none_of(copies, [&](auto &other) { return other.first == copy.second; });
    });
    if (ready != copies.end()) {
      endCopies.push_back(*ready);
      copies.erase(ready);
      continue;
    }
    StorageId blocked = copies.front().second;
    StorageId aside = addStorage(plan::Arena::Work, storages[blocked].size);
    storages[aside].begin = storages[aside].end = getEnd();
    endCopies.push_back({blocked, aside});
    for (auto &copy : copies)
      if (copy.first == blocked)
        copy.first = aside;
  }
}

} // namespace glyptic::planning
