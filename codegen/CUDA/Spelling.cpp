//===- Spelling.cpp - Types, constants and expressions in CUDA C++ --------===//
#include "codegen/CUDA/Spelling.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace glyptic::codegen::cuda {

namespace {

/// An infix operator, a prefix, or (Primary) the name of a function.
struct Operator {
  StringRef text;
  Precedence precedence = Precedence::Primary;
};

/// Functions are the prelude's, which has them for numbers and for vectors.
const llvm::StringMap<Operator> &getOperators() {
  using P = Precedence;
  static const llvm::StringMap<Operator> operators = {
      {"arith.addf", {"+", P::Sum}},
      {"arith.addi", {"+", P::Sum}},
      {"arith.andi", {"&", P::And}},
      {"arith.ceildivsi", {"ceilDivSigned"}},
      {"arith.ceildivui", {"ceilDiv"}},
      {"arith.divf", {"/", P::Product}},
      {"arith.divsi", {"divSigned"}},
      {"arith.divui", {"/", P::Product}},
      {"arith.floordivsi", {"floorDivSigned"}},
      {"arith.maximumf", {"maximum"}},
      {"arith.maxnumf", {"maxNumber"}},
      {"arith.maxsi", {"maxSigned"}},
      {"arith.maxui", {"maxUnsigned"}},
      {"arith.minimumf", {"minimum"}},
      {"arith.minnumf", {"minNumber"}},
      {"arith.minsi", {"minSigned"}},
      {"arith.minui", {"minUnsigned"}},
      {"arith.mulf", {"*", P::Product}},
      {"arith.muli", {"*", P::Product}},
      {"arith.negf", {"-", P::Unary}},
      {"arith.ori", {"|", P::Or}},
      {"arith.remf", {"fmod"}},
      {"arith.remsi", {"remSigned"}},
      {"arith.remui", {"%", P::Product}},
      {"arith.select", {"select"}},
      {"arith.shli", {"<<", P::Shift}},
      {"arith.shrsi", {"shiftSigned"}},
      {"arith.shrui", {">>", P::Shift}},
      {"arith.subf", {"-", P::Sum}},
      {"arith.subi", {"-", P::Sum}},
      {"arith.xori", {"^", P::Xor}},
      {"math.absf", {"fabs"}},
      {"math.absi", {"absSigned"}},
      {"math.acos", {"acos"}},
      {"math.acosh", {"acosh"}},
      {"math.asin", {"asin"}},
      {"math.asinh", {"asinh"}},
      {"math.atan", {"atan"}},
      {"math.atanh", {"atanh"}},
      {"math.ceil", {"ceil"}},
      {"math.cos", {"cos"}},
      {"math.cosh", {"cosh"}},
      {"math.erf", {"erf"}},
      {"math.exp", {"exp"}},
      {"math.floor", {"floor"}},
      {"math.fma", {"fma"}},
      {"math.log", {"log"}},
      {"math.log1p", {"log1p"}},
      {"math.powf", {"pow"}},
      {"math.roundeven", {"rint"}},
      {"math.rsqrt", {"rsqrt"}},
      {"math.sin", {"sin"}},
      {"math.sinh", {"sinh"}},
      {"math.sqrt", {"sqrt"}},
      {"math.tan", {"tan"}},
      {"math.tanh", {"tanh"}},
      {"vector.fma", {"fma"}},
  };
  return operators;
}

/// Conversions are `name<to>(value)`; those from or to a sign have names of their own.
const llvm::StringMap<StringRef> &getConversions() {
  static const llvm::StringMap<StringRef> conversions = {
      {"arith.bitcast", "bitcast"},       {"arith.extf", "cast"},
      {"arith.extsi", "castSigned"},      {"arith.extui", "cast"},
      {"arith.fptosi", "toSigned"},       {"arith.fptoui", "cast"},
      {"arith.index_cast", "castSigned"}, {"arith.index_castui", "cast"},
      {"arith.sitofp", "castSigned"},     {"arith.truncf", "cast"},
      {"arith.trunci", "cast"},           {"arith.uitofp", "cast"},
  };
  return conversions;
}

bool isNarrowFloat(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isF16() || element.isBF16();
}

Expression spellInfix(StringRef sign, Precedence precedence, ArrayRef<Expression> operands) {
  auto stronger = static_cast<Precedence>(static_cast<int>(precedence) - 1);
  return {operands[0].in(precedence) + " " + sign.str() + " " + operands[1].in(stronger), precedence};
}

FailureOr<Expression> spellCompare(arith::CmpIOp op, ArrayRef<Expression> operands) {
  using P = arith::CmpIPredicate;
  auto infix = [&](StringRef sign, Precedence precedence) { return spellInfix(sign, precedence, operands); };
  auto call = [&](StringRef name, bool swap) {
    return Expression{(name + "(" + operands[swap].text + ", " + operands[!swap].text + ")").str()};
  };
  switch (op.getPredicate()) {
  case P::eq: return infix("==", Precedence::Equality);
  case P::ne: return infix("!=", Precedence::Equality);
  case P::ult: return infix("<", Precedence::Relation);
  case P::ule: return infix("<=", Precedence::Relation);
  case P::ugt: return infix(">", Precedence::Relation);
  case P::uge: return infix(">=", Precedence::Relation);
  case P::slt: return call("lessSigned", false);
  case P::sgt: return call("lessSigned", true);
  case P::sle: return call("lessEqualSigned", false);
  case P::sge: return call("lessEqualSigned", true);
  }
  llvm_unreachable("all predicates are above");
}

/// Of the comparisons that C++ has; the others are their negations or tell NaN apart.
FailureOr<Expression> spellCompare(arith::CmpFOp op, ArrayRef<Expression> operands) {
  using P = arith::CmpFPredicate;
  auto infix = [&](StringRef sign, Precedence precedence) { return spellInfix(sign, precedence, operands); };
  auto negated = [&](StringRef sign, Precedence precedence) {
    return Expression{"!(" + infix(sign, precedence).text + ")", Precedence::Unary};
  };
  auto call = [&](StringRef name) {
    return Expression{(name + "(" + operands[0].text + ", " + operands[1].text + ")").str()};
  };
  switch (op.getPredicate()) {
  case P::OEQ: return infix("==", Precedence::Equality);
  case P::OLT: return infix("<", Precedence::Relation);
  case P::OLE: return infix("<=", Precedence::Relation);
  case P::OGT: return infix(">", Precedence::Relation);
  case P::OGE: return infix(">=", Precedence::Relation);
  case P::UNE: return infix("!=", Precedence::Equality);
  case P::ULT: return negated(">=", Precedence::Relation);
  case P::ULE: return negated(">", Precedence::Relation);
  case P::UGT: return negated("<=", Precedence::Relation);
  case P::UGE: return negated("<", Precedence::Relation);
  case P::UNO: return call("isUnordered");
  case P::ORD: return call("isOrdered");
  default: return op.emitOpError("has a predicate that CUDA C++ has no operator for"), failure();
  }
}

/// What the prelude calls the combination of several numbers; empty where it has none.
StringRef getCombination(StringRef kind) {
  static const llvm::StringMap<StringRef> names = {
      {"add", "Add"},           {"mul", "Mul"},           {"maximumf", "Maximum"}, {"minimumf", "Minimum"},
      {"maxnumf", "MaxNumber"}, {"minnumf", "MinNumber"}, {"maxsi", "MaxSigned"},  {"minsi", "MinSigned"},
      {"maxui", "MaxUnsigned"}, {"minui", "MinUnsigned"}, {"and", "And"},          {"or", "Or"},
      {"xor", "Xor"},
  };
  return names.lookup(kind);
}

FailureOr<Expression> spellReduction(Operation *op, StringRef of, StringRef kind, StringRef parameters,
                                     ArrayRef<Expression> operands) {
  StringRef name = getCombination(kind);
  if (name.empty() || operands.size() != 1)
    return op->emitOpError("is a reduction that the prelude does not have"), failure();
  return Expression{(of + name + parameters + "(" + operands[0].text + ")").str()};
}

/// All threads of a warp, or of a block, take part and get the result.
FailureOr<Expression> spellTeamReduction(Operation *op, ArrayRef<Expression> operands) {
  if (auto all = dyn_cast<gpu::AllReduceOp>(op)) {
    auto kernel = op->getParentOfType<gpu::GPUFuncOp>();
    auto block = kernel ? kernel.getKnownBlockSize() : std::nullopt;
    if (!all.getOp() || !block || (*block)[1] != 1 || (*block)[2] != 1 || (*block)[0] % 32 != 0)
      return op->emitOpError("needs a named combination, and a block of whole warps in one dimension"), failure();
    return spellReduction(op, "block", gpu::stringifyAllReduceOperation(*all.getOp()),
                          "<" + std::to_string((*block)[0]) + ">", operands);
  }
  auto warp = cast<gpu::SubgroupReduceOp>(op);
  if (warp.getClusterSize())
    return op->emitOpError("is over a part of a warp"), failure();
  return spellReduction(op, "warp", gpu::stringifyAllReduceOperation(warp.getOp()), "", operands);
}

std::string list(ArrayRef<Expression> operands) {
  return llvm::join(llvm::map_range(operands, [](const Expression &e) { return e.text; }), ", ");
}

FailureOr<Expression> spellFunction(StringRef name, ArrayRef<Expression> operands) {
  return Expression{(name + "(" + list(operands) + ")").str()};
}

FailureOr<Expression> spellElements(Operation *op, ArrayRef<Expression> operands) {
  FailureOr<std::string> type = spellType(op->getLoc(), op->getResult(0).getType());
  if (failed(type))
    return failure();
  return Expression{*type + "{" + list(operands) + "}"};
}

FailureOr<Expression> spellExtract(vector::ExtractOp op, ArrayRef<Expression> operands) {
  if (op.getNumIndices() != 1 || op.getSourceVectorType().getRank() != 1)
    return op.emitOpError("takes more than one element of a vector"), failure();
  std::string position = op.hasDynamicPosition() ? operands[1].text : std::to_string(op.getStaticPosition()[0]);
  return Expression{operands[0].in(Precedence::Primary) + "[" + position + "]"};
}

/// Integers with a sign of their own lie between memory and arithmetic; their bits are the same.
FailureOr<Expression> spellSignChange(UnrealizedConversionCastOp op, ArrayRef<Expression> operands) {
  auto getWidth = [](Type type) {
    auto integer = dyn_cast<IntegerType>(getElementTypeOrSelf(type));
    return integer ? integer.getWidth() : 0;
  };
  if (operands.size() != 1 || op.getNumResults() != 1 || !getWidth(op.getResult(0).getType()) ||
      getWidth(op.getResult(0).getType()) != getWidth(op.getOperand(0).getType()))
    return op.emitOpError("is no change of an integer's sign"), failure();
  return operands.front();
}

FailureOr<Expression> spellBroadcast(vector::BroadcastOp op, ArrayRef<Expression> operands) {
  if (isa<VectorType>(op.getSourceType()))
    return op.emitOpError("repeats a vector, not a number"), failure();
  std::string lanes = std::to_string(op.getResultVectorType().getNumElements());
  return Expression{"splat<" + lanes + ">(" + operands[0].text + ")"};
}

FailureOr<Expression> spellConversion(Operation *op, StringRef name, ArrayRef<Expression> operands) {
  FailureOr<std::string> type = spellType(op->getLoc(), getElementTypeOrSelf(op->getResult(0).getType()));
  if (failed(type))
    return failure();
  return Expression{(name + "<" + *type + ">(" + operands[0].text + ")").str()};
}

std::optional<Operator> getLogical(Operation *op) {
  if (isa<arith::AndIOp>(op))
    return Operator{"&&", Precedence::Both};
  if (isa<arith::OrIOp>(op))
    return Operator{"||", Precedence::Either};
  if (isa<arith::XOrIOp>(op))
    return Operator{"!=", Precedence::Equality};
  return std::nullopt;
}

FailureOr<Expression> spellOperator(Operation *op, const Operator &spelling, ArrayRef<Expression> operands) {
  if (llvm::any_of(op->getResultTypes(), isNarrowFloat) && !isa<arith::SelectOp>(op))
    return op->emitOpError("computes in FP16 or BF16, which kernels only store"), failure();
  Type type = op->getResult(0).getType();
  if (isa<arith::SelectOp>(op) && !isa<VectorType>(op->getOperand(0).getType()))
    return Expression{operands[0].in(Precedence::Either) + " ? " + operands[1].in(Precedence::Either) + " : " +
                          operands[2].in(Precedence::Either),
                      Precedence::Choice};
  // What is true or false has operators of its own.
  if (type.isInteger(1))
    if (std::optional<Operator> logical = getLogical(op))
      return spellInfix(logical->text, logical->precedence, operands);
  if (spelling.precedence == Precedence::Primary)
    return spellFunction(spelling.text, operands);
  if (operands.size() == 1)
    return Expression{(spelling.text + operands[0].in(Precedence::Primary)).str(), spelling.precedence};
  Expression infix = spellInfix(spelling.text, spelling.precedence, operands);
  // C++ computes these in `int`, which keeps bits that ought to be gone.
  if (type.isInteger(1) || type.isInteger(8) || type.isInteger(16)) {
    FailureOr<std::string> name = spellType(op->getLoc(), type);
    return Expression{"(" + *name + ")(" + infix.text + ")", Precedence::Unary};
  }
  return infix;
}

FailureOr<Expression> spellInteger(Location loc, IntegerAttr value) {
  if (value.getType().isInteger(1))
    return Expression{value.getValue().isZero() ? "false" : "true"};
  if (value.getType().isIndex()) {
    if (!llvm::isUInt<32>(value.getInt()) && !llvm::isInt<32>(value.getInt()))
      return emitError(loc) << "index " << value.getInt() << " does not fit the 32 bits that kernels count with",
             failure();
    return Expression{(value.getInt() < 0 ? "-" : "") + std::to_string(std::abs(value.getInt())) + "u",
                      value.getInt() < 0 ? Precedence::Unary : Precedence::Primary};
  }
  const unsigned width = value.getType().getIntOrFloatBitWidth();
  if (width < 32)
    return Expression{(width == 8 ? "(unsigned char)" : "(unsigned short)") +
                          std::to_string(value.getValue().getZExtValue()),
                      Precedence::Unary};
  std::string suffix = width == 64 ? "ull" : "u";
  // What reads as a small negative number was written as one.
  if (value.getValue().isNegative() && value.getValue().getSignificantBits() <= 16)
    return Expression{"-" + std::to_string(-value.getInt()) + suffix, Precedence::Unary};
  return Expression{std::to_string(value.getValue().getZExtValue()) + suffix};
}

/// Shortest decimals that read back as the number; what has none, by its bits.
Expression spellFloat(FloatAttr value) {
  // Tables need constants, and conversions are calls.
  if (isNarrowFloat(value.getType()))
    return {(value.getType().isF16() ? "half{0x" : "bfloat16{0x") +
            llvm::utohexstr(value.getValue().bitcastToAPInt().getZExtValue()) + "}"};
  const bool isDouble = value.getType().isF64();
  APFloat number = value.getValue();
  bool losesInfo;
  number.convert(isDouble ? APFloat::IEEEdouble() : APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &losesInfo);
  Expression literal;
  if (number.isInfinity()) {
    literal = {isDouble ? "(double)infinity" : "infinity", isDouble ? Precedence::Unary : Precedence::Primary};
    if (number.isNegative())
      literal = {"-" + literal.text, Precedence::Unary};
  } else if (!number.isFinite()) {
    std::string bits = llvm::utohexstr(number.bitcastToAPInt().getZExtValue());
    literal.text =
        isDouble ? "__builtin_bit_cast(double, 0x" + bits + "ull)" : "__builtin_bit_cast(float, 0x" + bits + "u)";
  } else {
    SmallString<32> digits;
    number.toString(digits, /*FormatPrecision=*/0, /*FormatMaxPadding=*/3);
    if (!StringRef(digits).contains('.') && !StringRef(digits).contains('E'))
      digits += ".0";
    literal = {digits.str().str() + (isDouble ? "" : "f"),
               number.isNegative() ? Precedence::Unary : Precedence::Primary};
  }
  return literal;
}

} // namespace

