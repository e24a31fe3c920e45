//===- Activation.cpp - Activations -------------------------------------------===//
//
// Written so that the derivative is PyTorch's at the kink, and finite where a branch that is not taken overflows.
//
//===----------------------------------------------------------------------===//
#include "compiler/Import/Registry.h"
#include "compiler/Import/TensorUse.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// The operand with constants of its type and shape.
struct Operand {
  explicit Operand(NodeImporter &node) : node(node), value(node.getInput(0)) {
    if (value)
      type = cast<RankedTensorType>(value.getType());
  }
  Value splat(double number) const {
    return value ? node.createSplat(number, getDims(type), type.getElementType()) : Value();
  }

  NodeImporter &node;
  Value value;
  RankedTensorType type;
};

LogicalResult importRelu(NodeImporter &node) {
  Operand x(node);
  if (x.value && isa<IntegerType>(x.type.getElementType()))
    return node.setResult(node.create<MaxOp>(x.value, x.splat(0)));
  return node.setResult(node.create<ReluOp>(x.value));
}

/// x where x > 0, else `otherwise`.
LogicalResult setRectified(const Operand &x, Value otherwise) {
  Value isPositive = x.node.create<CompareOp>(Comparison::GT, x.value, x.splat(0));
  return x.node.setResult(x.node.create<SelectOp>(isPositive, x.value, otherwise));
}

LogicalResult importLeakyRelu(NodeImporter &node) {
  Operand x(node);
  return setRectified(x, node.create<MulOp>(x.value, x.splat(node.getFloat("alpha", 0.01))));
}

LogicalResult importPRelu(NodeImporter &node) {
  Operand x(node);
  if (!x.value)
    return failure();
  return setRectified(x, node.create<MulOp>(x.value, node.broadcastTo(node.getInput(1), getDims(x.type))));
}

/// factor * (e^(min(x, 0) / scale) - 1): without the minimum, the gradient would be 0 * infinity for large x.
Value createExponentialTail(const Operand &x, double factor, double scale = 1.0) {
  Value negative = x.node.create<MinOp>(x.value, x.splat(0));
  if (scale != 1.0)
    negative = x.node.create<DivOp>(negative, x.splat(scale));
  Value shifted = x.node.create<SubOp>(x.node.create<ExpOp>(negative), x.splat(1));
  return x.node.create<MulOp>(shifted, x.splat(factor));
}

LogicalResult importElu(NodeImporter &node) {
  Operand x(node);
  return setRectified(x, createExponentialTail(x, node.getFloat("alpha", 1.0)));
}

LogicalResult importCelu(NodeImporter &node) {
  Operand x(node);
  double alpha = node.getFloat("alpha", 1.0);
  return setRectified(x, createExponentialTail(x, alpha, alpha));
}

LogicalResult importSelu(NodeImporter &node) {
  Operand x(node);
  Value isPositive = node.create<CompareOp>(Comparison::GT, x.value, x.splat(0));
  Value tail = createExponentialTail(x, node.getFloat("alpha", 1.67326319217681884765625));
  Value elu = node.create<SelectOp>(isPositive, x.value, tail);
  return node.setResult(node.create<MulOp>(elu, x.splat(node.getFloat("gamma", 1.05070102214813232421875))));
}

LogicalResult importSoftsign(NodeImporter &node) {
  Operand x(node);
  Value divisor = node.create<AddOp>(node.create<AbsOp>(x.value), x.splat(1));
  return node.setResult(node.create<DivOp>(x.value, divisor));
}

/// alpha * x + beta between 0 and 1.
LogicalResult importHardSigmoid(NodeImporter &node) {
  Operand x(node);
  Value scaled = node.create<MulOp>(x.value, x.splat(node.getFloat("alpha", 0.2)));
  Value line = node.create<AddOp>(scaled, x.splat(node.getFloat("beta", 0.5)));
  return node.setResult(node.create<MaxOp>(node.create<MinOp>(line, x.splat(1)), x.splat(0)));
}

/// x * logistic(alpha * x)
LogicalResult importSwish(NodeImporter &node) {
  Operand x(node);
  double alpha = node.getFloat("alpha", 1.0);
  if (alpha == 1)
    return node.setResult(node.create<SiluOp>(x.value));
  Value scaled = node.create<MulOp>(x.value, x.splat(alpha));
  return node.setResult(node.create<MulOp>(x.value, node.create<LogisticOp>(scaled)));
}

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)
LogicalResult importSoftplus(NodeImporter &node) {
  Operand x(node);
  Value tail = node.create<Log1pOp>(node.create<ExpOp>(node.create<NegOp>(node.create<AbsOp>(x.value))));
  return node.setResult(node.create<AddOp>(node.create<MaxOp>(x.value, x.splat(0)), tail));
}

LogicalResult importGelu(NodeImporter &node) {
  std::string approximate = node.getString("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    return node.emitError("the approximation must be none or tanh");
  return node.setResult(node.create<GeluOp>(node.getInput(0), approximate == "tanh"));
}

/// The bound from an attribute (before opset 11) or an operand; null if there is none.
FailureOr<Value> getBound(const Operand &x, StringRef attribute, int index) {
  if (x.node.has(attribute))
    return x.splat(x.node.getFloat(attribute, 0.0));
  if (!x.node.hasInput(index))
    return Value();
  if (Value bound = x.node.broadcastTo(x.node.getInput(index), getDims(x.type)))
    return bound;
  return failure();
}

/// Selections rather than min and max: at the bound itself the gradient passes, as in PyTorch.
LogicalResult importClip(NodeImporter &node) {
  Operand x(node);
  if (!x.value)
    return failure();
  Value result = x.value;
  FailureOr<Value> low = getBound(x, "min", 1), high = getBound(x, "max", 2);
  if (failed(low) || failed(high))
    return failure();
  if (*low)
    result = node.create<SelectOp>(node.create<CompareOp>(Comparison::LT, result, *low), *low, result);
  if (*high)
    result = node.create<SelectOp>(node.create<CompareOp>(Comparison::GT, result, *high), *high, result);
  return node.setResult(result);
}

const OpImporter kImporters[] = {
    {"Celu", 12, importCelu},
    {"Clip", 6, importClip},
    {"Elu", 6, importElu},
    {"Gelu", 20, importGelu},
    {"HardSigmoid", 6, importHardSigmoid},
    {"HardSwish", 14, importUnary<HardSwishOp>},
    {"LeakyRelu", 6, importLeakyRelu},
    {"PRelu", 7, importPRelu},
    {"Relu", 6, importRelu},
    {"Selu", 6, importSelu},
    {"Sigmoid", 6, importUnary<LogisticOp>},
    {"Softplus", 1, importSoftplus},
    {"Softsign", 1, importSoftsign},
    {"Swish", 24, importSwish},
};

TensorUse useSlope(const Reading &reading) {
  return reading.slot == 1 ? TensorUse{TensorUse::Learnt, "slope"} : TensorUse();
}

const ReaderRule kReaders[] = {
    {"PRelu", useSlope},
};

} // namespace

ArrayRef<OpImporter> getActivationImporters() { return kImporters; }

ArrayRef<ReaderRule> getActivationReaders() { return kReaders; }

} // namespace glyptic
