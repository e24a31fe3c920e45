//===- Scalar.cpp - One element in a structured body ------------*- C++ -*-===//
#include "dialects/Graph/Ops/Elementwise/Scalar.h"
#include "dialects/Graph/StructuredUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace glyptic::graph {

void Scalar::unify(Scalar &x, Scalar &y) {
  if (!x.value)
    x = Scalar(*y.builder, *y.loc, scalarNumber(*y.builder, *y.loc, y.getType(), x.number));
  else if (!y.value)
    y = Scalar(*x.builder, *x.loc, scalarNumber(*x.builder, *x.loc, x.getType(), y.number));
}

template <typename FloatOp, typename IntOp> static Scalar arithmetic(Scalar x, Scalar y) {
  Scalar::unify(x, y);
  return x.isFloat() ? x.build<FloatOp>(x.getValue(), y.getValue()) : x.build<IntOp>(x.getValue(), y.getValue());
}

Scalar operator+(Scalar x, Scalar y) { return arithmetic<arith::AddFOp, arith::AddIOp>(x, y); }
Scalar operator-(Scalar x, Scalar y) { return arithmetic<arith::SubFOp, arith::SubIOp>(x, y); }
Scalar operator*(Scalar x, Scalar y) { return arithmetic<arith::MulFOp, arith::MulIOp>(x, y); }

Scalar operator/(Scalar x, Scalar y) {
  Scalar::unify(x, y);
  if (x.isFloat())
    return x.build<arith::DivFOp>(x.getValue(), y.getValue());
  // The machine's division traps on 0 and on the most negative number over -1; neither may stop a program.
  Scalar isZero = compare(Comparison::EQ, y, 0), isMinusOne = compare(Comparison::EQ, y, -1);
  Scalar divisor = select(isZero | isMinusOne, 1, y);
  Scalar quotient = x.build<arith::DivSIOp>(x.getValue(), divisor.getValue());
  return select(isZero, 0, select(isMinusOne, -x, quotient));
}

Scalar remainder(Scalar x, Scalar y) {
  Scalar::unify(x, y);
  return x.isFloat() ? x.build<arith::RemFOp>(x.getValue(), y.getValue()) : x - y * (x / y);
}

Scalar operator-(Scalar x) { return x.isFloat() ? x.build<arith::NegFOp>(x.getValue()) : 0 - x; }

static arith::CmpFPredicate getFloatPredicate(Comparison comparison) {
  switch (comparison) {
  case Comparison::EQ: return arith::CmpFPredicate::OEQ;
  case Comparison::NE: return arith::CmpFPredicate::UNE;
  case Comparison::LT: return arith::CmpFPredicate::OLT;
  case Comparison::LE: return arith::CmpFPredicate::OLE;
  case Comparison::GT: return arith::CmpFPredicate::OGT;
  case Comparison::GE: return arith::CmpFPredicate::OGE;
  }
  llvm_unreachable("all comparisons handled");
}

static arith::CmpIPredicate getIntPredicate(Comparison comparison, bool isBool) {
  switch (comparison) {
  case Comparison::EQ: return arith::CmpIPredicate::eq;
  case Comparison::NE: return arith::CmpIPredicate::ne;
  case Comparison::LT: return isBool ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt;
  case Comparison::LE: return isBool ? arith::CmpIPredicate::ule : arith::CmpIPredicate::sle;
  case Comparison::GT: return isBool ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt;
  case Comparison::GE: return isBool ? arith::CmpIPredicate::uge : arith::CmpIPredicate::sge;
  }
  llvm_unreachable("all comparisons handled");
}

Scalar compare(Comparison comparison, Scalar x, Scalar y) {
  Scalar::unify(x, y);
  if (x.isFloat())
    return x.build<arith::CmpFOp>(getFloatPredicate(comparison), x.getValue(), y.getValue());
  return x.build<arith::CmpIOp>(getIntPredicate(comparison, x.isBool()), x.getValue(), y.getValue());
}

