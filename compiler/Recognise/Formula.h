//===- Formula.h - Values as products, polynomials and rows -----*- C++ -*-===//
//
// What recognisers compare, so that a formula is one whatever the order of its factors and wherever its constants
// stand.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/Builders.h"

namespace glyptic::recognise {

/// Equal up to the rounding of numbers in `value`'s element type.
bool isClose(double a, double b, mlir::Value value);

/// The operands of a commutative op, in both orders.
template <typename Op> std::array<std::pair<mlir::Value, mlir::Value>, 2> getOrders(Op op) {
  mlir::Value x = op.getLhs(), y = op.getRhs();
  return {{{x, y}, {y, x}}};
}

/// The other operand of a commutative op, if one is the number.
template <typename Op> mlir::Value getOther(mlir::Value value, double number) {
  auto op = value.getDefiningOp<Op>();
  if (!op)
    return {};
  for (auto [x, y] : getOrders(op))
    if (auto splat = graph::getSplat(y); splat && isClose(*splat, number, value))
      return x;
  return {};
}

/// factor * the product of values, none of which is a product.
struct Product {
  double factor = 1;
  llvm::SmallVector<mlir::Value> values;
};
/// Multiplies out, but does not look into `atom`.
Product getProduct(mlir::Value value, mlir::Value atom = {});
/// Every value of which `value` is a multiple, products among them.
llvm::SmallVector<mlir::Value> getFactors(mlir::Value value);

/// The coefficients of x^0 to x^3.
using Polynomial = std::array<double, 4>;
std::optional<Polynomial> getPolynomial(mlir::Value value, mlir::Value x);
bool isClose(const Polynomial &a, const Polynomial &b, mlir::Value value);

/// min(max(value, low), high), however it is written.
struct Clipped {
  mlir::Value value;
  double low, high;
};
std::optional<Clipped> getClipped(mlir::Value value);

/// A tensor on its way into another, larger one: `dims[i]` is the larger one's dimension that runs along dimension i,
/// -1 where that has size 1.
struct Repeated {
  mlir::Value value;
  llvm::SmallVector<int64_t> dims;

  /// `value` itself, along all its dimensions.
  static Repeated whole(mlir::Value value);
  /// Another tensor of the same shape, such as an operand of the elementwise op that computes `value`.
  Repeated with(mlir::Value other) const { return {other, dims}; }
};
/// What is repeated: looks through broadcasts, and through reshapes that add or drop dimensions of size 1.
Repeated getSource(Repeated repeated);
inline Repeated getSource(mlir::Value value) { return getSource(Repeated::whole(value)); }

/// Rows of a tensor, each combined to one number.
struct RowReduction {
  mlir::Value input;
  llvm::SmallVector<int64_t> dims; ///< that a row runs along; the batch is not among them
};
/// Where the result holds the number of each row at the place of that row, in a tensor of the input's type.
std::optional<RowReduction> getRowReduction(Repeated result, graph::ReductionKind kind);
/// The same, divided by the number of elements in a row.
std::optional<RowReduction> getRowMean(Repeated result);

} // namespace glyptic::recognise
