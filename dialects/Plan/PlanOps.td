//===- PlanOps.td - When and where ------------------------------*- tablegen -*-===//

#ifndef GLYPTIC_PLAN_OPS_TD
#define GLYPTIC_PLAN_OPS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def PlanDialect : Dialect {
  let name = "plan";
  let cppNamespace = "::glyptic::plan";
  let summary = "When and where: buffers in arenas, launches, library calls, copies.";
}

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<PlanDialect, mnemonic, traits>;

#endif // GLYPTIC_PLAN_OPS_TD
