//===- LayerNorm.cpp - Rows of mean 0 and variance 1, scaled ----*- C++ -*-===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/Ops/Normalisation/Rows.h"

using namespace mlir;
using namespace glyptic::graph;

static SmallVector<int64_t> getNormalisedDims(LayerNormOp op) {
  return llvm::to_vector(llvm::seq<int64_t>(op.getDim(), op.getType().getRank()));
}

LogicalResult LayerNormOp::verify() {
  RankedTensorType type = getType();
  if (static_cast<int64_t>(getDim()) < 0 || static_cast<int64_t>(getDim()) >= type.getRank())
    return emitOpError() << "dimension " << getDim() << " does not exist in " << type;
  if (failed(verifyRowDims(*this, type, getNormalisedDims(*this))))
    return failure();
  auto expected = RankedTensorType::get(type.getShape().drop_front(getDim()), type.getElementType());
  for (Value operand : getOperands().drop_front())
    if (operand.getType() != expected)
      return emitOpError() << "normalises " << type << " from dimension " << getDim()
                           << " on, so scale and bias must be " << expected << ", not " << operand.getType();
  return success();
}

PrecisionClass LayerNormOp::getPrecisionClass() { return PrecisionClass::Statistics; }

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

namespace {
/// The op's formula up to scale and bias, over the whole tensor. The derivative computes it again from the input: two
/// numbers for each row, whose reductions fusion finds beside those of the derivative.
struct Normalisation {
  Expr normalised, inverseDeviation;

  Normalisation(OpBuilder &builder, LayerNormOp op)
      : builder(builder), loc(op.getLoc()), type(op.getType()), dims(getNormalisedDims(op)) {
    Expr x(builder, loc, op.getInput());
    Expr centred = x - rowMean(x);
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

  OpBuilder &builder;
  Location loc;
  RankedTensorType type;
  SmallVector<int64_t> dims;
};
} // namespace

FailureOr<SmallVector<Value>> LayerNormOp::decompose(OpBuilder &builder) {
  Normalisation norm(builder, *this);
  auto repeat = [&](Value value) { return Expr(builder, getLoc(), broadcastTo(builder, getLoc(), value, getType())); };
  Expr result = norm.normalised * repeat(getScale());
  if (getBias())
    result = result + repeat(getBias());
  return SmallVector<Value>{result};
}

/// With h = (x - mean) / deviation and dh = dy * scale:
///   dx = (dh - mean(dh) - h * mean(dh * h)) / deviation,  dscale = sum over rows(dy * h),  dbias = sum over rows(dy).
FailureOr<SmallVector<Value>> LayerNormOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                          const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(getNumOperands());
  if (!resultGradients[0])
    return gradients;
  Location loc = getLoc();
  Expr dy(builder, loc, resultGradients[0]);
  auto rows = llvm::to_vector(llvm::seq<int64_t>(0, getDim()));
  Normalisation norm(builder, *this);
  if (wanted[0]) {
    Expr scaled = dy * Expr(builder, loc, broadcastTo(builder, loc, getScale(), getType()));
    Expr slope = norm.rowMean(scaled * norm.normalised);
    gradients[0] = (scaled - norm.rowMean(scaled) - norm.normalised * slope) * norm.inverseDeviation;
  }
  if (wanted[1])
    gradients[1] = reduceSum(builder, loc, dy * norm.normalised, rows);
  if (getBias() && wanted[2])
    gradients[2] = reduceSum(builder, loc, dy, rows);
  return gradients;
}
