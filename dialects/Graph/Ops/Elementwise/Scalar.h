//===- Scalar.h - One element in a structured body --------------*- C++ -*-===//
//
// Arithmetic on scalar values, so that the body of an elementwise op reads as a formula; the type chooses between the
// float and the integer op of `arith` and `math`. Numbers take the type of what they meet.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/GraphDialect.h"

namespace glyptic::graph {

class Scalar {
public:
  Scalar(double number) : number(number) {}
  Scalar(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value) : builder(&builder), loc(loc), value(value) {}

  mlir::Value getValue() const { return value; }
  mlir::Type getType() const { return value.getType(); }
  bool isFloat() const { return mlir::isa<mlir::FloatType>(getType()); }
  bool isBool() const { return getType().isInteger(1); }

  /// Gives a number the type of the other operand.
  static void unify(Scalar &x, Scalar &y);

  template <typename Op, typename... Args> Scalar build(Args &&...args) const {
    return Scalar(*builder, *loc, Op::create(*builder, *loc, std::forward<Args>(args)...));
  }

private:
  mlir::OpBuilder *builder = nullptr;
  std::optional<mlir::Location> loc;
  mlir::Value value;
  double number = 0;
};

Scalar operator+(Scalar x, Scalar y);
Scalar operator-(Scalar x, Scalar y);
Scalar operator*(Scalar x, Scalar y);
/// Integer division has the meaning of `graph.div`: a zero divisor gives 0, and the most negative number wraps.
Scalar operator/(Scalar x, Scalar y);
/// What division leaves, with the sign of x.
Scalar remainder(Scalar x, Scalar y);
Scalar operator-(Scalar x);

/// Booleans compare as 0 < 1. Comparisons with NaN are false, but `ne` is true.
Scalar compare(Comparison comparison, Scalar x, Scalar y);
inline Scalar operator<(Scalar x, Scalar y) { return compare(Comparison::LT, x, y); }
inline Scalar operator>(Scalar x, Scalar y) { return compare(Comparison::GT, x, y); }

Scalar operator&(Scalar x, Scalar y);
Scalar operator|(Scalar x, Scalar y);
Scalar operator^(Scalar x, Scalar y);
Scalar operator!(Scalar x);

Scalar select(Scalar condition, Scalar x, Scalar y);
/// Every bit leaves (of a right shift: but the sign) where y is negative or not below the number of bits.
Scalar shiftLeft(Scalar x, Scalar y);
Scalar shiftRight(Scalar x, Scalar y);

/// NaN wins.
Scalar max(Scalar x, Scalar y);
Scalar min(Scalar x, Scalar y);

Scalar abs(Scalar x);
Scalar floor(Scalar x);
Scalar ceil(Scalar x);
Scalar round(Scalar x);
Scalar exp(Scalar x);
Scalar log(Scalar x);
Scalar log1p(Scalar x);
Scalar sqrt(Scalar x);
Scalar rsqrt(Scalar x);
Scalar tanh(Scalar x);
Scalar erf(Scalar x);
Scalar sin(Scalar x);
Scalar cos(Scalar x);
Scalar tan(Scalar x);
Scalar asin(Scalar x);
Scalar acos(Scalar x);
Scalar atan(Scalar x);
Scalar sinh(Scalar x);
Scalar cosh(Scalar x);
Scalar asinh(Scalar x);
Scalar acosh(Scalar x);
Scalar atanh(Scalar x);
Scalar pow(Scalar x, Scalar y);

} // namespace glyptic::graph
