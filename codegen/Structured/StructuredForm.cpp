//===- StructuredForm.cpp - A region as linalg on tensors -------*- C++ -*-===//
#include "codegen/Structured/StructuredForm.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::codegen {

FailureOr<StructuredForm> StructuredForm::build(RegionOp region) {
  StructuredForm form;
  form.module = ModuleOp::create(region.getLoc());
  OpBuilder builder = OpBuilder::atBlockEnd(form.module->getBody());
  auto type = builder.getFunctionType(region.getInputs().getTypes(), region.getResultTypes());
  auto function = func::FuncOp::create(builder, region.getLoc(), "structured", type);
  form.body = function.addEntryBlock();
  builder.setInsertionPointToStart(form.body);

  Block &source = region.getBody().front();
  IRMapping map;
  map.map(source.getArguments(), form.body->getArguments());
  auto lookup = [&](OperandRange operands) {
    return llvm::map_to_vector(operands, [&](Value v) { return map.lookup(v); });
  };
  for (Operation &op : source.without_terminator()) {
    // The emitter composes a view into whatever reads it.
    if (op.hasTrait<trait::View>()) {
      builder.clone(op, map);
      continue;
    }
    auto structured = dyn_cast<StructuredOpInterface>(op);
    if (!structured)
      return op.emitOpError("has no structured form, so no kernel can be generated for it; keep it out of regions");
    FailureOr<SmallVector<Value>> values = structured.buildStructured(builder, lookup(op.getOperands()));
    if (failed(values))
      return failure();
    if (op.hasTrait<trait::Costly>())
      for (Value value : *values)
        value.getDefiningOp()->setAttr(kCostlyAttr, builder.getUnitAttr());
    map.map(op.getResults(), *values);
  }
  func::ReturnOp::create(builder, region.getLoc(), lookup(source.getTerminator()->getOperands()));
  return form;
}

} // namespace glyptic::codegen