FailureOr<std::string> spellType(Location loc, Type type) {
  if (auto vector = dyn_cast<VectorType>(type); vector && vector.getRank() == 1 && !vector.isScalable()) {
    FailureOr<std::string> element = spellType(loc, vector.getElementType());
    if (failed(element))
      return failure();
    return "Vec<" + *element + ", " + std::to_string(vector.getNumElements()) + ">";
  }
  // `unsigned` where 64 bits are not needed: a division by a known number is then one multiplication.
  StringRef name = type.isF32()         ? "float"
                   : type.isF64()       ? "double"
                   : type.isF16()       ? "half"
                   : type.isBF16()      ? "bfloat16"
                   : type.isIndex()     ? "unsigned"
                   : type.isInteger(1)  ? "bool"
                   : type.isInteger(8)  ? "unsigned char"
                   : type.isInteger(16) ? "unsigned short"
                   : type.isInteger(32) ? "unsigned"
                   : type.isInteger(64) ? "unsigned long long"
                                        : "";
  if (name.empty())
    return emitError(loc) << "type " << type << " has no counterpart in CUDA C++", failure();
  return name.str();
}

FailureOr<Expression> spellConstant(Location loc, TypedAttr value) {
  if (auto number = dyn_cast<FloatAttr>(value))
    return spellFloat(number);
  if (auto number = dyn_cast<IntegerAttr>(value))
    return spellInteger(loc, number);
  if (auto splat = dyn_cast<SplatElementsAttr>(value)) {
    FailureOr<Expression> number = spellConstant(loc, splat.getSplatValue<TypedAttr>());
    if (failed(number))
      return failure();
    return Expression{"splat<" + std::to_string(splat.getNumElements()) + ">(" + number->text + ")"};
  }
  if (auto elements = dyn_cast<DenseElementsAttr>(value)) {
    FailureOr<std::string> type = spellType(loc, value.getType());
    if (failed(type))
      return failure();
    SmallVector<Expression> numbers;
    for (TypedAttr element : elements.getValues<TypedAttr>()) {
      FailureOr<Expression> number = spellConstant(loc, element);
      if (failed(number))
        return failure();
      numbers.push_back(std::move(*number));
    }
    return Expression{*type + "{" + list(numbers) + "}"};
  }
  return emitError(loc) << "constant " << value << " cannot be written in CUDA C++", failure();
}

