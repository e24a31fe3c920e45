//===- EntryPlan.cpp - Values of an entry as storages -----------===//
#include "compiler/Planning/EntryPlan.h"
#include "compiler/Program.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/LibraryChoice.h"
#include "dialects/Graph/Packing.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::planning {

LogicalResult EntryPlan::analyse() {
  if (!llvm::hasSingleElement(function.getBody()))
    return function.emitError("a program's function is one block");
  if (failed(addArguments()) || failed(addBody()) || failed(checkResults()))
    return failure();
  bindStateResults();
  if (failed(placePacks()))
    return failure();
  reuseDyingOperands();
  addResults();
  return success();
}

StorageId EntryPlan::addStorage(plan::Arena arena, plan::SizeAttr size, int64_t offset) {
  StorageId id = storages.size();
  storages.push_back({arena, size, 0, 0, offset, nullptr, id});
  uses.emplace_back();
  return id;
}

StorageId EntryPlan::addWork(Type tensor, unsigned begin, unsigned end) {
  StorageId id = addStorage(plan::Arena::Work, plan::getTensorSize(cast<RankedTensorType>(tensor)));
  storages[id].begin = begin;
  storages[id].end = end;
  return id;
}

StorageId EntryPlan::find(StorageId id) const {
  while (storages[id].parent != id)
    id = storages[id].parent;
  return id;
}

void EntryPlan::extend(StorageId id, unsigned end) {
  Storage &storage = storages[find(id)];
  storage.end = std::max(storage.end, end);
}

void EntryPlan::addUse(StorageId storage, unsigned instruction, OpOperand *operand) {
  uses[storage].push_back({instruction, operand});
  extend(storage, instruction);
  if (auto pack = packs.find(storage); pack != packs.end())
    for (auto [part, position] : pack->second.parts)
      addUse(part, instruction, operand);
}

void EntryPlan::addPack(Value whole, StorageId storage, ArrayRef<StorageId> parts, TypeRange types) {
  Pack pack{cast<RankedTensorType>(whole.getType()), {}};
  for (auto [part, position] : llvm::zip(parts, getPackedOffsets(types)))
    pack.parts.push_back({part, position});
  storageOf[whole] = storage;
  packs[storage] = std::move(pack);
}

LogicalResult EntryPlan::addUnpack(Operation *op) {
  Value whole = op->getOperand(0);
  const Storage made = storages[storageOf.lookup(whole)];
  if (!made.def || packs.contains(made.parent))
    return op->emitOpError("takes apart what is made of parts already, or made by no instruction");
  SmallVector<StorageId> parts;
  for (Value result : op->getResults()) {
    parts.push_back(storageOf[result] = addWork(result.getType(), made.begin, made.begin));
    storages[parts.back()].def = made.def;
  }
  addPack(whole, made.parent, parts, op->getResultTypes());
  return success();
}

/// A pack is where its first part is, if the others follow.
LogicalResult EntryPlan::placePacks() {
  for (auto &[whole, pack] : packs) {
    const int64_t bytes = plan::getElementBytes(pack.type.getElementType());
    const Storage first = get(pack.parts.front().first);
    for (auto [part, position] : pack.parts)
      if (const Storage &storage = get(part); storage.arena == plan::Arena::Work || storage.arena != first.arena ||
                                              storage.offset != first.offset + position * bytes)
        return function.emitError("has a flat tensor with parts that do not lie side by side");
    storages[whole].arena = first.arena;
    storages[whole].offset = first.offset;
  }
  return success();
}

LogicalResult EntryPlan::addArguments() {
  for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
    StringRef name = function.getArgAttrOfType<StringAttr>(i, kNameAttr);
    StringRef role = function.getArgAttrOfType<StringAttr>(i, kRoleAttr);
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      return function.emitError() << "argument '" << name << "' is no tensor";
    if (role::isPersistent(role)) {
      const Persistent *place = memory.lookup(name);
      persistent[name] = storageOf[argument] = addStorage(place->arena, place->getSize(), place->offset);
    } else {
      // The whole run long, so that a caller may run again without writing its data again.
      storageOf[argument] = addWork(type, 0, 0);
      inputs.push_back({name.str(), role.str(), type, storageOf[argument]});
    }
  }
  return success();
}

