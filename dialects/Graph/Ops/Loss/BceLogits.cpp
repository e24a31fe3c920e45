//===- BceLogits.cpp - Binary cross-entropy of logits -----------*- C++ -*-===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/HostTensor.h"
#include <cmath>

using namespace mlir;
using namespace glyptic::graph;

PrecisionClass BceLogitsOp::getPrecisionClass() { return PrecisionClass::Statistics; }

LogicalResult BceLogitsOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  std::visit(
      [&](auto &result) {
        using T = typename std::decay_t<decltype(result)>::value_type;
        for (auto [loss, x, t] : llvm::zip(result, operands[0]->get<T>(), operands[1]->get<T>()))
          loss = (x > 0 ? x : T(0)) - x * t + std::log1p(std::exp(-std::abs(x)));
      },
      results[0].getStorage());
  return success();
}

FailureOr<SmallVector<Value>> BceLogitsOp::decompose(OpBuilder &builder) {
  Expr x(builder, getLoc(), getLogits()), t(builder, getLoc(), getTargets());
  return SmallVector<Value>{max(x, 0) - x * t + log1p(exp(-abs(x)))};
}

/// dx = (1 / (1 + e^-x) - t) * dloss,  dt = -x * dloss.
FailureOr<SmallVector<Value>> BceLogitsOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                          const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(2);
  if (!resultGradients[0])
    return gradients;
  Expr x(builder, getLoc(), getLogits()), t(builder, getLoc(), getTargets()),
      dloss(builder, getLoc(), resultGradients[0]);
  if (wanted[0])
    gradients[0] = (logistic(x) - t) * dloss;
  if (wanted[1])
    gradients[1] = -x * dloss;
  return gradients;
}
