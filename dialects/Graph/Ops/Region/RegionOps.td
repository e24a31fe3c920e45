//===- RegionOps.td - Ops that become one kernel ----------------*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_REGION_TD
#define GLYPTIC_GRAPH_REGION_TD

include "dialects/Graph/GraphDialect.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Graph_LaunchAttr : AttrDef<GraphDialect, "Launch"> {
  let mnemonic = "launch";
  let summary = "One call of a generated kernel";
  let description = [{
    `buffers` are the kernel's memory arguments, as positions in: the region's inputs, then its results, then its
    scratch. `writes` are the positions in `buffers` that it writes. The kernel covers chunks [lo, hi) of
    `chunks` (times the batch if `per_batch`), and any split of them into ranges gives the same result; fewer than
    `grain` chunks are not worth another thread. On a GPU a block of `threads` threads takes `chunks_per_block` of them.
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$kernel, ArrayRefParameter<"int64_t">:$buffers,
                        ArrayRefParameter<"int64_t">:$writes, "int64_t":$chunks, DefaultValuedParameter<"bool", "false">:$per_batch,
                        "int64_t":$grain, DefaultValuedParameter<"int64_t", "0">:$threads,
                        DefaultValuedParameter<"int64_t", "1">:$chunks_per_block);
  let assemblyFormat = [{
    `<` $kernel `,` `buffers` `=` `[` $buffers `]` `,` `writes` `=` `[` $writes `]` `,` struct($chunks, $per_batch, $grain, $threads, $chunks_per_block) `>`
  }];
}

def Graph_RegionOp : Op<GraphDialect, "region", [Pure, IsolatedFromAbove, SingleBlock]> {
  let summary = "a piece of the graph that is generated as one kernel (or a few, with scratch memory between them)";
  let description = [{
    The body holds `graph` ops that have a structured form; its arguments are the operands. `schedule` names the loop
    structure that was chosen ("pointwise", "row", "column", "gather", "scatter", "nest"). The phase that generates code
    records in `launches` (#graph.launch, run in order) what must be called, and in `scratch` (tensor types) the memory
    that lives from the first launch to the last. `apart` has a string for each input: the rule of fusion that kept what
    makes it out of this region, or nothing where no region makes it.
  }];
  let arguments = (ins Variadic<Graph_StoredTensor>:$inputs, OptionalAttr<StrAttr>:$schedule, OptionalAttr<ArrayAttr>:$launches,
                       OptionalAttr<ArrayAttr>:$scratch, OptionalAttr<StrArrayAttr>:$apart);
  let results = (outs Variadic<Graph_StoredTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "($schedule^)? `(` $inputs `)` attr-dict-with-keyword $body `:` functional-type($inputs, $results)";
  let hasRegionVerifier = 1;
}

def Graph_YieldOp : Op<GraphDialect, "yield", [Pure, Terminator, HasParent<"RegionOp">]> {
  let summary = "results of a region";
  let arguments = (ins Variadic<Graph_StoredTensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // GLYPTIC_GRAPH_REGION_TD
