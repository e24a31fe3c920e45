//===- Affine.cpp - Numbers computed from shapes ------------------------------===//
#include "compiler/Import/Affine.h"
#include "compiler/Import/ShapeValue.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/HostTensor.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {
namespace {

using Elements = SmallVector<Affine>;

bool isWhole(double number) { return std::isfinite(number) && number == std::floor(number); }

std::optional<Affine> multiply(Affine a, Affine b) {
  if (a.slope != 0 && b.slope != 0)
    return std::nullopt;
  return Affine{a.constant * b.constant, a.constant * b.slope + a.slope * b.constant};
}

/// Multiples of the batch have a quotient that does not depend on it.
std::optional<Affine> divide(Affine a, Affine b) {
  if (b.slope == 0)
    return Affine{a.constant / b.constant, a.slope == 0 ? 0 : a.slope / b.constant};
  if (a.constant == 0 && b.constant == 0)
    return Affine{a.slope / b.slope, 0};
  return std::nullopt;
}

/// A whole multiple of the batch stays as it is, whichever way the rest is rounded.
std::optional<Affine> roundBy(double (*round)(double), Affine a) {
  return isWhole(a.slope) ? std::optional(Affine{round(a.constant), a.slope}) : std::nullopt;
}

class Evaluator {
public:
  std::optional<Elements> evaluate(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    if (auto known = values.find(value); known != values.end())
      return known->second;
    // The bound also keeps a long chain off the stack, and work per operand from growing with the graph.
    if (values.size() == kMaxValues || !value.getDefiningOp() || !type.hasStaticShape() ||
        type.getNumElements() > kMaxShapeElements)
      return std::nullopt;
    values[value] = std::nullopt;
    std::optional<Elements> elements = compute(value.getDefiningOp());
    if (elements && !round(*elements, type.getElementType()))
      elements.reset();
    return values[value] = elements;
  }

private:
  static constexpr unsigned kMaxValues = 256;

  /// Integers are those that double precision holds exactly.
  static bool round(Elements &elements, Type type) {
    auto floatType = dyn_cast<FloatType>(type);
    for (Affine &element : elements) {
      if (floatType)
        element = {roundTo(floatType, element.constant), roundTo(floatType, element.slope)};
      else if (!isWhole(element.constant) || !isWhole(element.slope) || std::abs(element.constant) > 0x1p53)
        return false;
    }
    return true;
  }

  std::optional<Elements> compute(Operation *op) {
    using Result = std::optional<Elements>;
    bool isFloat = isa<FloatType>(getElementTypeOrSelf(op->getResult(0)));
    return llvm::TypeSwitch<Operation *, Result>(op)
        .Case([&](ConstantOp op) { return getConstant(op.getValue()); })
        .Case([&](BatchSizeOp) { return Elements{{0, 1}}; })
        .Case([&](ReshapeOp op) { return evaluate(op.getInput()); })
        .Case([&](BroadcastOp op) { return repeat(op); })
        .Case([&](ConcatOp op) { return join(op); })
        .Case([&](ConvertOp op) { return convert(op); })
        .Case([&](AddOp op) {
          return combine(op, [](Affine a, Affine b) { return Affine{a.constant + b.constant, a.slope + b.slope}; });
        })
        .Case([&](SubOp op) {
          return combine(op, [](Affine a, Affine b) { return Affine{a.constant - b.constant, a.slope - b.slope}; });
        })
        .Case([&](MulOp op) { return combine(op, multiply); })
        .Case([&](DivOp op) { return isFloat ? combine(op, divide) : Result(); })
        .Case([&](FloorOp op) { return map(op.getInput(), [](Affine a) { return roundBy(std::floor, a); }); })
        .Case([&](CeilOp op) { return map(op.getInput(), [](Affine a) { return roundBy(std::ceil, a); }); })
        .Default([](Operation *) { return Result(); });
  }

  static std::optional<Elements> getConstant(Attribute attribute) {
    Elements elements;
    if (auto floats = dyn_cast<DenseFPElementsAttr>(attribute))
      for (const APFloat &number : floats.getValues<APFloat>())
        elements.push_back({number.convertToDouble(), 0});
    else if (auto integers = dyn_cast<DenseIntElementsAttr>(attribute);
             integers && !integers.getElementType().isInteger(1))
      for (const APInt &number : integers.getValues<APInt>())
        elements.push_back({double(number.getSExtValue()), 0});
    else
      return std::nullopt;
    return elements;
  }

  std::optional<Elements> repeat(BroadcastOp op) {
    std::optional<Elements> from = evaluate(op.getInput());
    int64_t count = cast<RankedTensorType>(op.getType()).getNumElements();
    if (!from || from->size() != 1)
      return std::nullopt;
    return Elements(count, from->front());
  }

  std::optional<Elements> join(ConcatOp op) {
    Elements all;
    for (Value input : op.getInputs()) {
      std::optional<Elements> part = evaluate(input);
      if (!part || cast<RankedTensorType>(input.getType()).getRank() != 1)
        return std::nullopt;
      all.append(*part);
    }
    return all;
  }

  /// Towards zero, if to an integer; a sum of a fraction and the batch has no sign that is known.
  std::optional<Elements> convert(ConvertOp op) {
    Type to = getElementTypeOrSelf(op.getType());
    if (to.isInteger(1))
      return std::nullopt;
    if (isa<FloatType>(to))
      return evaluate(op.getInput());
    return map(op.getInput(), [](Affine a) {
      return a.slope == 0 || isWhole(a.constant) ? roundBy(std::trunc, a) : std::nullopt;
    });
  }

  template <typename Function> std::optional<Elements> map(Value input, Function function) {
    std::optional<Elements> elements = evaluate(input);
    if (!elements)
      return std::nullopt;
    for (Affine &element : *elements) {
      std::optional<Affine> result = function(element);
      if (!result)
        return std::nullopt;
      element = *result;
    }
    return elements;
  }

  template <typename Op, typename Function> std::optional<Elements> combine(Op op, Function function) {
    std::optional<Elements> lhs = evaluate(op.getLhs()), rhs = lhs ? evaluate(op.getRhs()) : std::nullopt;
    if (!rhs)
      return std::nullopt;
    for (auto [a, b] : llvm::zip_equal(*lhs, *rhs)) {
      std::optional<Affine> result = function(a, b);
      if (!result)
        return std::nullopt;
      a = *result;
    }
    return lhs;
  }

  llvm::DenseMap<Value, std::optional<Elements>> values; ///< null while it is computed, too
};

} // namespace

std::optional<SmallVector<Affine>> evaluateAffine(Value value) { return Evaluator().evaluate(value); }

} // namespace glyptic
