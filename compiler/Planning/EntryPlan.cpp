//===- EntryPlan.cpp - Values of an entry as storages -----------===//
#include "compiler/Planning/EntryPlan.h"
#include "compiler/Program.h"
#include "dialects/Graph/GraphDialect.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::planning {

bool isView(Operation *op) { return isa<ReshapeOp>(op); }

LogicalResult EntryPlan::analyse() {
  if (!llvm::hasSingleElement(function.getBody()))
    return function.emitError("a program's function is one block");
  if (failed(addArguments()) || failed(addBody()) || failed(checkResults()))
    return failure();
  bindStateResults();
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

LogicalResult EntryPlan::addArguments() {
  for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
    StringRef name = function.getArgAttrOfType<StringAttr>(i, kNameAttr);
    StringRef role = function.getArgAttrOfType<StringAttr>(i, kRoleAttr);
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      return function.emitError() << "argument '" << name << "' is no tensor";
    if (isPersistent(role)) {
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
    if (isView(&op)) {
      storageOf[op.getResult(0)] = storageOf.lookup(op.getOperand(0));
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
  auto call = dyn_cast<LibraryCallOpInterface>(op);
  if (!(region && region.getLaunches()) && !(call && call.getLibraryCall()))
    return op->emitError("has neither a kernel nor a library routine");
  for (OpOperand &operand : op->getOpOperands()) {
    StorageId storage = storageOf.lookup(operand.get());
    uses[storage].push_back({index, &operand});
    extend(storage, index);
  }
  for (Value result : op->getResults()) {
    storageOf[result] = addWork(result.getType(), index, index);
    storages[storageOf[result]].def = op;
  }
  if (region && region.getScratch())
    for (auto type : region.getScratch()->getAsValueRange<TypeAttr>())
      scratch[op].push_back(addWork(type, index, index));
  instructions.push_back(op);
  return success();
}

LogicalResult EntryPlan::checkResults() {
  for (auto [i, value] : llvm::enumerate(getReturn()->getOperands())) {
    StringRef name = getResultAttr(i, kNameAttr), role = getResultAttr(i, kRoleAttr);
    if (name.empty() || role.empty())
      return function.emitError() << "result " << i << " has no " << kNameAttr << " or no " << kRoleAttr;
    if (!isPersistent(role))
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
  if (!isPersistent(getResultAttr(result, kRoleAttr)))
    return std::nullopt;
  return persistent.lookup(getResultAttr(result, kNameAttr));
}

ArrayRef<StorageId> EntryPlan::getScratch(Operation *region) const {
  auto it = scratch.find(region);
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
