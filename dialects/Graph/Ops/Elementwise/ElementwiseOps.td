//===- ElementwiseOps.td - One result element from the same element of each operand -*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_ELEMENTWISE_TD
#define GLYPTIC_GRAPH_ELEMENTWISE_TD

include "dialects/Graph/GraphDialect.td"

// Three facts about an op stand beside each other, as C++ expressions over its operands `x` and `y`:
//   meaning    one element of the result, over plain numbers (the interpreter's; the oracle of everything else);
//   body       the same over graph::Scalar, which builds `arith` and `math` (the structured form's scalar body);
//   gradient   the operand's gradient over graph::Expr, which builds `graph`, given the result `r` and its gradient
//              `g`. "Expr()" where it is zero everywhere.

/// Operands have one shape; broadcasting is explicit (`graph.broadcast`), which keeps meaning and derivative trivial.
class Graph_ElementwiseOp<string mnemonic, list<Trait> traits = []>
    : Graph_Op<mnemonic, !listconcat(traits, [SameDims, Elementwise, DeclareOpInterfaceMethods<PermutableOpInterface>,
                                              DeclareOpInterfaceMethods<StructuredOpInterface>])> {
  string precision = "Follow";
  code precisionDefinition = [{
    ::glyptic::graph::PrecisionClass $cppClass::getPrecisionClass() {
      return PrecisionClass::}] # precision # [{;
    }
  }];
  let extraClassDefinition = precisionDefinition;
}

def Graph_NumberTensor : RankedTensorOf<[AnyFloat, I8, I16, I32, I64]>;

class Graph_UnaryOp<string mnemonic, Type tensor = Graph_FloatTensor, list<Trait> traits = []>
    : Graph_ElementwiseOp<mnemonic, !listconcat(traits, [SameOperandsAndResultType,
                                                         DeclareOpInterfaceMethods<DifferentiableOpInterface>])> {
  let arguments = (ins tensor:$input);
  let results = (outs tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
  string meaning;
  string body;
  string gradient = "Expr()";
  let extraClassDefinition = precisionDefinition # [{
    ::mlir::LogicalResult $cppClass::evaluate(::llvm::ArrayRef<const HostTensor *> operands,
                                              ::llvm::MutableArrayRef<HostTensor> results) {
      return elementwise::evaluate(results[0], [](auto x) { return }] # meaning # [{; }, *operands[0]);
    }
    elementwise::Structured $cppClass::buildStructured(::mlir::OpBuilder &builder, ::mlir::ValueRange operands) {
      return elementwise::buildStructured(*this, builder, operands, [](Scalar x) { return }] # body # [{; });
    }
    elementwise::Gradients $cppClass::buildGradients(::mlir::OpBuilder &builder, ::mlir::ValueRange resultGradients,
                                                     const ::llvm::BitVector &wanted) {
      Expr x(builder, getLoc(), getInput());
      return elementwise::buildGradients(*this, builder, resultGradients[0], wanted,
                                         {[&](Expr r, Expr g) { return }] # gradient # [{; }});
    }
  }];
}

/// Takes tens of instructions for an element.
class Graph_FunctionOp<string mnemonic> : Graph_UnaryOp<mnemonic, Graph_FloatTensor, [Costly]>;

