//===- Elementwise.cpp - Arithmetic, comparisons, logic -----------------------===//
#include "compiler/Import/Affine.h"
#include "compiler/Import/Registry.h"
#include "compiler/Import/TensorUse.h"
#include "compiler/Import/Tensors.h"
#include <cmath>

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

Value createCompare(NodeImporter &node, Comparison comparison, Value lhs, Value rhs) {
  return node.create<CompareOp>(comparison, lhs, rhs);
}

/// Shapes are computed at import; everything else by the op.
std::optional<ShapeValue> fold(NodeImporter &node, DimFunction function, Type elementType = {}) {
  const ShapeValue *lhs = node.getShapeValue(0), *rhs = node.getShapeValue(1);
  if (!lhs || !rhs || !function)
    return std::nullopt;
  return combine(*lhs, *rhs, elementType ? elementType : lhs->elementType, function);
}

template <typename OpT, DimFunction function> LogicalResult importBinary(NodeImporter &node) {
  if (auto folded = fold(node, function))
    return node.setResult(*folded);
  Value operands[] = {node.getInput(0), node.getInput(1)};
  if (failed(node.broadcastTogether(operands)))
    return failure();
  return node.setResult(node.create<OpT>(operands[0], operands[1]));
}

/// Max, Min and Sum take any number of operands.
template <typename OpT, DimFunction function> LogicalResult importVariadic(NodeImporter &node) {
  if (node.getNumInputs() == 2)
    return importBinary<OpT, function>(node);
  FailureOr<SmallVector<Value>> operands = node.getInputs();
  if (failed(operands) || failed(node.broadcastTogether(*operands)))
    return failure();
  Value result = operands->front();
  for (Value operand : llvm::drop_begin(*operands))
    result = node.create<OpT>(result, operand);
  return node.setResult(result);
}

LogicalResult importMean(NodeImporter &node) {
  FailureOr<SmallVector<Value>> operands = node.getInputs();
  if (failed(operands) || failed(node.broadcastTogether(*operands)))
    return failure();
  Value sum = operands->front();
  for (Value operand : llvm::drop_begin(*operands))
    sum = node.create<AddOp>(sum, operand);
  auto type = cast<RankedTensorType>(operands->front().getType());
  return node.setResult(node.create<DivOp>(sum, node.createSplat(operands->size(), getDims(type),
                                                                 type.getElementType())));
}

/// The result has the base's type whatever the exponent's.
LogicalResult importPow(NodeImporter &node) {
  Value operands[] = {node.getInput(0), node.getInput(1)};
  if (failed(node.broadcastTogether(operands)))
    return failure();
  Type base = node.getType(0).getElementType(), exponent = node.getType(1).getElementType();
  // Powers of integers pass through FP64, exact up to 2^53.
  bool isInteger = !isa<FloatType>(base) && !isa<FloatType>(exponent);
  Type computed = isInteger ? node.getBuilder().getF64Type() : isa<FloatType>(base) ? base : exponent;
  for (Value &operand : operands)
    operand = node.createConvert(operand, computed);
  Value power = node.create<PowOp>(operands[0], operands[1]);
  return node.setResult(node.createConvert(power, base));
}

/// The rest of a division, with the sign of the dividend (fmod = 1) or of the divisor.
LogicalResult importMod(NodeImporter &node) {
  if (node.getInt("fmod", 0))
    return importBinary<RemOp, nullptr>(node);
  if (auto folded = fold(node, modDims))
    return node.setResult(*folded);
  Value operands[] = {node.getInput(0), node.getInput(1)};
  if (failed(node.broadcastTogether(operands)))
    return failure();
  auto type = cast<RankedTensorType>(operands[0].getType());
  Value zero = node.createSplat(0, getDims(type), type.getElementType());
  Value rest = node.create<RemOp>(operands[0], operands[1]);
  auto isNegative = [&](Value value) { return createCompare(node, Comparison::LT, value, zero); };
  Value isOther = node.create<AndOp>(createCompare(node, Comparison::NE, rest, zero),
                                     createCompare(node, Comparison::NE, isNegative(rest), isNegative(operands[1])));
  return node.setResult(node.create<SelectOp>(isOther, node.create<AddOp>(rest, operands[1]), rest));
}

