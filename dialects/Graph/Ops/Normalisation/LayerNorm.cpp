//===- LayerNorm.cpp - Rows of mean 0 and variance 1, scaled ----*- C++ -*-===//
//
// layer_norm, and rms_norm, which leaves the mean where it is.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/Ops/Normalisation/Rows.h"

using namespace mlir;
using namespace glyptic::graph;

template <typename Op> static SmallVector<int64_t> getNormalisedDims(Op op) {
  return llvm::to_vector(llvm::seq<int64_t>(op.getDim(), op.getType().getRank()));
}

template <typename Op> static LogicalResult verifyNorm(Op op) {
  RankedTensorType type = op.getType();
  int64_t dim = op.getDim();
  if (dim < 0 || dim >= type.getRank())
    return op.emitOpError() << "dimension " << dim << " does not exist in " << type;
  if (failed(verifyRowDims(op, type, getNormalisedDims(op))))
    return failure();
  auto expected = RankedTensorType::get(type.getShape().drop_front(dim), type.getElementType());
  for (Value operand : op->getOperands().drop_front())
    if (operand.getType() != expected)
      return op.emitOpError() << "normalises " << type << " from dimension " << dim
                              << " on, so scale and bias must be " << expected << ", not " << operand.getType();
  return success();
}

LogicalResult LayerNormOp::verify() { return verifyNorm(*this); }
LogicalResult RmsNormOp::verify() { return verifyNorm(*this); }

PrecisionClass LayerNormOp::getPrecisionClass() { return PrecisionClass::Statistics; }
PrecisionClass RmsNormOp::getPrecisionClass() { return PrecisionClass::Statistics; }

LogicalResult LayerNormOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  return onRows(
      *operands[0], results[0], getNormalisedDims(*this), [&](auto input, ArrayRef<int64_t> row, auto result) {
        using T = typename decltype(result)::value_type;
        T mean = 0, variance = 0;
        for (int64_t i : row)
          mean += input[i];
        mean /= row.size();
        for (int64_t i : row)
          variance += (input[i] - mean) * (input[i] - mean);
        variance /= row.size();
        for (auto [k, i] : llvm::enumerate(row)) {
          T normalised = (input[i] - mean) / std::sqrt(variance + T(getEpsilon().convertToDouble()));
          result[i] = normalised * operands[1]->get<T>()[k] + (operands.size() > 2 ? operands[2]->get<T>()[k] : T(0));
        }
      });
}

LogicalResult RmsNormOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  return onRows(
      *operands[0], results[0], getNormalisedDims(*this), [&](auto input, ArrayRef<int64_t> row, auto result) {
        using T = typename decltype(result)::value_type;
        T square = 0;
        for (int64_t i : row)
          square += input[i] * input[i];
        T deviation = std::sqrt(square / row.size() + T(getEpsilon().convertToDouble()));
        for (auto [k, i] : llvm::enumerate(row))
          result[i] = input[i] / deviation * operands[1]->get<T>()[k];
      });
}

namespace {
/// The op's formula up to scale and bias, over the whole tensor. The derivative computes it again from the input: two
/// numbers for each row, whose reductions fusion finds beside those of the derivative.
struct Normalisation {
  Expr normalised, inverseDeviation;

  template <typename Op>
  Normalisation(OpBuilder &builder, Op op)
      : builder(builder), loc(op.getLoc()), type(op.getType()), dims(getNormalisedDims(op)) {
    Expr centred(builder, loc, op.getInput());
    if (std::is_same_v<Op, LayerNormOp>)
      centred = centred - rowMean(centred);
    // The variance of centred values does not cancel, as the mean of squares less the square of the mean would.
    Expr variance = mean(centred * centred);
    inverseDeviation = spread(rsqrt(variance + op.getEpsilon().convertToDouble()));
    normalised = centred * inverseDeviation;
  }

  Expr spread(Value row) { return Expr(builder, loc, broadcastAlong(builder, loc, row, type, dims)); }
  /// The mean of each row, and the same repeated along it.
  Expr mean(Value value) {
    int64_t count = llvm::product_of(type.getShape().take_back(dims.size()));
    return Expr(builder, loc, reduceSum(builder, loc, value, dims)) * (1.0 / count);
  }
  Expr rowMean(Value value) { return spread(mean(value)); }
  /// A vector for all rows, repeated to each.
  Expr repeat(Value vector) { return Expr(builder, loc, broadcastTo(builder, loc, vector, type)); }

  OpBuilder &builder;
  Location loc;
  RankedTensorType type;
  SmallVector<int64_t> dims;
};
} // namespace

FailureOr<SmallVector<Value>> LayerNormOp::decompose(OpBuilder &builder) {
  Normalisation norm(builder, *this);
  Expr result = norm.normalised * norm.repeat(getScale());
  if (getBias())
    result = result + norm.repeat(getBias());
  return SmallVector<Value>{result};
}

FailureOr<SmallVector<Value>> RmsNormOp::decompose(OpBuilder &builder) {
  Normalisation norm(builder, *this);
  return SmallVector<Value>{norm.normalised * norm.repeat(getScale())};
}

/// With h = (x - mean) / deviation and dh = dy * scale:
///   dx = (dh - mean(dh) - h * mean(dh * h)) / deviation,  dscale = sum over rows(dy * h),  dbias = sum over rows(dy).
/// Where no mean is subtracted, none of dh is, either.
template <typename Op>
static SmallVector<Value> buildNormGradients(OpBuilder &builder, Op op, Value resultGradient,
                                             const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(op->getNumOperands());
  if (!resultGradient)
    return gradients;
  Location loc = op.getLoc();
  Expr dy(builder, loc, resultGradient);
  auto rows = llvm::to_vector(llvm::seq<int64_t>(0, op.getDim()));
  Normalisation norm(builder, op);
  if (wanted[0]) {
    Expr scaled = dy * norm.repeat(op.getScale());
    Expr slope = norm.rowMean(scaled * norm.normalised);
    Expr centred = std::is_same_v<Op, LayerNormOp> ? scaled - norm.rowMean(scaled) : scaled;
    gradients[0] = (centred - norm.normalised * slope) * norm.inverseDeviation;
  }
  if (wanted[1])
    gradients[1] = reduceSum(builder, loc, dy * norm.normalised, rows);
  if (gradients.size() > 2 && wanted[2])
    gradients[2] = reduceSum(builder, loc, dy, rows);
  return gradients;
}

FailureOr<SmallVector<Value>> LayerNormOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                          const llvm::BitVector &wanted) {
  return buildNormGradients(builder, *this, resultGradients[0], wanted);
}

FailureOr<SmallVector<Value>> RmsNormOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                        const llvm::BitVector &wanted) {
  return buildNormGradients(builder, *this, resultGradients[0], wanted);
}
