//===- Entry.cpp - A function of the program under construction -------------===//
#include "compiler/Training/Entry.h"
#include "compiler/Program.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace glyptic {

static StringRef getString(Attribute attribute) {
  auto string = dyn_cast_or_null<StringAttr>(attribute);
  return string ? string.getValue() : "";
}

StringRef getArgumentName(func::FuncOp function, unsigned index) {
  return getString(function.getArgAttr(index, kNameAttr));
}
StringRef getArgumentRole(func::FuncOp function, unsigned index) {
  return getString(function.getArgAttr(index, kRoleAttr));
}
StringRef getResultName(func::FuncOp function, unsigned index) {
  return getString(function.getResultAttr(index, kNameAttr));
}
StringRef getResultRole(func::FuncOp function, unsigned index) {
  return getString(function.getResultAttr(index, kRoleAttr));
}

static DictionaryAttr getAttributes(Builder builder, StringRef name, StringRef role) {
  return builder.getDictionaryAttr({builder.getNamedAttr(kNameAttr, builder.getStringAttr(name)),
                                    builder.getNamedAttr(kRoleAttr, builder.getStringAttr(role))});
}

Entry::Entry(ModuleOp module, StringRef name) : builder(module.getContext()) {
  builder.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(builder, module.getLoc(), name, builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
}

Value Entry::addArgument(StringRef name, StringRef role, Type type) {
  unsigned index = function.getNumArguments();
  (void)function.insertArgument(index, type, getAttributes(builder, name, role), function.getLoc());
  return function.getArgument(index);
}

Value Entry::addArgumentOf(func::FuncOp other, unsigned index) {
  Value value = addArgument("", "", other.getArgument(index).getType());
  function.setArgAttrs(cast<BlockArgument>(value).getArgNumber(), other.getArgAttrDict(index));
  return value;
}

void Entry::addResult(StringRef name, StringRef role, Value value) {
  results.push_back(value);
  resultAttributes.push_back(getAttributes(builder, name, role));
}

NamedValues Entry::getArguments() {
  NamedValues arguments;
  for (BlockArgument argument : function.getArguments())
    arguments[getArgumentName(function, argument.getArgNumber())] = argument;
  return arguments;
}

SmallVector<Value> Entry::inlineBody(func::FuncOp callee, const NamedValues &bindings) {
  IRMapping mapping;
  for (BlockArgument argument : callee.getArguments())
    mapping.map(argument, bindings.lookup(getArgumentName(callee, argument.getArgNumber())));
  Block &body = callee.getBody().front();
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  return llvm::map_to_vector(body.getTerminator()->getOperands(), [&](Value result) { return mapping.lookup(result); });
}

func::FuncOp Entry::finish() {
  func::ReturnOp::create(builder, function.getLoc(), results);
  function.setFunctionType(builder.getFunctionType(function.getArgumentTypes(), ValueRange(results).getTypes()));
  function.setResAttrsAttr(builder.getArrayAttr(resultAttributes));
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
  return function;
}

} // namespace glyptic
