//===- Gelu.cpp - Gaussian error linear unit --------------------*- C++ -*-===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/HostTensor.h"
#include <cmath>

using namespace mlir;
using namespace glyptic::graph;

namespace {
constexpr double kInverseSqrt2 = 0.70710678118654752440;
constexpr double kInverseSqrt2Pi = 0.39894228040143267794;
// The tanh approximation: x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))).
constexpr double kSqrt2OverPi = 0.79788456080286535588;
constexpr double kCubic = 0.044715;
} // namespace

PrecisionClass GeluOp::getPrecisionClass() { return PrecisionClass::Follow; }

template <typename T> static T evaluateGelu(T x, bool usesTanh) {
  if (usesTanh)
    return x / 2 * (1 + std::tanh(T(kSqrt2OverPi) * (x + T(kCubic) * x * x * x)));
  return x / 2 * (1 + std::erf(x * T(kInverseSqrt2)));
}

LogicalResult GeluOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  std::visit(
      [&](auto &result) {
        using T = typename std::decay_t<decltype(result)>::value_type;
        for (auto [y, x] : llvm::zip(result, operands[0]->get<T>()))
          y = evaluateGelu<T>(x, getTanhApproximation());
      },
      results[0].getStorage());
  return success();
}

/// The distribution function (or its approximation) that gelu multiplies x by.
static Expr buildDistribution(Expr x, bool usesTanh) {
  if (usesTanh)
    return 0.5 * (1.0 + tanh(kSqrt2OverPi * (x + kCubic * x * x * x)));
  return 0.5 * (1.0 + erf(x * kInverseSqrt2));
}

FailureOr<SmallVector<Value>> GeluOp::decompose(OpBuilder &builder) {
  Expr x(builder, getLoc(), getInput());
  return SmallVector<Value>{x * buildDistribution(x, getTanhApproximation())};
}

/// (x P(x))' = P(x) + x P'(x). For the error function, P' is the Gaussian density. For tanh, with P = (1 + t) / 2,
/// P' = (1 - t^2) u' / 2 = 2 P (1 - P) u'.
FailureOr<SmallVector<Value>> GeluOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                     const llvm::BitVector &wanted) {
  if (!resultGradients[0] || !wanted[0])
    return SmallVector<Value>{Value()};
  Expr x(builder, getLoc(), getInput()), dy(builder, getLoc(), resultGradients[0]);
  Expr distribution = buildDistribution(x, getTanhApproximation());
  Expr density = getTanhApproximation()
                     ? 2.0 * distribution * (1.0 - distribution) * (kSqrt2OverPi * (1.0 + 3.0 * kCubic * x * x))
                     : exp(x * x * -0.5) * kInverseSqrt2Pi;
  return SmallVector<Value>{dy * (distribution + x * density)};
}
