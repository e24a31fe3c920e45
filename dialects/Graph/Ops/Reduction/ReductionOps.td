//===- ReductionOps.td - Many elements to one -------------------*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_REDUCTION_TD
#define GLYPTIC_GRAPH_REDUCTION_TD

include "dialects/Graph/GraphDialect.td"

def Graph_ReductionKind : I32EnumAttr<"ReductionKind", "how elements combine", [
    I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Max", 1, "max">, I32EnumAttrCase<"Min", 2, "min">,
    I32EnumAttrCase<"Prod", 3, "prod">, I32EnumAttrCase<"And", 4, "and">, I32EnumAttrCase<"Or", 5, "or">]> {
  let cppNamespace = "::glyptic::graph";
  let genSpecializedAttr = 0;
}
def Graph_ReductionKindAttr : EnumAttr<GraphDialect, Graph_ReductionKind, "reduction"> {
  let assemblyFormat = "`` $value";
}

defvar reducePermutable = DeclareOpInterfaceMethods<PermutableOpInterface, ["absorbOperandPermutation", "buildPermuted"]>;

def Graph_ReduceOp : Graph_Op<"reduce", [InferTypeOpAdaptor, reducePermutable,
                                         DeclareOpInterfaceMethods<ReducingOpInterface>,
                                         DeclareOpInterfaceMethods<DifferentiableOpInterface>,
                                         DeclareOpInterfaceMethods<StructuredOpInterface>]> {
  let summary = "combines all elements along dimensions, which disappear";
  let description = [{
    An empty reduction gives the kind's identity (0, -inf, +inf, 1, true, false). The gradient of max and min is shared
    equally among the elements that attain it.
  }];
  let arguments = (ins Graph_ReductionKindAttr:$kind, Graph_Tensor:$input, DenseI64ArrayAttr:$dims);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$kind $input `dims` `=` $dims attr-dict `:` functional-type($input, $result)";
  let hasFolder = 1;
}

def Graph_ArgReduceOp : Graph_Op<"arg_reduce", [InferTypeOpAdaptor, DeclareOpInterfaceMethods<ReducingOpInterface>,
                                                DeclareOpInterfaceMethods<StructuredOpInterface>]> {
  let summary = "position (i64) of the largest or smallest element along a dimension, which disappears";
  let description = "The first of several equal elements, or the last if `last`. NaN counts as the largest (smallest).";
  let arguments = (ins Graph_ReductionKindAttr:$kind, Graph_Tensor:$input, I64Attr:$dim, UnitAttr:$last);
  let results = (outs Graph_IntTensor:$result);
  let assemblyFormat = "$kind $input `dim` `=` $dim (`last` $last^)? attr-dict `:` functional-type($input, $result)";
  let hasVerifier = 1;
}

#endif // GLYPTIC_GRAPH_REDUCTION_TD
