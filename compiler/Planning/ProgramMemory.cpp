//===- ProgramMemory.cpp - Memory that all entries share --------===//
#include "compiler/Planning/ProgramMemory.h"
#include "compiler/Program.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/Packing.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace glyptic::planning {

LogicalResult ProgramMemory::addArguments(func::FuncOp function) {
  for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
    auto name = function.getArgAttrOfType<StringAttr>(i, kNameAttr);
    auto role = function.getArgAttrOfType<StringAttr>(i, kRoleAttr);
    if (!name || !role)
      return function.emitError() << "argument " << i << " has no " << kNameAttr << " or no " << kRoleAttr;
    if (!role::isPersistent(role)) {
      addRange(function, i, name);
      continue;
    }
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || !type.hasStaticShape())
      return function.emitError() << "state '" << name.strref() << "' depends on the batch";
    Persistent entry{name.str(), role.str(), type,
                     function.getArgAttrOfType<DenseI64ArrayAttr>(i, kPermutationAttr),
                     role == role::Accumulator ? plan::Arena::Accumulator : plan::Arena::State};
    auto [known, isNew] = persistent.insert({name.strref(), entry});
    if (!isNew && (known->second.type != type || known->second.arena != entry.arena ||
                   known->second.permutation != entry.permutation))
      return function.emitError() << "state '" << name.strref() << "' is " << type << " here and "
                                  << known->second.type << " elsewhere, or lies otherwise in memory";
  }
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    auto role = function.getResultAttrOfType<StringAttr>(i, kRoleAttr);
    stateIsWritten |= role && role::isPersistent(role) && role != role::Accumulator;
  }
  return success();
}

LogicalResult ProgramMemory::addPacks(func::FuncOp function) {
  for (auto op : function.getOps<graph::PackOp>())
    if (failed(addRun(op, op.getInputs())))
      return failure();
  for (auto op : function.getOps<graph::UnpackOp>())
    if (failed(addRun(op, op.getResults())))
      return failure();
  return success();
}

LogicalResult ProgramMemory::addRun(Operation *op, ValueRange values) {
  SmallVector<StringAttr> names = llvm::map_to_vector(values, [](Value value) { return getHome(value).name; });
  if (!llvm::all_of(names, [&](StringAttr name) { return name && lookup(name); }))
    return op->emitOpError("has a part that is no state, so it cannot lie beside the others");
  if (!runs.add(names))
    return op->emitOpError("wants state to lie in another order than an op before it");
  return success();
}

void ProgramMemory::place() {
  for (auto &[first, entry] : persistent) {
    if (entry.offset >= 0)
      continue;
    SmallVector<StringAttr> run = runs.getRun(StringAttr::get(entry.type.getContext(), first));
    int64_t &size = sizes[static_cast<size_t>(entry.arena)];
    for (StringAttr name : run) {
      Persistent &member = persistent.find(name)->second;
      const int64_t packed = graph::kPackAlignment * plan::getElementBytes(member.type.getElementType());
      member.offset = size;
      size += llvm::alignTo(member.getSize().at(1), run.size() > 1 ? packed : plan::kAlignment);
    }
  }
}

/// An ignored value stays allowed only if every function ignores it.
void ProgramMemory::addRange(func::FuncOp function, unsigned argument, StringRef name) {
  auto bounds = function.getArgAttrOfType<DenseI64ArrayAttr>(argument, kRangeAttr);
  if (!bounds || bounds.size() != 2)
    return;
  IndexRange range{bounds[0], bounds[1], function.getArgAttrOfType<IntegerAttr>(argument, kIgnoredAttr)};
  auto [known, isNew] = ranges.insert({name, range});
  if (isNew)
    return;
  known->second.low = std::max(known->second.low, range.low);
  known->second.high = std::min(known->second.high, range.high);
  if (known->second.ignored != range.ignored)
    known->second.ignored = nullptr;
}

const Persistent *ProgramMemory::lookup(StringRef name) const {
  auto it = persistent.find(name);
  return it == persistent.end() ? nullptr : &it->second;
}

/// Row-major bytes; booleans take one each, where MLIR packs them.
static std::string getBytes(DenseElementsAttr elements) {
  std::string bytes;
  if (elements.getElementType().isInteger(1)) {
    for (bool element : elements.getValues<bool>())
      bytes.push_back(element);
    return bytes;
  }
  ArrayRef<char> raw = elements.getRawData();
  int64_t copies = elements.isSplat() ? elements.getNumElements() : 1;
  bytes.reserve(raw.size() * copies);
  for (int64_t i = 0; i < copies; ++i)
    bytes.append(raw.begin(), raw.end());
  return bytes;
}

FailureOr<int64_t> ProgramMemory::addConstant(Location loc, ElementsAttr value) {
  std::string bytes;
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    bytes = getBytes(dense);
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(value);
             resource && resource.getRawHandle().getBlob()) {
    ArrayRef<char> data = resource.getRawHandle().getBlob()->getData();
    bytes.assign(data.begin(), data.end());
  } else {
    return emitError(loc, "the value of this constant is not in memory");
  }
  auto [known, isNew] = constantOffsets.try_emplace(bytes, constants.size());
  if (isNew) {
    constants.insert(constants.end(), bytes.begin(), bytes.end());
    constants.resize(llvm::alignTo(constants.size(), plan::kAlignment));
  }
  return known->second;
}

int64_t ProgramMemory::getSize(plan::Arena arena) const {
  return arena == plan::Arena::Constant ? constants.size() : sizes[static_cast<size_t>(arena)];
}

} // namespace glyptic::planning
