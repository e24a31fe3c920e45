//===- Gates.cpp - Activations: x times a number between 0 and 1 ----*- C++ -*-===//
//
// The composite keeps x alone for its derivative, where the formula's would keep x and the gate.
//
//===----------------------------------------------------------------------===//
#include "compiler/Recognise/Formula.h"
#include "compiler/Recognise/Recognise.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::recognise {
namespace {

/// A value as factor * x * gate.
struct Gated {
  Value x, gate;
  double factor;
};

/// Every way to read `root` so; x may itself be a product.
SmallVector<Gated> getGated(Value root) {
  SmallVector<Gated> readings;
  for (Value x : getFactors(root)) {
    Product product = getProduct(root, x);
    if (product.values.size() != 2 || !llvm::is_contained(product.values, x))
      continue;
    readings.push_back({x, product.values[product.values[0] == x ? 1 : 0], product.factor});
  }
  return readings;
}

template <typename Op> Found makeUnary(Value x) {
  return {{x}, [x](OpBuilder &builder, Location loc) { return Op::create(builder, loc, x).getResult(); }};
}

/// The op among the operands of a sum of two, if it is one.
template <typename Op> Op getAddend(Value sum) {
  Operation *op = sum.getDefiningOp();
  if (isa_and_nonnull<AddOp, SubOp>(op))
    for (Value operand : op->getOperands())
      if (auto addend = operand.getDefiningOp<Op>())
        return addend;
  return {};
}

/// x * (1 + f(argument)) / 2 with an odd function f and a polynomial in x as its argument.
template <typename Op> std::optional<Found> matchGelu(Value root, const Polynomial &argument, bool isTanh) {
  for (auto [x, gate, factor] : getGated(root)) {
    auto function = getAddend<Op>(gate);
    auto sum = function ? getPolynomial(gate, function) : std::nullopt;
    auto inner = function ? getPolynomial(function.getInput(), x) : std::nullopt;
    if (!sum || !inner || !isClose(*inner, argument, root) || !isClose((*sum)[0] * factor, 0.5, root) ||
        !isClose(*sum, {(*sum)[0], (*sum)[0], 0, 0}, root))
      continue;
    return Found{{x}, [x = x, isTanh](OpBuilder &builder, Location loc) {
                   return GeluOp::create(builder, loc, x, isTanh).getResult();
                 }};
  }
  return std::nullopt;
}

std::optional<Found> matchErfGelu(Value root) { return matchGelu<ErfOp>(root, {0, M_SQRT1_2, 0, 0}, false); }

std::optional<Found> matchTanhGelu(Value root) {
  constexpr double scale = M_2_SQRTPI * M_SQRT1_2; // sqrt(2 / pi)
  return matchGelu<TanhOp>(root, {0, scale, 0, scale * 0.044715}, true);
}

std::optional<Found> matchLogistic(Value root) {
  auto division = root.getDefiningOp<DivOp>();
  if (!division || getSplat(division.getLhs()) != 1.0)
    return std::nullopt;
  Value power = getOther<AddOp>(division.getRhs(), 1);
  auto exponential = power ? power.getDefiningOp<ExpOp>() : ExpOp();
  if (!exponential)
    return std::nullopt;
  Product exponent = getProduct(exponential.getInput());
  if (exponent.values.size() != 1 || exponent.factor != -1)
    return std::nullopt;
  return makeUnary<LogisticOp>(exponent.values[0]);
}

std::optional<Found> matchSilu(Value root) {
  for (auto [x, gate, factor] : getGated(root))
    if (auto logistic = gate.getDefiningOp<LogisticOp>(); logistic && logistic.getInput() == x && factor == 1)
      return makeUnary<SiluOp>(x);
  return std::nullopt;
}

/// min(max(x / 6 + 1 / 2, 0), 1), of which any factor may stand outside.
std::optional<Found> matchHardSwish(Value root) {
  for (auto [x, gate, factor] : getGated(root)) {
    std::optional<Clipped> clipped = getClipped(gate);
    auto line = clipped ? getPolynomial(clipped->value, x) : std::nullopt;
    if (!line || clipped->low != 0 || !isClose(clipped->high * factor, 1, root))
      continue;
    if (isClose(*line, {0.5 / factor, 1 / (6 * factor), 0, 0}, root))
      return makeUnary<HardSwishOp>(x);
  }
  return std::nullopt;
}

constexpr Recogniser kGates[] = {
    {"logistic", "1 / (1 + e^-x)", matchLogistic},
    {"gelu", "x / 2 * (1 + erf(x / sqrt(2)))", matchErfGelu},
    {"gelu tanh", "x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))", matchTanhGelu},
    {"silu", "x * logistic(x)", matchSilu},
    {"hard_swish", "x * min(max(x / 6 + 1 / 2, 0), 1)", matchHardSwish},
};

} // namespace

ArrayRef<Recogniser> getGates() { return kGates; }

} // namespace glyptic::recognise