LogicalResult importReciprocal(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  Value one = node.createSplat(1.0, getDims(type), type.getElementType());
  return node.setResult(node.create<DivOp>(one, node.getInput(0)));
}

template <Comparison comparison, DimFunction function> LogicalResult importCompare(NodeImporter &node) {
  if (auto folded = fold(node, function, node.getBuilder().getI1Type()))
    return node.setResult(*folded);
  Value operands[] = {node.getInput(0), node.getInput(1)};
  if (failed(node.broadcastTogether(operands)))
    return failure();
  return node.setResult(createCompare(node, comparison, operands[0], operands[1]));
}

std::optional<Dim> greaterDims(Dim a, Dim b) { return lessDims(b, a); }
std::optional<Dim> negateDim(std::optional<Dim> truth) {
  return truth ? std::optional<Dim>(Dim{!truth->scale, false}) : std::nullopt;
}
std::optional<Dim> lessOrEqualDims(Dim a, Dim b) { return negateDim(lessDims(b, a)); }
std::optional<Dim> greaterOrEqualDims(Dim a, Dim b) { return negateDim(lessDims(a, b)); }
std::optional<Dim> andDims(Dim a, Dim b) { return Dim{a.scale && b.scale, false}; }
std::optional<Dim> orDims(Dim a, Dim b) { return Dim{a.scale || b.scale, false}; }
std::optional<Dim> xorDims(Dim a, Dim b) { return Dim{a.scale != b.scale, false}; }

LogicalResult importNot(NodeImporter &node) {
  if (const ShapeValue *value = node.getShapeValue(0)) {
    ShapeValue negated = *value;
    for (Dim &element : negated.elements)
      element.scale = !element.scale;
    return node.setResult(negated);
  }
  return importUnary<NotOp>(node);
}

template <typename OpT> LogicalResult importBitwise(NodeImporter &node) { return importBinary<OpT, nullptr>(node); }

/// All bits turned: an exclusive or with ones.
LogicalResult importBitwiseNot(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  Value ones = node.createSplat(-1, getDims(type), type.getElementType());
  return node.setResult(node.create<XorOp>(node.getInput(0), ones));
}

LogicalResult importBitShift(NodeImporter &node) {
  std::string direction = node.getString("direction", "");
  if (direction == "LEFT")
    return importBitwise<ShiftLeftOp>(node);
  if (direction == "RIGHT")
    return importBitwise<ShiftRightOp>(node);
  return node.emitError("its direction must be LEFT or RIGHT");
}

/// The only value that differs from itself.
LogicalResult importIsNaN(NodeImporter &node) {
  return node.setResult(createCompare(node, Comparison::NE, node.getInput(0), node.getInput(0)));
}

LogicalResult importIsInf(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  auto is = [&](double number) {
    Value splat = node.createSplat(number, getDims(type), type.getElementType());
    return createCompare(node, Comparison::EQ, node.getInput(0), splat);
  };
  bool positive = node.getInt("detect_positive", 1), negative = node.getInt("detect_negative", 1);
  if (!positive && !negative)
    return node.setResult(node.createSplat(0, getDims(type), node.getBuilder().getI1Type()));
  Value result = positive ? is(INFINITY) : is(-INFINITY);
  return node.setResult(positive && negative ? node.create<OrOp>(result, is(-INFINITY)) : result);
}

LogicalResult importNeg(NodeImporter &node) {
  if (const ShapeValue *value = node.getShapeValue(0))
    if (auto negated = combine(ShapeValue::scalar({0, false}, value->elementType), *value, value->elementType, subDims))
      return node.setResult(*negated);
  return importUnary<NegOp>(node);
}

