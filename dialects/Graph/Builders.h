//===- Builders.h - Small pieces of graph -----------------------*- C++ -*-===//
//
// What derivatives, losses, optimizers and the importer write again and again. `Expr` gives values arithmetic, so that
// a formula reads as one:
//
//   Expr x(builder, loc, op.getInput()), g(builder, loc, resultGradient);
//   Value gradient = g * (1 - tanh(x) * tanh(x));
//
// Nothing broadcasts silently: tensors in a formula have one type; numbers take the type of what they meet.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/GraphDialect.h"

namespace glyptic::graph {

/// A rank-0 constant.
mlir::Value scalarConstant(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type elementType, double value);
/// `value` everywhere. Over the batch it is a broadcast scalar, because constants have static shapes.
mlir::Value splat(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type, double value);
/// The number that every element of `value` equals, if that is known now; looks through broadcasts and reshapes.
std::optional<double> getSplat(mlir::Value value);

/// ONNX's rule (trailing dimensions match); operand dimension i becomes result dimension `resultRank - rank + i`.
mlir::Value broadcastTo(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, mlir::RankedTensorType type);
/// Repeats `value` along the dimensions `dims` of `type`, which `value` lacks: what undoes a reduction's shape.
mlir::Value broadcastAlong(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                           mlir::RankedTensorType type, llvm::ArrayRef<int64_t> dims);
mlir::Value reshapeTo(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, mlir::RankedTensorType type);
/// `value` itself if it has that element type already.
mlir::Value convertTo(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, mlir::Type elementType);

/// Dimensions may come in any order; none gives `value` itself.
mlir::Value reduce(mlir::OpBuilder &builder, mlir::Location loc, ReductionKind kind, mlir::Value value,
                   llvm::ArrayRef<int64_t> dims);
mlir::Value reduceSum(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, llvm::ArrayRef<int64_t> dims);
mlir::Value compare(mlir::OpBuilder &builder, mlir::Location loc, Comparison comparison, mlir::Value lhs,
                    mlir::Value rhs);

/// A tensor value, or a number that takes the type of the tensor it meets. Default constructed, it is null.
class Expr {
public:
  Expr() = default;
  Expr(double number) : number(number) {}
  Expr(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value) : builder(&builder), loc(loc), value(value) {}

  operator mlir::Value() const { return value; }
  mlir::RankedTensorType getType() const { return mlir::cast<mlir::RankedTensorType>(value.getType()); }

  /// `Op` of these operands; at least one is a tensor, and the first such gives numbers their type.
  template <typename Op> static Expr build(Expr x) { return x.with(Op::create(*x.builder, *x.loc, x.value)); }
  template <typename Op> static Expr build(Expr x, Expr y) {
    unify(x, y);
    return x.with(Op::create(*x.builder, *x.loc, x.value, y.value));
  }
  static Expr compare(Comparison comparison, Expr x, Expr y) {
    unify(x, y);
    return x.with(graph::compare(*x.builder, *x.loc, comparison, x.value, y.value));
  }
  static Expr select(Expr condition, Expr x, Expr y) {
    unify(x, y);
    return x.with(SelectOp::create(*x.builder, *x.loc, x.getType(), condition.value, x.value, y.value));
  }

private:
  /// Gives a number the type of the other operand.
  static void unify(Expr &x, Expr &y);
  Expr with(mlir::Value other) const { return Expr(*builder, *loc, other); }

  mlir::OpBuilder *builder = nullptr;
  std::optional<mlir::Location> loc;
  mlir::Value value;
  double number = 0;
};

inline Expr operator+(Expr x, Expr y) { return Expr::build<AddOp>(x, y); }
inline Expr operator-(Expr x, Expr y) { return Expr::build<SubOp>(x, y); }
inline Expr operator*(Expr x, Expr y) { return Expr::build<MulOp>(x, y); }
inline Expr operator/(Expr x, Expr y) { return Expr::build<DivOp>(x, y); }
inline Expr operator-(Expr x) { return Expr::build<NegOp>(x); }
inline Expr operator<(Expr x, Expr y) { return Expr::compare(Comparison::LT, x, y); }
inline Expr operator<=(Expr x, Expr y) { return Expr::compare(Comparison::LE, x, y); }
inline Expr operator>(Expr x, Expr y) { return Expr::compare(Comparison::GT, x, y); }
inline Expr operator>=(Expr x, Expr y) { return Expr::compare(Comparison::GE, x, y); }
inline Expr operator&(Expr x, Expr y) { return Expr::build<AndOp>(x, y); }
inline Expr equal(Expr x, Expr y) { return Expr::compare(Comparison::EQ, x, y); }
inline Expr select(Expr condition, Expr x, Expr y) { return Expr::select(condition, x, y); }
inline Expr max(Expr x, Expr y) { return Expr::build<MaxOp>(x, y); }
inline Expr min(Expr x, Expr y) { return Expr::build<MinOp>(x, y); }
inline Expr pow(Expr x, Expr y) { return Expr::build<PowOp>(x, y); }
inline Expr abs(Expr x) { return Expr::build<AbsOp>(x); }
inline Expr sign(Expr x) { return Expr::build<SignOp>(x); }
inline Expr exp(Expr x) { return Expr::build<ExpOp>(x); }
inline Expr log(Expr x) { return Expr::build<LogOp>(x); }
inline Expr log1p(Expr x) { return Expr::build<Log1pOp>(x); }
inline Expr sqrt(Expr x) { return Expr::build<SqrtOp>(x); }
inline Expr rsqrt(Expr x) { return Expr::build<RsqrtOp>(x); }
inline Expr tanh(Expr x) { return Expr::build<TanhOp>(x); }
inline Expr erf(Expr x) { return Expr::build<ErfOp>(x); }
inline Expr sin(Expr x) { return Expr::build<SinOp>(x); }
inline Expr cos(Expr x) { return Expr::build<CosOp>(x); }
inline Expr round(Expr x) { return Expr::build<RoundOp>(x); }
inline Expr sinh(Expr x) { return Expr::build<SinhOp>(x); }
inline Expr cosh(Expr x) { return Expr::build<CoshOp>(x); }
inline Expr logistic(Expr x) { return Expr::build<LogisticOp>(x); }

} // namespace glyptic::graph