def Graph_NegOp : Graph_UnaryOp<"neg", Graph_NumberTensor> {
  let summary = "-x";
  let meaning = "-x";
  let body = "-x";
  let gradient = "-g";
}
def Graph_AbsOp : Graph_UnaryOp<"abs", Graph_NumberTensor> {
  let summary = "|x|; derivative 0 at 0";
  let meaning = "std::abs(x)";
  let body = "abs(x)";
  let gradient = "g * sign(x)";
}
def Graph_SignOp : Graph_UnaryOp<"sign", Graph_NumberTensor> {
  let summary = "-1, 0 or 1; NaN stays";
  let meaning = "x > 0 ? 1 : x < 0 ? -1 : x";
  let body = "select(x > 0, 1, select(x < 0, -1, x))";
}
def Graph_FloorOp : Graph_UnaryOp<"floor"> {
  let summary = "largest integer not above x";
  let meaning = "std::floor(x)";
  let body = "floor(x)";
}
def Graph_CeilOp : Graph_UnaryOp<"ceil"> {
  let summary = "smallest integer not below x";
  let meaning = "std::ceil(x)";
  let body = "ceil(x)";
}
def Graph_RoundOp : Graph_UnaryOp<"round"> {
  let summary = "nearest integer, of two the even one";
  let meaning = "std::nearbyint(x)";
  let body = "round(x)";
}
def Graph_ExpOp : Graph_FunctionOp<"exp"> {
  let summary = "e^x";
  let meaning = "std::exp(x)";
  let body = "exp(x)";
  let gradient = "g * r";
  let precision = "Statistics";
}
def Graph_LogOp : Graph_FunctionOp<"log"> {
  let summary = "natural logarithm";
  let meaning = "std::log(x)";
  let body = "log(x)";
  let gradient = "g / x";
  let precision = "Statistics";
}
def Graph_Log1pOp : Graph_FunctionOp<"log1p"> {
  let summary = "log(1 + x), exact near 0";
  let meaning = "std::log1p(x)";
  let body = "log1p(x)";
  let gradient = "g / (1 + x)";
  let precision = "Statistics";
}
def Graph_SqrtOp : Graph_UnaryOp<"sqrt"> {
  let summary = "square root";
  let meaning = "std::sqrt(x)";
  let body = "sqrt(x)";
  let gradient = "0.5 * g / r";
}
def Graph_RsqrtOp : Graph_UnaryOp<"rsqrt"> {
  let summary = "1 / sqrt(x)";
  let meaning = "1 / std::sqrt(x)";
  let body = "rsqrt(x)";
  let gradient = "-0.5 * g * r * r * r";
  let precision = "Statistics";
}
def Graph_TanhOp : Graph_FunctionOp<"tanh"> {
  let summary = "hyperbolic tangent";
  let meaning = "std::tanh(x)";
  let body = "tanh(x)";
  let gradient = "g * (1 - r * r)";
}
def Graph_ErfOp : Graph_FunctionOp<"erf"> {
  let summary = "error function";
  let meaning = "std::erf(x)";
  let body = "erf(x)";
  let gradient = "g * (M_2_SQRTPI * exp(-(x * x)))";
}
def Graph_SinOp : Graph_FunctionOp<"sin"> {
  let summary = "sine";
  let meaning = "std::sin(x)";
  let body = "sin(x)";
  let gradient = "g * cos(x)";
}
def Graph_CosOp : Graph_FunctionOp<"cos"> {
  let summary = "cosine";
  let meaning = "std::cos(x)";
  let body = "cos(x)";
  let gradient = "-(g * sin(x))";
}
def Graph_TanOp : Graph_FunctionOp<"tan"> {
  let summary = "tangent";
  let meaning = "std::tan(x)";
  let body = "tan(x)";
  let gradient = "g * (1 + r * r)";
}
def Graph_AsinOp : Graph_FunctionOp<"asin"> {
  let summary = "arc sine";
  let meaning = "std::asin(x)";
  let body = "asin(x)";
  let gradient = "g / sqrt(1 - x * x)";
}
def Graph_AcosOp : Graph_FunctionOp<"acos"> {
  let summary = "arc cosine";
  let meaning = "std::acos(x)";
  let body = "acos(x)";
  let gradient = "-(g / sqrt(1 - x * x))";
}
def Graph_AtanOp : Graph_FunctionOp<"atan"> {
  let summary = "arc tangent";
  let meaning = "std::atan(x)";
  let body = "atan(x)";
  let gradient = "g / (1 + x * x)";
}
def Graph_SinhOp : Graph_FunctionOp<"sinh"> {
  let summary = "hyperbolic sine";
  let meaning = "std::sinh(x)";
  let body = "sinh(x)";
  let gradient = "g * cosh(x)";
}
def Graph_CoshOp : Graph_FunctionOp<"cosh"> {
  let summary = "hyperbolic cosine";
  let meaning = "std::cosh(x)";
  let body = "cosh(x)";
  let gradient = "g * sinh(x)";
}
def Graph_AsinhOp : Graph_FunctionOp<"asinh"> {
  let summary = "inverse hyperbolic sine";
  let meaning = "std::asinh(x)";
  let body = "asinh(x)";
  let gradient = "g * rsqrt(x * x + 1)";
}
def Graph_AcoshOp : Graph_FunctionOp<"acosh"> {
  let summary = "inverse hyperbolic cosine";
  let meaning = "std::acosh(x)";
  let body = "acosh(x)";
  let gradient = "g * rsqrt(x * x - 1)";
}
def Graph_AtanhOp : Graph_FunctionOp<"atanh"> {
  let summary = "inverse hyperbolic tangent";
  let meaning = "std::atanh(x)";
  let body = "atanh(x)";
  let gradient = "g / (1 - x * x)";
}
def Graph_LogisticOp : Graph_FunctionOp<"logistic"> {
  let summary = "1 / (1 + e^-x)";
  // Where e^-x overflows to infinity, the quotient is 0, which is right.
  let meaning = "1 / (1 + std::exp(-x))";
  let body = "1 / (1 + exp(-x))";
  let gradient = "g * r * (1 - r)";
}
def Graph_SiluOp : Graph_FunctionOp<"silu"> {
  let summary = "x * logistic(x)";
  let meaning = "x / (1 + std::exp(-x))";
  let body = "x / (1 + exp(-x))";
  let gradient = "g * (logistic(x) * (1 + x * (1 - logistic(x))))";
}
def Graph_HardSwishOp : Graph_UnaryOp<"hard_swish"> {
  let summary = "x * min(max(x / 6 + 1 / 2, 0), 1); derivative x / 3 + 1 / 2 at -3 and 3";
  let meaning = "x * std::clamp<decltype(x)>(x / 6 + 0.5, 0, 1)";
  let body = "x * min(max(x * (1.0 / 6) + 0.5, 0), 1)";
  let gradient = "g * select(x < -3, 0, select(x > 3, 1, x / 3 + 0.5))";
}
def Graph_ReluOp : Graph_UnaryOp<"relu"> {
  let summary = "max(x, 0); derivative 0 at 0; NaN stays";
  let meaning = "x < 0 ? 0 : x";
  // One instruction on every target, where `max` with its NaN rule takes three.
  let body = "select(x < 0, 0, x)";
  // By the result, which the next op most likely keeps anyway, so that x need not outlive this op.
  let gradient = "select(r <= 0, 0, g)";
}