LogicalResult importWhere(NodeImporter &node) {
  const ShapeValue *condition = node.getShapeValue(0);
  const ShapeValue *onTrue = node.getShapeValue(1), *onFalse = node.getShapeValue(2);
  if (condition && onTrue && onFalse)
    if (auto folded = select(*condition, *onTrue, *onFalse))
      return node.setResult(*folded);
  Value operands[] = {node.getInput(0), node.getInput(1), node.getInput(2)};
  if (failed(node.broadcastTogether(operands)))
    return failure();
  return node.setResult(node.create<SelectOp>(operands[0], operands[1], operands[2]));
}

/// Shapes stay shapes between integer types; a few floats may become one, if they are constants or come from shapes.
std::optional<ShapeValue> foldCast(NodeImporter &node, Type type) {
  if (const ShapeValue *value = node.getShapeValue(0)) {
    ShapeValue cast = *value;
    cast.elementType = type;
    if (type.isInteger(1))
      for (Dim &element : cast.elements)
        element = {element.scale != 0, false};
    return isa<IntegerType>(type) ? std::optional<ShapeValue>(cast) : std::nullopt;
  }
  Value input = node.getInput(0);
  if (!input || !isa<IntegerType>(type))
    return std::nullopt;
  std::optional<SmallVector<Affine>> numbers = evaluateAffine(input);
  if (!numbers)
    return std::nullopt;
  ShapeValue cast{SmallVector<int64_t>(mlir::cast<RankedTensorType>(input.getType()).getShape()), {}, type};
  for (auto [constant, slope] : *numbers) {
    // Towards zero. A size is a number or a multiple of the batch, and far below what a double holds exactly.
    bool isBatched = slope != 0;
    double scale = isBatched ? slope : type.isInteger(1) ? double(constant != 0) : std::trunc(constant);
    bool isMixed = isBatched && (constant != 0 || type.isInteger(1));
    if (isMixed || scale != std::trunc(scale) || !(std::abs(scale) < 0x1p53))
      return std::nullopt;
    cast.elements.push_back({int64_t(scale), isBatched});
  }
  return cast;
}

LogicalResult castTo(NodeImporter &node, Type type) {
  Type computed = getComputedType(type);
  std::optional<ShapeValue> folded = foldCast(node, computed);
  LogicalResult result = folded ? node.setResult(*folded)
                                : node.setResult(node.createConvert(node.getInput(0), computed));
  node.setElementType(type);
  return result;
}

LogicalResult importCast(NodeImporter &node) {
  int64_t target = node.getInt("to", 0);
  Type type = getElementType(*node.getBuilder().getContext(), target);
  if (!type)
    return node.emitError("casts to " + getDataTypeName(target) + ", which is not supported");
  return castTo(node, type);
}

LogicalResult importCastLike(NodeImporter &node) {
  RankedTensorType like = node.getType(1);
  IntegerType unsignedType = node.getUnsignedType(1);
  return like ? castTo(node, unsignedType ? unsignedType : like.getElementType()) : failure();
}

