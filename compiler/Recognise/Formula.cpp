//===- Formula.cpp - Values as products, polynomials and rows ---*- C++ -*-===//
#include "compiler/Recognise/Formula.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::recognise {

/// Formulas are shallow. A graph that adds a value to itself sixty times would take 2^60 steps without these.
static constexpr int kMaxProductDepth = 4, kMaxPolynomialDepth = 8;

static double getTolerance(Value value) {
  auto type = dyn_cast<FloatType>(getElementTypeOrSelf(value.getType()));
  // Constants of models in FP64 were often made in FP32, hence no finer than that.
  return type && type.getWidth() < 32 ? 8 * std::ldexp(1.0, -int(type.getFPMantissaWidth())) : 1e-6;
}

bool isClose(double a, double b, Value value) {
  return std::abs(a - b) <= getTolerance(value) * std::max(std::abs(a), std::abs(b));
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// One step into a product: the factors of `value` that are no numbers, and the number. Nothing if it is no product.
static std::optional<Product> split(Value value) {
  if (auto op = value.getDefiningOp<NegOp>())
    return Product{-1, {op.getInput()}};
  if (auto op = value.getDefiningOp<DivOp>())
    if (std::optional<double> divisor = getSplat(op.getRhs()); divisor && *divisor != 0)
      return Product{1 / *divisor, {op.getLhs()}};
  if (auto op = value.getDefiningOp<MulOp>()) {
    Product product;
    for (Value operand : op->getOperands())
      if (std::optional<double> number = getSplat(operand))
        product.factor *= *number;
      else
        product.values.push_back(operand);
    return product;
  }
  return std::nullopt;
}

static void multiplyOut(Value value, Value atom, int depth, Product &product) {
  std::optional<Product> factors = value == atom || depth == 0 ? std::nullopt : split(value);
  if (!factors)
    return product.values.push_back(value);
  product.factor *= factors->factor;
  for (Value factor : factors->values)
    multiplyOut(factor, atom, depth - 1, product);
}

Product getProduct(Value value, Value atom) {
  Product product;
  multiplyOut(value, atom, kMaxProductDepth, product);
  return product;
}

static void collectFactors(Value value, int depth, llvm::SetVector<Value> &factors) {
  std::optional<Product> product = depth ? split(value) : std::nullopt;
  if (!product)
    return;
  for (Value factor : product->values)
    if (factors.insert(factor))
      collectFactors(factor, depth - 1, factors);
}

SmallVector<Value> getFactors(Value value) {
  llvm::SetVector<Value> factors;
  collectFactors(value, kMaxProductDepth, factors);
  return factors.takeVector();
}

//===----------------------------------------------------------------------===//
// Polynomials
//===----------------------------------------------------------------------===//

static std::optional<Polynomial> multiply(const Polynomial &a, const Polynomial &b) {
  Polynomial product{};
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t j = 0; j < b.size(); ++j) {
      if (a[i] == 0 || b[j] == 0)
        continue;
      if (i + j >= product.size())
        return std::nullopt;
      product[i + j] += a[i] * b[j];
    }
  return product;
}

static Polynomial add(Polynomial a, const Polynomial &b, double sign) {
  for (size_t i = 0; i < a.size(); ++i)
    a[i] += sign * b[i];
  return a;
}

static std::optional<Polynomial> getPolynomial(Value value, Value x, int depth) {
  if (value == x)
    return Polynomial{0, 1, 0, 0};
  if (std::optional<double> number = getSplat(value))
    return Polynomial{*number, 0, 0, 0};
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0 || !isa<AddOp, SubOp, MulOp, DivOp, NegOp, PowOp>(op))
    return std::nullopt;
  std::optional<Polynomial> lhs = getPolynomial(op->getOperand(0), x, depth - 1);
  if (!lhs)
    return std::nullopt;
  if (isa<NegOp>(op))
    return add({}, *lhs, -1);
  if (isa<DivOp, PowOp>(op)) {
    std::optional<double> number = getSplat(op->getOperand(1));
    if (!number || *number == 0)
      return std::nullopt;
    if (isa<DivOp>(op))
      return multiply(*lhs, {1 / *number, 0, 0, 0});
    auto square = multiply(*lhs, *lhs);
    return !square || *number == 2 ? square : *number == 3 ? multiply(*square, *lhs) : std::nullopt;
  }
  std::optional<Polynomial> rhs = getPolynomial(op->getOperand(1), x, depth - 1);
  if (!rhs)
    return std::nullopt;
  return isa<MulOp>(op) ? multiply(*lhs, *rhs) : add(*lhs, *rhs, isa<AddOp>(op) ? 1 : -1);
}

std::optional<Polynomial> getPolynomial(Value value, Value x) { return getPolynomial(value, x, kMaxPolynomialDepth); }

