//===- ShapeOps.td - Values made or moved without arithmetic ----*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_SHAPE_TD
#define GLYPTIC_GRAPH_SHAPE_TD

include "dialects/Graph/GraphDialect.td"

class Graph_ShapeOp<string mnemonic, list<Trait> traits = []>
    : Graph_Op<mnemonic, !listconcat(traits, [DeclareOpInterfaceMethods<DifferentiableOpInterface>])>;

def Graph_ConstantOp : Graph_Op<"constant", [ConstantLike, AllTypesMatch<["value", "result"]>,
                                             DeclareOpInterfaceMethods<StructuredOpInterface>]> {
  let summary = "a compile-time value";
  let description = "Splats and small tables. Weights are never constants: they are arguments with the role of state.";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Graph_IotaOp : Graph_Op<"iota", [DeclareOpInterfaceMethods<StructuredOpInterface>]> {
  let summary = "the index along one dimension";
  let arguments = (ins I64Attr:$dim);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "`dim` `=` $dim attr-dict `:` type($result)";
  let hasVerifier = 1;
}

/// Not evaluable: its value is the execution's, not the op's, so whoever runs a function supplies it.
def Graph_BatchSizeOp : Op<GraphDialect, "batch_size", [Pure, DeclareOpInterfaceMethods<StructuredOpInterface>,
                                                        DeclareOpInterfaceMethods<PrecisionOpInterface>]> {
  let summary = "the number of samples of this execution, as a scalar";
  let description = "`graph.batch_size : tensor<i64>` is its own structured form (StructuredUtils.h).";
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Graph_BroadcastOp : Graph_ShapeOp<"broadcast", [Repeats,
                                                    DeclareOpInterfaceMethods<PermutableOpInterface, ["buildPermuted"]>,
                                                    DeclareOpInterfaceMethods<StructuredOpInterface>]> {
  let summary = "repeats a tensor along new dimensions and along dimensions of size 1";
  let description = [{
    Operand dimension i becomes result dimension `dims[i]` (increasing); its size is 1 or the result's.
  }];
  let arguments = (ins Graph_Tensor:$input, DenseI64ArrayAttr:$dims);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$input `dims` `=` $dims attr-dict `:` functional-type($input, $result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_ReshapeOp : Graph_ShapeOp<"reshape", [View]> {
  let summary = "the same elements in row-major order under another shape";
  let arguments = (ins Graph_Tensor:$input);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type($input, $result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_TransposeOp : Graph_ShapeOp<"transpose", [MovesElements, InferTypeOpAdaptor,
                                                    DeclareOpInterfaceMethods<StructuredOpInterface>]> {
  let summary = "result dimension i is operand dimension `permutation[i]`";
  let arguments = (ins Graph_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$input `permutation` `=` $permutation attr-dict `:` functional-type($input, $result)";
  let hasFolder = 1;
}

def Graph_SliceOp : Graph_ShapeOp<"slice", [MovesElements, DeclareOpInterfaceMethods<StructuredOpInterface>]> {
  let summary = "every `strides[i]`-th element from `starts[i]` on";
  let description = "Sizes are the result's. A batched dimension is taken whole (start 0, stride 1).";
  let arguments = (ins Graph_Tensor:$input, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$strides);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $input `starts` `=` $starts `strides` `=` $strides attr-dict `:` functional-type($input, $result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_PadOp : Graph_ShapeOp<"pad", [MovesElements, InferTypeOpAdaptor,
                                        DeclareOpInterfaceMethods<StructuredOpInterface>]> {
  let summary = "surrounds a tensor with a value, and spreads its elements apart";
  let description = [{
    `low` and `high` elements of `value` before and after each dimension (negative ones crop), `interior` between
    elements. The derivative of a strided slice needs `interior`. A batched dimension keeps its size.
  }];
  let arguments = (ins Graph_Tensor:$input, Graph_Tensor:$value, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                       DenseI64ArrayAttr:$interior);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $input `,` $value `low` `=` $low `high` `=` $high `interior` `=` $interior attr-dict
      `:` functional-type(operands, $result)
  }];
  let hasFolder = 1;
}

def Graph_ConcatOp : Graph_ShapeOp<"concat", [MovesElements, InferTypeOpAdaptor,
                                              DeclareOpInterfaceMethods<StructuredOpInterface>]> {
  let summary = "tensors one after another along a dimension";
  let description = "The dimension is not the batched one.";
  let arguments = (ins Variadic<Graph_Tensor>:$inputs, I64Attr:$dim);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$inputs `dim` `=` $dim attr-dict `:` functional-type($inputs, $result)";
  let hasFolder = 1;
}

def Graph_ReverseOp : Graph_ShapeOp<"reverse", [MovesElements, SameOperandsAndResultType, SameDims,
                                                DeclareOpInterfaceMethods<StructuredOpInterface>]> {
  let summary = "the order of elements turned round along dimensions";
  let description = "None of them is the batched one.";
  let arguments = (ins Graph_Tensor:$input, DenseI64ArrayAttr:$dims);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$input `dims` `=` $dims attr-dict `:` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

/// Neither has a derivative or a kernel: they appear after autodiff, and planning places tensors so that they are free.
def Graph_PackOp : Graph_Op<"pack", [SideBySide, InferTypeOpAdaptor]> {
  let summary = "tensors one after another in one flat tensor";
  let description = [{
    Each begins at a multiple of 64 elements (Packing.h); the gaps between are zero. It is how one kernel runs over many
    parameters: planning lays the tensors out side by side, so that packing them moves nothing.
  }];
  let arguments = (ins Variadic<Graph_Tensor>:$inputs);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$inputs attr-dict `:` functional-type($inputs, $result)";
}

def Graph_UnpackOp : Graph_Op<"unpack", [SideBySide]> {
  let summary = "the tensors that were packed, taken apart again";
  let description = "The gaps are not looked at.";
  let arguments = (ins Graph_Tensor:$input);
  let results = (outs Variadic<Graph_Tensor>:$results);
  let assemblyFormat = "$input attr-dict `:` functional-type($input, $results)";
  let hasVerifier = 1;
}

#endif // GLYPTIC_GRAPH_SHAPE_TD
