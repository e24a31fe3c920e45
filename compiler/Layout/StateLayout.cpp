//===- StateLayout.cpp - The order in which state lies in memory -*- C++ -*-===//
#include "compiler/Layout/StateLayout.h"
#include "compiler/Program.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/Permutation.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::layout {

namespace {

using Layouts = llvm::StringMap<SmallVector<int64_t>>;

StringRef getString(DictionaryAttr attributes, StringRef key) {
  auto value = attributes ? attributes.getAs<StringAttr>(key) : StringAttr();
  return value ? value.getValue() : StringRef();
}

/// The first preference in program order decides; later users that want another order get a transposed copy.
void collectPreferences(func::FuncOp function, Layouts &layouts) {
  function.walk([&](LayoutPreferenceOpInterface op) {
    for (OpOperand &operand : op->getOpOperands()) {
      auto argument = dyn_cast<BlockArgument>(operand.get());
      if (!argument || argument.getOwner() != &function.front())
        continue;
      DictionaryAttr attributes = function.getArgAttrDict(argument.getArgNumber());
      StringRef role = getString(attributes, kRoleAttr);
      SmallVector<int64_t> permutation = op.getPreferredPermutation(operand.getOperandNumber());
      if ((role == role::Parameter || role == role::Buffer) && !isIdentityPermutation(permutation))
        layouts.try_emplace(getString(attributes, kNameAttr), permutation);
    }
  });
}

/// The parameter's layout for the parameter itself and for what accompanies it: `optimizer.<slot>.<name>` and
/// `gradient.<name>`.
const SmallVector<int64_t> *getLayout(const Layouts &layouts, DictionaryAttr attributes, Type type) {
  StringRef name = getString(attributes, kNameAttr), role = getString(attributes, kRoleAttr);
  if (role == role::Slot)
    name = name.split('.').second.split('.').second;
  else if (role == role::Accumulator)
    name.consume_front("gradient.");
  else if (role != role::Parameter && role != role::Buffer)
    return nullptr;
  auto found = layouts.find(name);
  auto tensor = cast<RankedTensorType>(type);
  bool fits = found != layouts.end() && tensor.getRank() == static_cast<int64_t>(found->second.size());
  return fits ? &found->second : nullptr;
}

void apply(func::FuncOp function, const Layouts &layouts) {
  OpBuilder builder(function.getContext());
  builder.setInsertionPointToStart(&function.front());
  for (BlockArgument argument : function.getArguments()) {
    unsigned index = argument.getArgNumber();
    const SmallVector<int64_t> *layout = getLayout(layouts, function.getArgAttrDict(index), argument.getType());
    if (!layout)
      continue;
    argument.setType(permuteType(cast<RankedTensorType>(argument.getType()), *layout));
    function.setArgAttr(index, kPermutationAttr, builder.getDenseI64ArrayAttr(*layout));
    Value original = transpose(builder, argument.getLoc(), argument, invertPermutation(*layout));
    argument.replaceAllUsesExcept(original, original.getDefiningOp());
  }
  Operation *terminator = function.front().getTerminator();
  builder.setInsertionPoint(terminator);
  for (OpOperand &result : terminator->getOpOperands()) {
    DictionaryAttr attributes = function.getResultAttrDict(result.getOperandNumber());
    if (const SmallVector<int64_t> *layout = getLayout(layouts, attributes, result.get().getType()))
      result.set(transpose(builder, result.get().getLoc(), result.get(), *layout));
  }
  function.setType(FunctionType::get(function.getContext(), function.front().getArgumentTypes(),
                                     terminator->getOperandTypes()));
}

} // namespace

void chooseStateLayouts(ModuleOp module) {
  Layouts layouts;
  for (func::FuncOp function : module.getOps<func::FuncOp>())
    collectPreferences(function, layouts);
  for (func::FuncOp function : module.getOps<func::FuncOp>())
    apply(function, layouts);
}

} // namespace glyptic::layout