class Graph_BinaryOp<string mnemonic, Type tensor = Graph_NumberTensor, list<Trait> traits = []>
    : Graph_ElementwiseOp<mnemonic, !listconcat(traits, [SameOperandsAndResultType,
                                                         DeclareOpInterfaceMethods<DifferentiableOpInterface>])> {
  let arguments = (ins tensor:$lhs, tensor:$rhs);
  let results = (outs tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
  string meaning;
  string body;
  string gradientX;
  string gradientY;
  let extraClassDefinition = precisionDefinition # [{
    ::mlir::LogicalResult $cppClass::evaluate(::llvm::ArrayRef<const HostTensor *> operands,
                                              ::llvm::MutableArrayRef<HostTensor> results) {
      return elementwise::evaluate(results[0], [](auto x, auto y) { return }] # meaning # [{; },
                                   *operands[0], *operands[1]);
    }
    elementwise::Structured $cppClass::buildStructured(::mlir::OpBuilder &builder, ::mlir::ValueRange operands) {
      return elementwise::buildStructured(*this, builder, operands, [](Scalar x, Scalar y) { return }] # body # [{; });
    }
    elementwise::Gradients $cppClass::buildGradients(::mlir::OpBuilder &builder, ::mlir::ValueRange resultGradients,
                                                     const ::llvm::BitVector &wanted) {
      Expr x(builder, getLoc(), getLhs()), y(builder, getLoc(), getRhs());
      return elementwise::buildGradients(*this, builder, resultGradients[0], wanted,
                                         {[&](Expr r, Expr g) { return }] # gradientX # [{; },
                                          [&](Expr r, Expr g) { return }] # gradientY # [{; }});
    }
  }];
}

