//===- RegionOps.td - Ops that become one kernel ----------------*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_REGION_TD
#define GLYPTIC_GRAPH_REGION_TD

include "dialects/Graph/GraphDialect.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Graph_RegionOp : Op<GraphDialect, "region", [Pure, IsolatedFromAbove, SingleBlock]> {
  let summary = "a piece of the graph that is generated as one kernel (or a few, with scratch memory between them)";
  let description = [{
    The body holds `graph` ops that have a structured form; its arguments are the operands. `schedule` names the loop
    structure that was chosen ("pointwise", "row", "column", "gather", "scatter", "nest"). The phase that generates code
    records in `launches` and `scratch` what planning must place and call.
  }];
  let arguments = (ins Variadic<Graph_Tensor>:$inputs, OptionalAttr<StrAttr>:$schedule, OptionalAttr<ArrayAttr>:$launches,
                       OptionalAttr<ArrayAttr>:$scratch);
  let results = (outs Variadic<Graph_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "($schedule^)? `(` $inputs `)` attr-dict-with-keyword $body `:` functional-type($inputs, $results)";
  let hasRegionVerifier = 1;
}

def Graph_YieldOp : Op<GraphDialect, "yield", [Pure, Terminator, HasParent<"RegionOp">]> {
  let summary = "results of a region";
  let arguments = (ins Variadic<Graph_Tensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // GLYPTIC_GRAPH_REGION_TD
