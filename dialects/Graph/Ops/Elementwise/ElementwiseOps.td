//===- ElementwiseOps.td - One result element from the same element of each operand -*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_ELEMENTWISE_TD
#define GLYPTIC_GRAPH_ELEMENTWISE_TD

include "dialects/Graph/GraphDialect.td"

/// Operands have one shape; broadcasting is explicit (`graph.broadcast`), which keeps meaning and derivative trivial.
class Graph_ElementwiseOp<string mnemonic, list<Trait> traits = []>
    : Graph_Op<mnemonic, !listconcat(traits, [Elementwise, SameOperandsAndResultShape,
                                              DeclareOpInterfaceMethods<PermutableOpInterface>,
                                              DeclareOpInterfaceMethods<StructuredOpInterface>])>;

class Graph_UnaryOp<string mnemonic, Type tensor = Graph_FloatTensor>
    : Graph_ElementwiseOp<mnemonic, [SameOperandsAndResultType, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let arguments = (ins tensor:$input);
  let results = (outs tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

def Graph_NegOp : Graph_UnaryOp<"neg", Graph_Tensor> { let summary = "-x"; }
def Graph_AbsOp : Graph_UnaryOp<"abs", Graph_Tensor> { let summary = "|x|; derivative 0 at 0"; }
def Graph_SignOp : Graph_UnaryOp<"sign", Graph_Tensor> { let summary = "-1, 0 or 1"; }
def Graph_FloorOp : Graph_UnaryOp<"floor"> { let summary = "largest integer not above x"; }
def Graph_CeilOp : Graph_UnaryOp<"ceil"> { let summary = "smallest integer not below x"; }
def Graph_ExpOp : Graph_UnaryOp<"exp"> { let summary = "e^x"; }
def Graph_LogOp : Graph_UnaryOp<"log"> { let summary = "natural logarithm"; }
def Graph_Log1pOp : Graph_UnaryOp<"log1p"> { let summary = "log(1 + x), exact near 0"; }
def Graph_SqrtOp : Graph_UnaryOp<"sqrt"> { let summary = "square root"; }
def Graph_RsqrtOp : Graph_UnaryOp<"rsqrt"> { let summary = "1 / sqrt(x)"; }
def Graph_TanhOp : Graph_UnaryOp<"tanh"> { let summary = "hyperbolic tangent"; }
def Graph_ErfOp : Graph_UnaryOp<"erf"> { let summary = "error function"; }
def Graph_SinOp : Graph_UnaryOp<"sin"> { let summary = "sine"; }
def Graph_CosOp : Graph_UnaryOp<"cos"> { let summary = "cosine"; }
def Graph_LogisticOp : Graph_UnaryOp<"logistic"> { let summary = "1 / (1 + e^-x)"; }
def Graph_ReluOp : Graph_UnaryOp<"relu"> { let summary = "max(x, 0); derivative 0 at 0"; }

class Graph_BinaryOp<string mnemonic, Type tensor = Graph_Tensor, list<Trait> traits = []>
    : Graph_ElementwiseOp<mnemonic, !listconcat(traits, [SameOperandsAndResultType,
                                                         DeclareOpInterfaceMethods<DifferentiableOpInterface>])> {
  let arguments = (ins tensor:$lhs, tensor:$rhs);
  let results = (outs tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

def Graph_AddOp : Graph_BinaryOp<"add", Graph_Tensor, [Commutative]> { let summary = "x + y"; }
def Graph_SubOp : Graph_BinaryOp<"sub"> { let summary = "x - y"; }
def Graph_MulOp : Graph_BinaryOp<"mul", Graph_Tensor, [Commutative]> { let summary = "x * y"; }
def Graph_DivOp : Graph_BinaryOp<"div"> { let summary = "x / y; integers truncate toward 0"; }
def Graph_PowOp : Graph_BinaryOp<"pow"> { let summary = "x to the power y"; }
def Graph_MaxOp : Graph_BinaryOp<"max", Graph_Tensor, [Commutative]> {
  let summary = "larger of both; NaN wins; at a tie each operand gets half the gradient";
}
def Graph_MinOp : Graph_BinaryOp<"min", Graph_Tensor, [Commutative]> {
  let summary = "smaller of both; NaN wins; at a tie each operand gets half the gradient";
}

class Graph_LogicalOp<string mnemonic> : Graph_ElementwiseOp<mnemonic, [SameOperandsAndResultType, Commutative]> {
  let arguments = (ins Graph_BoolTensor:$lhs, Graph_BoolTensor:$rhs);
  let results = (outs Graph_BoolTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}
def Graph_AndOp : Graph_LogicalOp<"and"> { let summary = "both"; }
def Graph_OrOp : Graph_LogicalOp<"or"> { let summary = "either"; }

def Graph_NotOp : Graph_ElementwiseOp<"not", [SameOperandsAndResultType]> {
  let summary = "negation of a boolean";
  let arguments = (ins Graph_BoolTensor:$input);
  let results = (outs Graph_BoolTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

def Graph_Comparison : I32EnumAttr<"Comparison", "an ordered comparison; false if an operand is NaN, but `ne` true", [
    I32EnumAttrCase<"EQ", 0, "eq">, I32EnumAttrCase<"NE", 1, "ne">, I32EnumAttrCase<"LT", 2, "lt">,
    I32EnumAttrCase<"LE", 3, "le">, I32EnumAttrCase<"GT", 4, "gt">, I32EnumAttrCase<"GE", 5, "ge">]> {
  let cppNamespace = "::glyptic::graph";
  let genSpecializedAttr = 0;
}
def Graph_ComparisonAttr : EnumAttr<GraphDialect, Graph_Comparison, "cmp">;

def Graph_CompareOp : Graph_ElementwiseOp<"compare", [SameTypeOperands, InferTypeOpAdaptor]> {
  let summary = "comparison, as a boolean tensor";
  let arguments = (ins Graph_ComparisonAttr:$comparison, Graph_Tensor:$lhs, Graph_Tensor:$rhs);
  let results = (outs Graph_BoolTensor:$result);
  let assemblyFormat = "$comparison $lhs `,` $rhs attr-dict `:` type($lhs)";
}

def Graph_SelectOp : Graph_ElementwiseOp<"select", [AllTypesMatch<["onTrue", "onFalse", "result"]>,
                                                    DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "`onTrue` where the condition holds, else `onFalse`";
  let arguments = (ins Graph_BoolTensor:$condition, Graph_Tensor:$onTrue, Graph_Tensor:$onFalse);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$condition `,` $onTrue `,` $onFalse attr-dict `:` type($condition) `,` type($result)";
}

def Graph_ConvertOp : Graph_ElementwiseOp<"convert", [DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "conversion to another element type; float to integer truncates, to boolean tests for non-zero";
  let arguments = (ins Graph_Tensor:$input);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type($input, $result)";
}

def Graph_IsFiniteOp : Graph_ElementwiseOp<"is_finite", [InferTypeOpAdaptor]> {
  let summary = "neither infinite nor NaN, as a boolean tensor";
  let arguments = (ins Graph_FloatTensor:$input);
  let results = (outs Graph_BoolTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

#endif // GLYPTIC_GRAPH_ELEMENTWISE_TD