bool isClose(const Polynomial &a, const Polynomial &b, Value value) {
  return llvm::all_of(llvm::zip(a, b), [&](auto pair) { return isClose(std::get<0>(pair), std::get<1>(pair), value); });
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

/// select(x < bound, bound, x) or select(x > bound, bound, x), as Clip is imported.
static std::optional<Clipped> getSelected(SelectOp op) {
  auto compare = op.getCondition().getDefiningOp<CompareOp>();
  if (!compare || compare.getLhs() != op.getOnFalse() || compare.getRhs() != op.getOnTrue())
    return std::nullopt;
  std::optional<double> bound = getSplat(op.getOnTrue());
  if (!bound)
    return std::nullopt;
  if (compare.getComparison() == Comparison::LT || compare.getComparison() == Comparison::LE)
    return Clipped{op.getOnFalse(), *bound, INFINITY};
  if (compare.getComparison() == Comparison::GT || compare.getComparison() == Comparison::GE)
    return Clipped{op.getOnFalse(), -INFINITY, *bound};
  return std::nullopt;
}

/// One bound.
static std::optional<Clipped> getBounded(Value value) {
  if (auto op = value.getDefiningOp<ReluOp>())
    return Clipped{op.getInput(), 0, INFINITY};
  if (auto op = value.getDefiningOp<SelectOp>())
    return getSelected(op);
  Operation *op = value.getDefiningOp();
  if (!op || !isa<MaxOp, MinOp>(op))
    return std::nullopt;
  for (unsigned i : {0, 1})
    if (std::optional<double> bound = getSplat(op->getOperand(i)))
      return isa<MaxOp>(op) ? Clipped{op->getOperand(1 - i), *bound, INFINITY}
                            : Clipped{op->getOperand(1 - i), -INFINITY, *bound};
  return std::nullopt;
}

std::optional<Clipped> getClipped(Value value) {
  std::optional<Clipped> outer = getBounded(value);
  std::optional<Clipped> inner = outer ? getBounded(outer->value) : std::nullopt;
  if (!inner)
    return outer;
  Clipped both{inner->value, std::max(outer->low, inner->low), std::min(outer->high, inner->high)};
  return both.low <= both.high ? std::optional(both) : std::nullopt;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

Repeated Repeated::whole(Value value) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  return {value, llvm::to_vector(llvm::seq<int64_t>(0, rank))};
}

static std::optional<Repeated> lookThrough(BroadcastOp op, ArrayRef<int64_t> dims) {
  Repeated source{op.getInput(), {}};
  for (auto [i, size] : llvm::enumerate(getDims(op.getInput().getType())))
    source.dims.push_back(size.isOne() ? -1 : dims[op.getDims()[i]]);
  return source;
}

static std::optional<Repeated> lookThrough(ReshapeOp op, ArrayRef<int64_t> dims) {
  Repeated source{op.getInput(), {}};
  SmallVector<Dim> to = getDims(op.getType());
  size_t next = 0;
  auto skipOnes = [&] {
    while (next < to.size() && to[next].isOne())
      ++next;
  };
  for (Dim size : getDims(op.getInput().getType())) {
    if (size.isOne()) {
      source.dims.push_back(-1);
      continue;
    }
    skipOnes();
    if (next == to.size() || to[next] != size)
      return std::nullopt;
    source.dims.push_back(dims[next++]);
  }
  return source;
}

Repeated getSource(Repeated repeated) {
  std::optional<Repeated> source = repeated;
  while (source) {
    repeated = *source;
    source = std::nullopt;
    if (auto op = repeated.value.getDefiningOp<BroadcastOp>())
      source = lookThrough(op, repeated.dims);
    else if (auto op = repeated.value.getDefiningOp<ReshapeOp>())
      source = lookThrough(op, repeated.dims);
  }
  return repeated;
}

std::optional<RowReduction> getRowReduction(Repeated result, ReductionKind kind) {
  result = getSource(result);
  auto op = result.value.getDefiningOp<ReduceOp>();
  if (!op || op.getKind() != kind)
    return std::nullopt;
  auto type = cast<RankedTensorType>(op.getInput().getType());
  RowReduction rows{op.getInput(), SmallVector<int64_t>(op.getDims())};
  int64_t next = 0;
  for (int64_t dim : llvm::seq<int64_t>(0, type.getRank())) {
    if (llvm::is_contained(rows.dims, dim)) {
      if (type.isDynamicDim(dim))
        return std::nullopt;
      continue;
    }
    int64_t place = result.dims[next++];
    if (place != dim && !getDim(type, dim).isOne())
      return std::nullopt;
  }
  return rows;
}

std::optional<RowReduction> getRowMean(Repeated result) {
  result = getSource(result);
  std::optional<Product> product = split(result.value);
  if (!product || product->values.size() != 1)
    return std::nullopt;
  std::optional<RowReduction> rows = getRowReduction(result.with(product->values[0]), ReductionKind::Sum);
  if (!rows)
    return std::nullopt;
  auto type = cast<RankedTensorType>(rows->input.getType());
  double count = 1;
  for (int64_t dim : rows->dims)
    count *= type.getDimSize(dim);
  return isClose(product->factor * count, 1, result.value) ? rows : std::nullopt;
}

} // namespace glyptic::recognise