bool isExpression(Operation *op) {
  StringRef name = op->getName().getStringRef();
  return getOperators().contains(name) || getConversions().contains(name) ||
         isa<arith::CmpIOp, arith::CmpFOp, vector::ReductionOp, vector::ExtractOp, vector::BroadcastOp,
             vector::FromElementsOp, UnrealizedConversionCastOp, gpu::AllReduceOp, gpu::SubgroupReduceOp,
             gpu::ThreadIdOp, gpu::BlockIdOp, gpu::BlockDimOp, gpu::GridDimOp>(op);
}

FailureOr<Expression> spellOperation(Operation *op, ArrayRef<Expression> operands) {
  StringRef name = op->getName().getStringRef();
  if (auto known = getOperators().find(name); known != getOperators().end())
    return spellOperator(op, known->second, operands);
  if (auto known = getConversions().find(name); known != getConversions().end())
    return spellConversion(op, known->second, operands);
  auto dimension = [](StringRef what, gpu::Dimension d) {
    return Expression{(what + "." + gpu::stringifyDimension(d)).str()};
  };
  return llvm::TypeSwitch<Operation *, FailureOr<Expression>>(op)
      .Case<arith::CmpIOp, arith::CmpFOp>([&](auto compare) { return spellCompare(compare, operands); })
      .Case([&](vector::ReductionOp reduction) {
        return spellReduction(op, "reduce", vector::stringifyCombiningKind(reduction.getKind()), "", operands);
      })
      .Case<gpu::AllReduceOp, gpu::SubgroupReduceOp>([&](auto) { return spellTeamReduction(op, operands); })
      .Case([&](UnrealizedConversionCastOp cast) { return spellSignChange(cast, operands); })
      .Case([&](vector::ExtractOp extract) { return spellExtract(extract, operands); })
      .Case([&](vector::BroadcastOp broadcast) { return spellBroadcast(broadcast, operands); })
      .Case([&](vector::FromElementsOp elements) { return spellElements(elements, operands); })
      .Case([&](gpu::ThreadIdOp id) { return dimension("threadIdx", id.getDimension()); })
      .Case([&](gpu::BlockIdOp id) { return dimension("blockIdx", id.getDimension()); })
      .Case([&](gpu::BlockDimOp size) { return dimension("blockDim", size.getDimension()); })
      .Case([&](gpu::GridDimOp size) { return dimension("gridDim", size.getDimension()); })
      .Default([](Operation *unknown) { return unknown->emitOpError("cannot be written in CUDA C++"), failure(); });
}

} // namespace glyptic::codegen::cuda
