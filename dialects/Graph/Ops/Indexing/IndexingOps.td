//===- IndexingOps.td - Elements found by computed positions ----*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_INDEXING_TD
#define GLYPTIC_GRAPH_INDEXING_TD

include "dialects/Graph/GraphDialect.td"

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

def Graph_ScatterAddOp : Graph_Op<"scatter_add", [NamedKernel, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "zeros of the result's shape, plus each slice of `updates` added where `gather` would have read it";
  let description = [{
    The derivative of gather. Slices with equal indices are added in the order of the index tensor. Which element a slice
    goes to is data, so no indexing map describes the op: it is a kernel of its own.
  }];
  let arguments = (ins Graph_IntTensor:$indices, Graph_Tensor:$updates, I64Attr:$dim);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$indices `,` $updates `dim` `=` $dim attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}

#endif // GLYPTIC_GRAPH_INDEXING_TD
