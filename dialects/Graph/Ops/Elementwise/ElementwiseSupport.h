//===- ElementwiseSupport.h - What the facts of an op are wrapped in -*- C++ -*-===//
//
// ElementwiseOps.td states meaning, body and gradients of each op as formulas; the definitions generated from them call
// these functions.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/Builders.h"
#include "dialects/Graph/HostTensor.h"
#include "dialects/Graph/Ops/Elementwise/Scalar.h"
#include "dialects/Graph/StructuredUtils.h"
#include <cmath>

namespace glyptic::graph::elementwise {

using Structured = mlir::FailureOr<llvm::SmallVector<mlir::Value>>;
using Gradients = mlir::FailureOr<llvm::SmallVector<mlir::Value>>;

/// result[i] = meaning(operands[i]...), where all have one kind of storage.
template <typename Fn, typename... Tensors>
mlir::LogicalResult evaluate(HostTensor &result, Fn meaning, const Tensors &...operands) {
  std::visit(
      [&](auto &elements) {
        using T = typename std::decay_t<decltype(elements)>::value_type;
        for (size_t i = 0; i < elements.size(); ++i)
          elements[i] = static_cast<T>(meaning(operands.template get<T>()[i]...));
      },
      result.getStorage());
  result.wrap();
  return mlir::success();
}

template <typename Fn>
mlir::LogicalResult evaluateIntegers(HostTensor &result, Fn meaning, const HostTensor &x, const HostTensor &y) {
  llvm::transform(llvm::zip_equal(x.get<int64_t>(), y.get<int64_t>()), result.get<int64_t>().begin(),
                  [&](auto pair) { return std::apply(meaning, pair); });
  result.wrap();
  return mlir::success();
}

/// Integer division never traps: 0 for a zero divisor, and the most negative number over -1 wraps.
template <typename T> T divide(T x, T y) {
  if constexpr (std::is_integral_v<T>)
    return y == 0 ? 0 : y == -1 ? -x : x / y;
  return x / y;
}

template <typename T> T remainder(T x, T y) {
  if constexpr (std::is_integral_v<T>)
    return x - y * divide(x, y);
  else
    return std::fmod(x, y);
}

template <typename Fn>
Structured buildStructured(mlir::Operation *op, mlir::OpBuilder &builder, mlir::ValueRange operands, Fn body) {
  auto type = mlir::cast<mlir::RankedTensorType>(op->getResult(0).getType());
  auto build = [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange elements) -> mlir::Value {
    if constexpr (std::is_invocable_v<Fn, Scalar, Scalar>)
      return body(Scalar(b, loc, elements[0]), Scalar(b, loc, elements[1])).getValue();
    else
      return body(Scalar(b, loc, elements[0])).getValue();
  };
  return llvm::SmallVector<mlir::Value>{buildPointwise(builder, op->getLoc(), type, operands, build)};
}

/// `formulas[i]` builds the gradient of operand i, null for one that is zero everywhere.
Gradients buildGradients(mlir::Operation *op, mlir::OpBuilder &builder, mlir::Value resultGradient,
                         const llvm::BitVector &wanted,
                         llvm::ArrayRef<llvm::function_ref<Expr(Expr r, Expr g)>> formulas);

} // namespace glyptic::graph::elementwise
