//===- IndexingOps.td - Elements found by computed positions ----*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_INDEXING_TD
#define GLYPTIC_GRAPH_INDEXING_TD

include "dialects/Graph/GraphDialect.td"
include "dialects/Graph/Ops/Reduction/ReductionOps.td"

def Graph_GatherOp : Graph_Op<"gather", [MovesElements, InferTypeOpAdaptor, DeclareOpInterfaceMethods<DifferentiableOpInterface>,
                                         DeclareOpInterfaceMethods<IndexingOpInterface>,
                                         DeclareOpInterfaceMethods<StructuredOpInterface>]> {
  let summary = "slices of a tensor along a dimension, picked by an index tensor";
  let description = [{
    Result shape: operand dimensions before `dim`, the dimensions of `indices`, operand dimensions after `dim`.
    Negative indices count from the end; an index out of range is clamped (data is checked against the range before
    a step runs).
  }];
  let arguments = (ins Graph_Tensor:$input, Graph_IntTensor:$indices, I64Attr:$dim);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$input `,` $indices `dim` `=` $dim attr-dict `:` functional-type(operands, $result)";
}

def Graph_ScatterOp : Graph_Op<"scatter", [DeclareOpInterfaceMethods<ScatterOpInterface>,
                                           DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "each slice of `updates` combined with what is there where `gather` would have read it";
  let description = [{
    Elements that no update goes to hold the kind's identity (0, -inf, +inf, 1). By `sum` it is the derivative of gather.
    Slices with equal indices are combined in the order of the index tensor. The gradient of max and min is shared
    equally among the updates that attain it.
  }];
  let arguments = (ins Graph_ReductionKindAttr:$kind, Graph_IntTensor:$indices, Graph_Tensor:$updates, I64Attr:$dim);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$kind $indices `,` $updates `dim` `=` $dim attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}

#endif // GLYPTIC_GRAPH_INDEXING_TD
