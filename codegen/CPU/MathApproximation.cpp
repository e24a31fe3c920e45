//===- MathApproximation.cpp - FP32 functions as polynomials ----===//
//
// Upstream's approximations choose among intervals by dozens of selects and divide; on wide vectors these are what a
// kernel between library calls spends its time on. Here exp and erf are one polynomial each. Errors are the largest
// over all floats whose result is a normal number.
//
//===----------------------------------------------------------------------===//
#include "codegen/CPU/MathApproximation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include <limits>

using namespace mlir;

namespace glyptic::codegen {
namespace {

/// Before upstream's.
constexpr int kBenefit = 2;

/// FP32 arithmetic on a scalar or a vector.
class FloatMath {
public:
  FloatMath(OpBuilder &builder, Location loc, Type type) : b(builder), loc(loc), type(type) {}

  Value number(double value) { return splat(b.getF32FloatAttr(value), type); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value fma(Value x, Value y, Value z) { return math::FmaOp::create(b, loc, x, y, z); }
  Value selectIf(arith::CmpFPredicate predicate, Value x, Value y, Value yes, Value no) {
    return arith::SelectOp::create(b, loc, arith::CmpFOp::create(b, loc, predicate, x, y), yes, no);
  }
  /// Into [-limit, limit]; a NaN stays.
  Value clamp(Value x, double limit) {
    Value high = number(limit), low = number(-limit);
    x = selectIf(arith::CmpFPredicate::OGT, x, high, high, x);
    return selectIf(arith::CmpFPredicate::OLT, x, low, low, x);
  }
  /// Adds the integer in the low bits of `n` to the exponent of `x`.
  Value addToExponent(Value x, Value n) {
    auto vector = dyn_cast<VectorType>(type);
    Type integers = vector ? Type(vector.clone(b.getI32Type())) : b.getI32Type();
    Value bits = arith::BitcastOp::create(b, loc, integers, x), low = arith::BitcastOp::create(b, loc, integers, n);
    Value shifted = arith::ShLIOp::create(b, loc, low, splat(b.getI32IntegerAttr(23), integers));
    return arith::BitcastOp::create(b, loc, type, arith::AddIOp::create(b, loc, bits, shifted));
  }
  /// coefficients[0] + coefficients[1] x + ...
  Value polynomial(Value x, ArrayRef<float> coefficients) {
    Value sum = number(coefficients.back());
    for (float coefficient : llvm::reverse(coefficients.drop_back()))
      sum = fma(sum, x, number(coefficient));
    return sum;
  }

private:
  Value splat(TypedAttr value, Type as) {
    if (auto vector = dyn_cast<VectorType>(as))
      value = DenseElementsAttr::get(vector, cast<Attribute>(value));
    return arith::ConstantOp::create(b, loc, as, value);
  }

  OpBuilder &b;
  Location loc;
  Type type;
};

template <typename Op> struct FloatPattern : OpRewritePattern<Op> {
  explicit FloatPattern(MLIRContext *context) : OpRewritePattern<Op>(context, kBenefit) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const final {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    FloatMath math(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, build(math, op.getOperand()));
    return success();
  }

  virtual Value build(FloatMath &math, Value x) const = 0;
};

/// 2^n times the exponential of a rest in [-ln 2 / 2, ln 2 / 2]; 1.1 ULP. Results that are no normal numbers become 0.
struct ExpPattern : FloatPattern<math::ExpOp> {
  using FloatPattern::FloatPattern;

  Value build(FloatMath &m, Value x) const override {
    // Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low bits.
    Value magic = m.number(12582912.0);
    Value shifted = m.fma(x, m.number(1.44269504088896341), magic), n = m.sub(shifted, magic);
    // ln 2 in two parts, of which the first has few bits: n times it is exact.
    Value rest = m.fma(n, m.number(-0.693359375), x);
    rest = m.fma(n, m.number(2.12194440e-4), rest);
    Value p = m.polynomial(rest, {1.0f, 1.00000003f, 0.499999942f, 0.166664303f, 0.0416680075f, 0.00837423624f,
                                  0.00138435578f});
    Value y = m.addToExponent(p, shifted), infinity = m.number(std::numeric_limits<float>::infinity());
    y = m.selectIf(arith::CmpFPredicate::OGT, x, m.number(88.7228394), infinity, y);
    y = m.selectIf(arith::CmpFPredicate::OLT, x, m.number(-87.3365479), m.number(0), y);
    return m.selectIf(arith::CmpFPredicate::UNO, x, x, x, y);
  }
};

/// x times a polynomial in x^2 where that differs from 1; 5 ULP. The polynomial's argument is shifted to [-1, 1], where
/// its terms do not cancel.
struct ErfPattern : FloatPattern<math::ErfOp> {
  using FloatPattern::FloatPattern;

  Value build(FloatMath &m, Value x) const override {
    Value inside = m.clamp(x, 3.85);
    Value u = m.fma(m.mul(inside, inside), m.number(0.13493), m.number(-1));
    Value p = m.polynomial(u, {0.367284805f, -0.183301866f, 0.136211932f, -0.110370696f, 0.0908105895f, -0.0733508617f,
                               0.056471508f, -0.0402644575f, 0.0280998554f, -0.0204641782f, 0.0114773363f,
                               -0.0031668914f, 0.00230481895f, -0.0034004529f, 0.00139881787f});
    return m.clamp(m.mul(inside, p), 1);
  }
};

/// Division by a constant is multiplication by its reciprocal, within 1 ULP and many times as fast.
struct DivideByConstant : OpRewritePattern<arith::DivFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::DivFOp op, PatternRewriter &rewriter) const override {
    APFloat divisor(0.0f);
    if (!getElementTypeOrSelf(op.getType()).isF32() || !matchPattern(op.getRhs(), m_ConstantFloat(&divisor)))
      return failure();
    APFloat reciprocal(1.0f);
    reciprocal.divide(divisor, APFloat::rmNearestTiesToEven);
    if (!reciprocal.isNormal())
      return failure();
    FloatMath math(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, math.mul(op.getLhs(), math.number(reciprocal.convertToFloat())));
    return success();
  }
};

} // namespace

void populateMathApproximations(RewritePatternSet &patterns) {
  patterns.add<ExpPattern, ErfPattern, DivideByConstant>(patterns.getContext());
}

} // namespace glyptic::codegen