def Graph_AddOp : Graph_BinaryOp<"add", Graph_NumberTensor, [Commutative]> {
  let summary = "x + y";
  let meaning = "x + y";
  let body = "x + y";
  let gradientX = "g";
  let gradientY = "g";
  let hasFolder = 1;
}
def Graph_SubOp : Graph_BinaryOp<"sub"> {
  let summary = "x - y";
  let meaning = "x - y";
  let body = "x - y";
  let gradientX = "g";
  let gradientY = "-g";
  let hasFolder = 1;
}
def Graph_MulOp : Graph_BinaryOp<"mul", Graph_NumberTensor, [Commutative]> {
  let summary = "x * y";
  let meaning = "x * y";
  let body = "x * y";
  let gradientX = "g * y";
  let gradientY = "g * x";
  let hasFolder = 1;
}
def Graph_DivOp : Graph_BinaryOp<"div"> {
  let summary = "x / y; integers truncate toward 0, and give 0 for a zero divisor";
  let meaning = "elementwise::divide(x, y)";
  let body = "x / y";
  let gradientX = "g / y";
  let gradientY = "-(g * r / y)";
  let hasFolder = 1;
}
def Graph_RemOp : Graph_BinaryOp<"rem"> {
  let summary = "x - y * trunc(x / y), with the sign of x; of integers, x for a zero divisor";
  let meaning = "elementwise::remainder(x, y)";
  let body = "remainder(x, y)";
  let gradientX = "g";
  let gradientY = "-(g * round((x - r) / y))";
}
def Graph_PowOp : Graph_BinaryOp<"pow", Graph_FloatTensor, [Costly]> {
  let summary = "x to the power y";
  let meaning = "std::pow(x, y)";
  let body = "pow(x, y)";
  // Both formulas have a 0 * infinity where the derivative is 0: x^0 is constant, and so is 0^y.
  let gradientX = "select(equal(y, 0), 0, g * y * pow(x, y - 1))";
  let gradientY = "select(equal(x, 0) & (y >= 0), 0, g * r * log(x))";
  let precision = "Statistics";
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}
def Graph_MaxOp : Graph_BinaryOp<"max", Graph_NumberTensor, [Commutative]> {
  let summary = "larger of both; NaN wins; at a tie each operand gets half the gradient";
  let meaning = "x > y || x != x ? x : y";
  let body = "max(x, y)";
  let gradientX = "select(x > y, g, select(equal(x, y), 0.5 * g, 0))";
  let gradientY = "select(y > x, g, select(equal(x, y), 0.5 * g, 0))";
}
def Graph_MinOp : Graph_BinaryOp<"min", Graph_NumberTensor, [Commutative]> {
  let summary = "smaller of both; NaN wins; at a tie each operand gets half the gradient";
  let meaning = "x < y || x != x ? x : y";
  let body = "min(x, y)";
  let gradientX = "select(x < y, g, select(equal(x, y), 0.5 * g, 0))";
  let gradientY = "select(y < x, g, select(equal(x, y), 0.5 * g, 0))";
}