Scalar operator&(Scalar x, Scalar y) { return x.build<arith::AndIOp>(x.getValue(), y.getValue()); }
Scalar operator|(Scalar x, Scalar y) { return x.build<arith::OrIOp>(x.getValue(), y.getValue()); }
Scalar operator^(Scalar x, Scalar y) { return x.build<arith::XOrIOp>(x.getValue(), y.getValue()); }
Scalar operator!(Scalar x) { return compare(Comparison::EQ, x, 0); }

Scalar select(Scalar condition, Scalar x, Scalar y) {
  Scalar::unify(x, y);
  return condition.build<arith::SelectOp>(condition.getValue(), x.getValue(), y.getValue());
}

Scalar shiftLeft(Scalar x, Scalar y) {
  // `arith` gives poison for counts out of range. Compared as unsigned, negative ones are large.
  Scalar width(x.getType().getIntOrFloatBitWidth());
  Scalar::unify(width, y);
  Scalar isInRange = x.build<arith::CmpIOp>(arith::CmpIPredicate::ult, y.getValue(), width.getValue());
  Scalar count = select(isInRange, y, 0);
  return select(isInRange, x.build<arith::ShLIOp>(x.getValue(), count.getValue()), 0);
}

Scalar shiftRight(Scalar x, Scalar y) {
  Scalar last(x.getType().getIntOrFloatBitWidth() - 1);
  Scalar::unify(last, y);
  Scalar count = x.build<arith::MinUIOp>(y.getValue(), last.getValue());
  return x.build<arith::ShRSIOp>(x.getValue(), count.getValue());
}

Scalar max(Scalar x, Scalar y) { return arithmetic<arith::MaximumFOp, arith::MaxSIOp>(x, y); }
Scalar min(Scalar x, Scalar y) { return arithmetic<arith::MinimumFOp, arith::MinSIOp>(x, y); }

Scalar abs(Scalar x) {
  return x.isFloat() ? x.build<math::AbsFOp>(x.getValue()) : x.build<math::AbsIOp>(x.getValue());
}
Scalar floor(Scalar x) { return x.build<math::FloorOp>(x.getValue()); }
Scalar ceil(Scalar x) { return x.build<math::CeilOp>(x.getValue()); }
Scalar round(Scalar x) { return x.build<math::RoundEvenOp>(x.getValue()); }
Scalar exp(Scalar x) { return x.build<math::ExpOp>(x.getValue()); }
Scalar log(Scalar x) { return x.build<math::LogOp>(x.getValue()); }
Scalar log1p(Scalar x) { return x.build<math::Log1pOp>(x.getValue()); }
Scalar sqrt(Scalar x) { return x.build<math::SqrtOp>(x.getValue()); }
Scalar rsqrt(Scalar x) { return x.build<math::RsqrtOp>(x.getValue()); }
Scalar tanh(Scalar x) { return x.build<math::TanhOp>(x.getValue()); }
Scalar erf(Scalar x) { return x.build<math::ErfOp>(x.getValue()); }
Scalar sin(Scalar x) { return x.build<math::SinOp>(x.getValue()); }
Scalar cos(Scalar x) { return x.build<math::CosOp>(x.getValue()); }
Scalar tan(Scalar x) { return x.build<math::TanOp>(x.getValue()); }
Scalar asin(Scalar x) { return x.build<math::AsinOp>(x.getValue()); }
Scalar acos(Scalar x) { return x.build<math::AcosOp>(x.getValue()); }
Scalar atan(Scalar x) { return x.build<math::AtanOp>(x.getValue()); }
Scalar sinh(Scalar x) { return x.build<math::SinhOp>(x.getValue()); }
Scalar cosh(Scalar x) { return x.build<math::CoshOp>(x.getValue()); }
Scalar asinh(Scalar x) { return x.build<math::AsinhOp>(x.getValue()); }
Scalar acosh(Scalar x) { return x.build<math::AcoshOp>(x.getValue()); }
Scalar atanh(Scalar x) { return x.build<math::AtanhOp>(x.getValue()); }
Scalar pow(Scalar x, Scalar y) { return x.build<math::PowFOp>(x.getValue(), y.getValue()); }

} // namespace glyptic::graph