LogicalResult EntryPlan::addBody() {
  for (Operation &op : function.getBody().front().without_terminator()) {
    ElementsAttr constant;
    if (op.hasTrait<trait::View>()) {
      storageOf[op.getResult(0)] = storageOf.lookup(op.getOperand(0));
    } else if (auto pack = dyn_cast<PackOp>(op)) {
      auto parts = llvm::map_to_vector(pack.getInputs(), [&](Value input) { return storageOf.lookup(input); });
      StorageId whole = addStorage(plan::Arena::State, plan::getTensorSize(pack.getType()));
      addPack(pack, whole, parts, pack.getInputs().getTypes());
    } else if (isa<UnpackOp>(op)) {
      if (failed(addUnpack(&op)))
        return failure();
    } else if (matchPattern(&op, m_Constant(&constant))) {
      FailureOr<int64_t> offset = memory.addConstant(op.getLoc(), constant);
      if (failed(offset))
        return failure();
      auto type = cast<RankedTensorType>(op.getResult(0).getType());
      storageOf[op.getResult(0)] = addStorage(plan::Arena::Constant, plan::getTensorSize(type), *offset);
    } else if (failed(addInstruction(&op))) {
      return failure();
    }
  }
  for (const Port &input : inputs)
    extend(input.storage, getEnd());
  return success();
}

LogicalResult EntryPlan::addInstruction(Operation *op) {
  const unsigned index = instructions.size();
  auto region = dyn_cast<RegionOp>(op);
  if (!(region && region.getLaunches()) && !findLibraryCall(op))
    return op->emitError("has neither a kernel nor a library routine");
  for (OpOperand &operand : op->getOpOperands())
    addUse(storageOf.lookup(operand.get()), index, &operand);
  for (Value result : op->getResults()) {
    storageOf[result] = addWork(result.getType(), index, index);
    storages[storageOf[result]].def = op;
  }
  if (region && region.getScratch())
    for (auto type : region.getScratch()->getAsValueRange<TypeAttr>())
      scratch[op].push_back(addWork(type, index, index));
  if (std::optional<Workspace> bytes = getWorkspace(op)) {
    StorageId id =
        addStorage(plan::Arena::Work, plan::SizeAttr::get(op->getContext(), bytes->constant, bytes->perSample));
    storages[id].begin = storages[id].end = index;
    scratch[op].push_back(id);
  }
  instructions.push_back(op);
  return success();
}

LogicalResult EntryPlan::checkResults() {
  for (auto [i, value] : llvm::enumerate(getReturn()->getOperands())) {
    StringRef name = getResultAttr(i, kNameAttr), role = getResultAttr(i, kRoleAttr);
    if (name.empty() || role.empty())
      return function.emitError() << "result " << i << " has no " << kNameAttr << " or no " << kRoleAttr;
    if (!role::isPersistent(role))
      continue;
    const Persistent *place = memory.lookup(name);
    if (!place)
      return function.emitError() << "result '" << name << "' is state that no function takes";
    if (place->type != value.getType())
      return function.emitError() << "result '" << name << "' is " << value.getType() << ", but its state is "
                                  << place->type;
    if (!persistent.contains(name))
      persistent[name] = addStorage(place->arena, place->getSize(), place->offset);
  }
  return success();
}

StringRef EntryPlan::getResultAttr(unsigned result, StringRef name) const {
  auto value = func::FuncOp(function).getResultAttrOfType<StringAttr>(result, name);
  return value ? value.strref() : StringRef();
}

std::optional<StorageId> EntryPlan::getTarget(unsigned result) const {
  if (!role::isPersistent(getResultAttr(result, kRoleAttr)))
    return std::nullopt;
  return persistent.lookup(getResultAttr(result, kNameAttr));
}

bool EntryPlan::isFixed(Value value) const {
  plan::Arena arena = getStorage(value).arena;
  return !memory.writesState() && (arena == plan::Arena::State || arena == plan::Arena::Constant);
}

ArrayRef<StorageId> EntryPlan::getScratch(Operation *op) const {
  auto it = scratch.find(op);
  return it == scratch.end() ? ArrayRef<StorageId>() : ArrayRef<StorageId>(it->second);
}

SmallVector<Lifetime> EntryPlan::getWorkLifetimes(int64_t batch) const {
  SmallVector<Lifetime> lifetimes;
  for (auto [id, storage] : llvm::enumerate(storages))
    if (storage.parent == id && storage.arena == plan::Arena::Work)
      lifetimes.push_back({storage.size.at(batch), storage.begin, storage.end});
  return lifetimes;
}

void EntryPlan::setWorkOffsets(ArrayRef<int64_t> offsets) {
  for (auto [id, storage] : llvm::enumerate(storages))
    if (storage.parent == id && storage.arena == plan::Arena::Work) {
      storage.offset = offsets.front();
      offsets = offsets.drop_front();
    }
}

} // namespace glyptic::planning