const OpImporter kImporters[] = {
    {"Abs", 6, importUnary<AbsOp>},
    {"Acos", 7, importUnary<AcosOp>},
    {"Acosh", 9, importUnary<AcoshOp>},
    {"Add", 7, importBinary<AddOp, addDims>},
    {"And", 7, importBinary<AndOp, andDims>},
    {"Asin", 7, importUnary<AsinOp>},
    {"Asinh", 9, importUnary<AsinhOp>},
    {"Atan", 7, importUnary<AtanOp>},
    {"Atanh", 9, importUnary<AtanhOp>},
    {"BitShift", 11, importBitShift},
    {"BitwiseAnd", 18, importBitwise<AndOp>},
    {"BitwiseNot", 18, importBitwiseNot},
    {"BitwiseOr", 18, importBitwise<OrOp>},
    {"BitwiseXor", 18, importBitwise<XorOp>},
    {"Cast", 6, importCast},
    {"CastLike", 15, importCastLike},
    {"Ceil", 6, importUnary<CeilOp>},
    {"Cos", 7, importUnary<CosOp>},
    {"Cosh", 9, importUnary<CoshOp>},
    {"Div", 7, importBinary<DivOp, divDims>},
    {"Equal", 7, importCompare<Comparison::EQ, equalDims>},
    {"Erf", 9, importUnary<ErfOp>},
    {"Exp", 6, importUnary<ExpOp>},
    {"Floor", 6, importUnary<FloorOp>},
    {"Greater", 7, importCompare<Comparison::GT, greaterDims>},
    {"GreaterOrEqual", 12, importCompare<Comparison::GE, greaterOrEqualDims>},
    {"IsInf", 10, importIsInf},
    {"IsNaN", 9, importIsNaN},
    {"Less", 7, importCompare<Comparison::LT, lessDims>},
    {"LessOrEqual", 12, importCompare<Comparison::LE, lessOrEqualDims>},
    {"Log", 6, importUnary<LogOp>},
    {"Max", 6, importVariadic<MaxOp, maxDims>},
    {"Mean", 6, importMean},
    {"Min", 6, importVariadic<MinOp, minDims>},
    {"Mod", 10, importMod},
    {"Mul", 7, importBinary<MulOp, mulDims>},
    {"Neg", 6, importNeg},
    {"Not", 1, importNot},
    {"Or", 7, importBinary<OrOp, orDims>},
    {"Pow", 7, importPow},
    {"Reciprocal", 6, importReciprocal},
    {"Round", 11, importUnary<RoundOp>},
    {"Sign", 9, importUnary<SignOp>},
    {"Sin", 7, importUnary<SinOp>},
    {"Sinh", 9, importUnary<SinhOp>},
    {"Sqrt", 6, importUnary<SqrtOp>},
    {"Sub", 7, importBinary<SubOp, subDims>},
    {"Sum", 6, importVariadic<AddOp, addDims>},
    {"Tan", 7, importUnary<TanOp>},
    {"Tanh", 6, importUnary<TanhOp>},
    {"Where", 9, importWhere},
    {"Xor", 7, importCompare<Comparison::NE, xorDims>},
};

bool isOp(const FlatNode *node, StringRef op) { return node && node->proto->op_type() == op; }

bool hasOperand(const FlatNode &node, const ReaderGraph &graph, function_ref<bool(const FlatNode &)> holds) {
  return llvm::any_of(node.proto->input(), [&](const std::string &input) {
    const FlatNode *source = graph.getSource(input);
    return source && holds(*source);
  });
}

/// 1 / sqrt(..), by one node or by two.
bool isInverseDeviation(const FlatNode &node, const ReaderGraph &graph) {
  auto isDeviation = [&](int slot) {
    return node.proto->input_size() > slot && isOp(graph.getSource(node.proto->input(slot)), "Sqrt");
  };
  if (isOp(&node, "Reciprocal"))
    return isDeviation(0);
  const bool isQuotient = isOp(&node, "Div") && isDeviation(1);
  const SmallVector<int64_t> *dividend = isQuotient ? graph.getStored(node.proto->input(0)) : nullptr;
  return dividend && llvm::all_of(*dividend, [](int64_t size) { return size == 1; });
}

/// x / sqrt(..) or x * (1 / sqrt(..)): a normalisation written in pieces; or one whose groups are its channels.
bool isNormalized(const FlatNode &node, const ReaderGraph &graph) {
  if (isOp(&node, "InstanceNormalization"))
    return true;
  if (isOp(&node, "Div"))
    return node.proto->input_size() == 2 && isOp(graph.getSource(node.proto->input(1)), "Sqrt");
  return isOp(&node, "Mul") && hasOperand(node, graph, [&](const FlatNode &factor) {
           return isInverseDeviation(factor, graph);
         });
}

/// The layer that computes `name`, perhaps with a bias added.
TensorUse getLayerBehind(StringRef name, const ReaderGraph &graph) {
  const FlatNode *node = graph.getSource(name);
  if (isOp(node, "Add") && node->proto->input_size() == 2)
    node = graph.getSource(node->proto->input(graph.getStored(node->proto->input(0)) ? 1 : 0));
  return node ? graph.getLayerWeight(*node) : TensorUse();
}

