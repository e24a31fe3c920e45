//===- Elementwise.cpp - Ops that mix element types -------------*- C++ -*-===//
//
// compare, is_finite, not, select and convert, whose operands and result differ in type; the others are formulas in
// ElementwiseOps.td.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Ops/Elementwise/ElementwiseSupport.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace glyptic::graph;

elementwise::Gradients elementwise::buildGradients(Operation *op, OpBuilder &builder, Value resultGradient,
                                                   const llvm::BitVector &wanted,
                                                   ArrayRef<function_ref<Expr(Expr r, Expr g)>> formulas) {
  SmallVector<Value> gradients(op->getNumOperands());
  if (!resultGradient)
    return gradients;
  Expr r(builder, op->getLoc(), op->getResult(0)), g(builder, op->getLoc(), resultGradient);
  for (unsigned i : wanted.set_bits())
    gradients[i] = formulas[i](r, g);
  return gradients;
}

/// Types of a boolean result of the operand's shape.
static LogicalResult inferBool(MLIRContext *context, Value operand, SmallVectorImpl<Type> &types) {
  types.push_back(cast<RankedTensorType>(operand.getType()).clone(IntegerType::get(context, 1)));
  return success();
}

/// Calls `fn` on the elements of `tensor` with their own type and fills the integers of `result` with what it returns.
template <typename Fn> static LogicalResult evaluateToIntegers(const HostTensor &tensor, HostTensor &result, Fn fn) {
  std::visit([&](const auto &elements) { llvm::transform(elements, result.get<int64_t>().begin(), fn); },
             tensor.getStorage());
  return success();
}

//===----------------------------------------------------------------------===//
// compare
//===----------------------------------------------------------------------===//

LogicalResult CompareOp::inferReturnTypes(MLIRContext *context, std::optional<Location>, Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  return inferBool(context, adaptor.getLhs(), types);
}

template <typename T> static bool holds(Comparison comparison, T x, T y) {
  switch (comparison) {
  case Comparison::EQ: return x == y;
  case Comparison::NE: return x != y;
  case Comparison::LT: return x < y;
  case Comparison::LE: return x <= y;
  case Comparison::GT: return x > y;
  case Comparison::GE: return x >= y;
  }
  llvm_unreachable("all comparisons handled");
}

LogicalResult CompareOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  std::visit(
      [&](const auto &lhs) {
        using T = typename std::decay_t<decltype(lhs)>::value_type;
        ArrayRef<T> rhs = operands[1]->get<T>();
        for (size_t i = 0; i < lhs.size(); ++i)
          results[0].get<int64_t>()[i] = holds(getComparison(), lhs[i], rhs[i]);
      },
      operands[0]->getStorage());
  return success();
}

elementwise::Structured CompareOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  return elementwise::buildStructured(*this, builder, operands,
                                      [&](Scalar x, Scalar y) { return compare(getComparison(), x, y); });
}

//===----------------------------------------------------------------------===//
// is_finite
//===----------------------------------------------------------------------===//

LogicalResult IsFiniteOp::inferReturnTypes(MLIRContext *context, std::optional<Location>, Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  return inferBool(context, adaptor.getInput(), types);
}

LogicalResult IsFiniteOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  return evaluateToIntegers(*operands[0], results[0], [](auto x) { return std::isfinite(static_cast<double>(x)); });
}

elementwise::Structured IsFiniteOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  // |x| < infinity: false for NaN, too, and a plain comparison for every code generator.
  return elementwise::buildStructured(*this, builder, operands, [](Scalar x) { return abs(x) < INFINITY; });
}

//===----------------------------------------------------------------------===//
// not
//===----------------------------------------------------------------------===//

LogicalResult NotOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  return evaluateToIntegers(*operands[0], results[0], [](auto x) { return !x; });
}

elementwise::Structured NotOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  return elementwise::buildStructured(*this, builder, operands, [](Scalar x) { return !x; });
}

//===----------------------------------------------------------------------===//
// select
//===----------------------------------------------------------------------===//

LogicalResult SelectOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  ArrayRef<int64_t> condition = operands[0]->get<int64_t>();
  std::visit(
      [&](auto &result) {
        using T = typename std::decay_t<decltype(result)>::value_type;
        for (size_t i = 0; i < result.size(); ++i)
          result[i] = operands[condition[i] ? 1 : 2]->get<T>()[i];
      },
      results[0].getStorage());
  return success();
}

FailureOr<SmallVector<Value>> SelectOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  auto body = [](OpBuilder &b, Location loc, ValueRange x) -> Value {
    return arith::SelectOp::create(b, loc, x[0], x[1], x[2]);
  };
  return SmallVector<Value>{buildPointwise(builder, getLoc(), getType(), operands, body)};
}

FailureOr<SmallVector<Value>> SelectOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                       const llvm::BitVector &wanted) {
  Expr condition(builder, getLoc(), getCondition());
  return elementwise::buildGradients(*this, builder, resultGradients[0], wanted,
                                     {[](Expr, Expr) { return Expr(); },
                                      [&](Expr, Expr g) { return glyptic::graph::select(condition, g, 0); },
                                      [&](Expr, Expr g) { return glyptic::graph::select(condition, 0, g); }});
}

//===----------------------------------------------------------------------===//
// convert
//===----------------------------------------------------------------------===//

/// Rounds to nothing but the interpreter's own precision: a narrow float type keeps its elements' full value.
template <typename To, typename From> static To convertElement(From value, Type type) {
  if (type.isInteger(1))
    return value != 0;
  if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    // C++ leaves the conversion of what does not fit undefined, and so does ONNX; saturate.
    constexpr From limit = 9223372036854775808.0;
    if (!(value > -limit))
      return std::isnan(value) ? 0 : std::numeric_limits<To>::min();
    return value >= limit ? std::numeric_limits<To>::max() : static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

LogicalResult ConvertOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  Type type = getType().getElementType();
  std::visit(
      [&](auto &result, const auto &input) {
        using To = typename std::decay_t<decltype(result)>::value_type;
        llvm::transform(input, result.begin(), [&](auto x) { return convertElement<To>(x, type); });
      },
      results[0].getStorage(), operands[0]->getStorage());
  results[0].wrap();
  return success();
}

FailureOr<SmallVector<Value>> ConvertOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  auto body = [&](OpBuilder &b, Location loc, ValueRange x) {
    return convertScalar(b, loc, x[0], getType().getElementType());
  };
  return SmallVector<Value>{buildPointwise(builder, getLoc(), getType(), operands, body)};
}

FailureOr<SmallVector<Value>> ConvertOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                        const llvm::BitVector &wanted) {
  Type type = getInput().getType().getElementType();
  bool isFloat = isa<FloatType>(type) && isa<FloatType>(getType().getElementType());
  if (!resultGradients[0] || !wanted[0] || !isFloat)
    return SmallVector<Value>{Value()};
  return SmallVector<Value>{convertTo(builder, getLoc(), resultGradients[0], type)};
}