/// On booleans the logical operation, on integers the same for each bit.
class Graph_BitwiseOp<string mnemonic, list<Trait> traits = [Commutative], Type tensor = Graph_IntTensor>
    : Graph_ElementwiseOp<mnemonic, !listconcat(traits, [SameOperandsAndResultType])> {
  let arguments = (ins tensor:$lhs, tensor:$rhs);
  let results = (outs tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
  let precision = "Exact";
  string meaning;
  string body;
  let extraClassDefinition = precisionDefinition # [{
    ::mlir::LogicalResult $cppClass::evaluate(::llvm::ArrayRef<const HostTensor *> operands,
                                              ::llvm::MutableArrayRef<HostTensor> results) {
      [[maybe_unused]] int64_t width = getType().getElementTypeBitWidth();
      auto combine = [=](int64_t x, int64_t y) -> int64_t { return }] # meaning # [{; };
      return elementwise::evaluateIntegers(results[0], combine, *operands[0], *operands[1]);
    }
    elementwise::Structured $cppClass::buildStructured(::mlir::OpBuilder &builder, ::mlir::ValueRange operands) {
      return elementwise::buildStructured(*this, builder, operands, [](Scalar x, Scalar y) { return }] # body # [{; });
    }
  }];
}
def Graph_AndOp : Graph_BitwiseOp<"and"> {
  let summary = "both";
  let meaning = "x & y";
  let body = "x & y";
}
def Graph_OrOp : Graph_BitwiseOp<"or"> {
  let summary = "either";
  let meaning = "x | y";
  let body = "x | y";
}
def Graph_XorOp : Graph_BitwiseOp<"xor"> {
  let summary = "one of both, but not both";
  let meaning = "x ^ y";
  let body = "x ^ y";
}

def Graph_NumericIntTensor : RankedTensorOf<[I8, I16, I32, I64]>;
def Graph_ShiftLeftOp : Graph_BitwiseOp<"shift_left", [], Graph_NumericIntTensor> {
  let summary = "x * 2^y without the bits that leave; all leave where y is no position of a bit";
  let meaning = "y < 0 || y >= width ? 0 : int64_t(uint64_t(x) << y)";
  let body = "shiftLeft(x, y)";
}
def Graph_ShiftRightOp : Graph_BitwiseOp<"shift_right", [], Graph_NumericIntTensor> {
  let summary = "floor(x / 2^y); the sign is all that is left where y is no position of a bit";
  let meaning = "x >> (y < 0 || y >= width ? width - 1 : y)";
  let body = "shiftRight(x, y)";
}

def Graph_NotOp : Graph_ElementwiseOp<"not", [SameOperandsAndResultType]> {
  let summary = "negation of a boolean";
  let arguments = (ins Graph_BoolTensor:$input);
  let results = (outs Graph_BoolTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
  let precision = "Exact";
}

def Graph_Comparison : I32EnumAttr<"Comparison", "an ordered comparison; false if an operand is NaN, but `ne` true", [
    I32EnumAttrCase<"EQ", 0, "eq">, I32EnumAttrCase<"NE", 1, "ne">, I32EnumAttrCase<"LT", 2, "lt">,
    I32EnumAttrCase<"LE", 3, "le">, I32EnumAttrCase<"GT", 4, "gt">, I32EnumAttrCase<"GE", 5, "ge">]> {
  let cppNamespace = "::glyptic::graph";
  let genSpecializedAttr = 0;
}
def Graph_ComparisonAttr : EnumAttr<GraphDialect, Graph_Comparison, "cmp"> { let assemblyFormat = "`` $value"; }

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
  let hasFolder = 1;
}

def Graph_ConvertOp : Graph_ElementwiseOp<"convert", [DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "conversion to another element type; float to integer truncates, to boolean tests for non-zero";
  let arguments = (ins Graph_StoredTensor:$input);
  let results = (outs Graph_StoredTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type($input, $result)";
  let hasFolder = 1;
}

def Graph_IsFiniteOp : Graph_ElementwiseOp<"is_finite", [InferTypeOpAdaptor]> {
  let summary = "neither infinite nor NaN, as a boolean tensor";
  let arguments = (ins Graph_FloatTensor:$input);
  let results = (outs Graph_BoolTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

#endif // GLYPTIC_GRAPH_ELEMENTWISE_TD