/// The scale of a normalisation in pieces, which may meet 1 / sqrt(..) first; that of a layer's features on their way
/// to the next layer; and a temperature, which is kept as its logarithm. Another number is one of a formula.
TensorUse useMulFactor(const Reading &reading) {
  const ReaderGraph &graph = reading.graph;
  if (reading.isComputed || reading.getNumElements() == 1) {
    const FlatNode *source = graph.getSource(reading.node.proto->input(reading.slot));
    bool isTemperature = isOp(source, "Exp") && !graph.getStored(reading.getOther());
    return isTemperature ? TensorUse{TensorUse::Learnt, "scale"} : TensorUse();
  }
  const FlatNode *other = graph.getSource(reading.getOther());
  if (!other)
    return {};
  SmallVector<int64_t, 2> features = getLayerBehind(reading.getOther(), graph).features;
  bool isLayerScale = reading.isVector() && reading.isBetweenLayers() &&
                      llvm::is_contained(features, reading.getNumElements());
  // A normalisation over several dimensions has a scale for each element of them.
  if (isLayerScale || isNormalized(*other, graph) || isInverseDeviation(*other, graph))
    return {TensorUse::Learnt, "scale"};
  return {};
}

/// What is added to scores is a mask, or penalties by distance.
bool isAddedToScores(const Reading &reading) {
  return reading.graph.isReadBy(reading.node.proto->output(0), {"Softmax", "LogSoftmax", "Exp"},
                                {"Add", "Div", "Mul", "Sub", "Where"});
}

/// As many elements as the layer has features; the biases of several layers may be one tensor, cut into parts.
bool isBiasOf(const TensorUse &layer, const Reading &reading) {
  const FlatNode *source = reading.graph.getComputation(reading.node.proto->input(reading.slot));
  const bool isPart = isOp(source, "Slice") || isOp(source, "Split");
  return reading.isVector() && llvm::any_of(layer.features, [&](int64_t size) {
           return reading.getNumElements() == size || (isPart && size > 0 && reading.getNumElements() % size == 0);
         });
}

/// A bias is added to a layer and has as many elements as the layer has features: 3 in x + 3 is none.
TensorUse useAddend(const Reading &reading) {
  const FlatNode *other = reading.graph.getSource(reading.getOther());
  if (!other)
    return {};
  TensorUse layer = reading.graph.getLayerWeight(*other);
  if (layer.isTable && !reading.shape.empty() && reading.shape.back() == layer.features.front())
    return TensorUse::makeEmbedding();
  if (isBiasOf(layer, reading))
    return {TensorUse::Learnt, "bias"};
  bool isScaled = isOp(other, "Mul") && hasOperand(*other, reading.graph, [&](const FlatNode &factor) {
                    return isNormalized(factor, reading.graph);
                  });
  if (isScaled && reading.isVector() && reading.getNumElements() > 1)
    return {TensorUse::Learnt, "bias"};
  // A table: as wide as the layer's features, or in between layers.
  SmallVector<int64_t, 2> features = getLayerBehind(reading.getOther(), reading.graph).features;
  bool isWide = !reading.shape.empty() && llvm::is_contained(features, reading.shape.back());
  if (reading.isVector() || (!isWide && !reading.isBetweenLayers()))
    return {};
  return isAddedToScores(reading) ? TensorUse{TensorUse::Kept, "addend of scores"} : TensorUse::makeEmbedding();
}

/// A vector for the elements that are masked.
TensorUse useReplacement(const Reading &reading) {
  bool isToken = reading.slot > 0 && reading.getNumElements() > 1 && reading.isBetweenLayers() &&
                 !isAddedToScores(reading);
  return isToken ? TensorUse::makeEmbedding() : TensorUse();
}

const ReaderRule kReaders[] = {
    {"Add", useAddend},
    {"Cast", useHandedOn},
    {"CastLike", useHandedOn},
    {"Mul", useMulFactor},
    {"Where", useReplacement},
};

} // namespace

ArrayRef<OpImporter> getElementwiseImporters() { return kImporters; }

ArrayRef<ReaderRule> getElementwiseReaders() { return kReaders; }

} // namespace glyptic
