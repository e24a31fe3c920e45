//===- BatchNorm.cpp - Channels of mean 0 and variance 1, scaled -*- C++ -*-===//
//
// Two ops share one formula: `batch_norm` takes the statistics as operands, `batch_norm_training` computes them from
// the batch. Both repeat vectors of one number for each channel along the other dimensions, whatever the layout.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/Ops/Normalisation/Rows.h"

using namespace mlir;
using namespace glyptic::graph;

template <typename Op> static LogicalResult verifyChannels(Op op) {
  auto type = cast<RankedTensorType>(op.getInput().getType());
  auto dim = static_cast<int64_t>(op.getDim());
  if (dim < 0 || dim >= type.getRank() || type.isDynamicDim(dim))
    return op.emitOpError() << "dimension " << dim << " of " << type << " does not hold channels";
  auto expected = RankedTensorType::get({type.getDimSize(dim)}, type.getElementType());
  if (op.getScale().getType() != expected)
    return op.emitOpError() << "normalises " << type << " along dimension " << dim << ", so scale and bias must be "
                            << expected << ", not " << op.getScale().getType();
  return success();
}

LogicalResult BatchNormOp::verify() { return verifyChannels(*this); }
LogicalResult BatchNormTrainingOp::verify() { return verifyChannels(*this); }

PrecisionClass BatchNormOp::getPrecisionClass() { return PrecisionClass::Statistics; }
PrecisionClass BatchNormTrainingOp::getPrecisionClass() { return PrecisionClass::Statistics; }

static SmallVector<int64_t> getOtherDims(int64_t rank, int64_t dim) {
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  dims.erase(dims.begin() + dim);
  return dims;
}

//===----------------------------------------------------------------------===//
// Meaning
//===----------------------------------------------------------------------===//

LogicalResult BatchNormOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  int64_t channel = 0;
  return onRows(*operands[0], results[0], getOtherDims(getType().getRank(), getDim()),
                [&](auto input, ArrayRef<int64_t> row, auto result) {
                  using T = typename decltype(result)::value_type;
                  auto at = [&](int operand) { return operands[operand]->get<T>()[channel]; };
                  T deviation = std::sqrt(at(4) + T(getEpsilon().convertToDouble()));
                  for (int64_t i : row)
                    result[i] = (input[i] - at(3)) / deviation * at(1) + at(2);
                  ++channel;
                });
}

LogicalResult BatchNormTrainingOp::evaluate(ArrayRef<const HostTensor *> operands,
                                            MutableArrayRef<HostTensor> results) {
  int64_t channel = 0;
  return onRows(*operands[0], results[0], getOtherDims(operands[0]->getShape().size(), getDim()),
                [&](auto input, ArrayRef<int64_t> row, auto result) {
                  using T = typename decltype(result)::value_type;
                  T mean = 0, variance = 0;
                  for (int64_t i : row)
                    mean += input[i];
                  mean /= row.size();
                  for (int64_t i : row)
                    variance += (input[i] - mean) * (input[i] - mean);
                  variance /= row.size();
                  T factor = operands[1]->get<T>()[channel] / std::sqrt(variance + T(getEpsilon().convertToDouble()));
                  for (int64_t i : row)
                    result[i] = (input[i] - mean) * factor + operands[2]->get<T>()[channel];
                  results[1].get<T>()[channel] = mean;
                  results[2].get<T>()[channel] = variance;
                  ++channel;
                });
}

//===----------------------------------------------------------------------===//
// The formula, its derivative
//===----------------------------------------------------------------------===//

namespace {
/// Vectors have an element for each channel, tensors the input's type.
class Channels {
public:
  template <typename Op>
  Channels(OpBuilder &builder, Op op)
      : builder(builder), loc(op.getLoc()), type(cast<RankedTensorType>(op.getInput().getType())), dim(op.getDim()),
        others(getOtherDims(type.getRank(), dim)), epsilon(op.getEpsilon().convertToDouble()), x(expr(op.getInput())),
        scale(expr(op.getScale())), bias(expr(op.getBias())) {}

  /// By given statistics.
  void normalise(Expr givenMean, Expr givenVariance) {
    mean = givenMean;
    centred = x - spread(mean);
    finish(givenVariance);
  }

  /// By those of the batch. The variance of centred values does not cancel, as the mean of squares less the square of
  /// the mean would.
  void normalise() {
    mean = average(x);
    centred = x - spread(mean);
    finish(average(centred * centred));
  }

  Expr expr(Value value) const { return Expr(builder, loc, value); }
  Expr spread(Expr vector) const { return expr(BroadcastOp::create(builder, loc, type, vector, dim)); }
  Expr sum(Expr tensor) const { return expr(reduceSum(builder, loc, tensor, others)); }
  Expr average(Expr tensor) { return sum(tensor) * getInverseCount(); }

  /// 1 / elements of a channel, which the batch decides, as a vector.
  Expr getInverseCount() {
    int64_t count = 1;
    bool isBatched = false;
    for (int64_t other : others) {
      Dim size = getDim(type, other);
      count *= size.scale;
      isBatched |= size.batched;
    }
    RankedTensorType vector = scale.getType();
    if (!isBatched)
      return expr(splat(builder, loc, vector, 1.0 / count));
    auto scalar = RankedTensorType::get({}, vector.getElementType());
    Expr samples = expr(BatchSizeOp::create(builder, loc, scalar));
    return expr(broadcastTo(builder, loc, 1.0 / (samples * double(count)), vector));
  }

  Expr getResult() const { return centred * spread(inverseDeviation * scale) + spread(bias); }
  Expr getNormalised() const { return centred * spread(inverseDeviation); }

  OpBuilder &builder;
  Location loc;
  RankedTensorType type;
  int64_t dim;
  SmallVector<int64_t> others;
  double epsilon;
  Expr x, scale, bias, mean, variance, centred, inverseDeviation;

private:
  void finish(Expr known) {
    variance = known;
    inverseDeviation = rsqrt(variance + epsilon);
  }
};
} // namespace

FailureOr<SmallVector<Value>> BatchNormOp::decompose(OpBuilder &builder) {
  Channels channels(builder, *this);
  channels.normalise(channels.expr(getMean()), channels.expr(getVariance()));
  return SmallVector<Value>{channels.getResult()};
}

FailureOr<SmallVector<Value>> BatchNormTrainingOp::decompose(OpBuilder &builder) {
  Channels channels(builder, *this);
  channels.normalise();
  return SmallVector<Value>{channels.getResult(), channels.mean, channels.variance};
}

/// With h = (x - mean) / deviation, sums over each channel:
///   dx = dy * scale / deviation,  dscale = sum(dy * h),  dbias = sum(dy),
///   dmean = -dbias * scale / deviation,  dvariance = -dscale * scale / (2 (variance + epsilon)).
FailureOr<SmallVector<Value>> BatchNormOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                          const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(getNumOperands());
  if (!resultGradients[0])
    return gradients;
  Channels channels(builder, *this);
  channels.normalise(channels.expr(getMean()), channels.expr(getVariance()));
  Expr dy = channels.expr(resultGradients[0]), factor = channels.inverseDeviation * channels.scale, dscale, dbias;
  if (wanted[1] || wanted[4])
    dscale = channels.sum(dy * channels.getNormalised());
  if (wanted[2] || wanted[3])
    dbias = channels.sum(dy);
  if (wanted[0])
    gradients[0] = dy * channels.spread(factor);
  if (wanted[1])
    gradients[1] = dscale;
  if (wanted[2])
    gradients[2] = dbias;
  if (wanted[3])
    gradients[3] = -(dbias * factor);
  if (wanted[4])
    gradients[4] = -0.5 * dscale * factor * channels.inverseDeviation;
  return gradients;
}

/// With h = (x - mean) / deviation over n elements of a channel, sums over each channel:
///   dscale = sum(dy * h),  dbias = sum(dy),  dx = (dy - dbias / n - h * dscale / n) * scale / deviation;
/// and of the statistics as results: dx += dmean / n + 2 (x - mean) dvariance / n.
FailureOr<SmallVector<Value>> BatchNormTrainingOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                                  const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(getNumOperands());
  Channels channels(builder, *this);
  channels.normalise();
  Expr inverseCount = channels.getInverseCount(), dx;
  auto add = [&](Expr addend) { dx = Value(dx) ? dx + addend : addend; };
  if (resultGradients[0]) {
    Expr dy = channels.expr(resultGradients[0]), normalised = channels.getNormalised();
    Expr dscale = channels.sum(dy * normalised), dbias = channels.sum(dy);
    add((dy - channels.spread(dbias * inverseCount) - normalised * channels.spread(dscale * inverseCount)) *
        channels.spread(channels.inverseDeviation * channels.scale));
    gradients[1] = wanted[1] ? Value(dscale) : Value();
    gradients[2] = wanted[2] ? Value(dbias) : Value();
  }
  if (resultGradients[1])
    add(channels.spread(channels.expr(resultGradients[1]) * inverseCount));
  if (resultGradients[2])
    add(channels.centred * channels.spread(2.0 * channels.expr(resultGradients[2]) * inverseCount));
  gradients[0] = wanted[0] ? Value(dx) : Value();
  return gradients;
}

//===----------------------------------------------------------------------===//
// Training
//===----------------------------------------------------------------------===//

llvm::StringRef BatchNormOp::describeTrainingForm() {
  return "normalises by the statistics of each batch and updates the running ones";
}

FailureOr<SmallVector<Value>> BatchNormOp::buildTrainingForm(OpBuilder &builder, TrainingScope &scope) {
  if (scope.isFrozen(getMean()) || scope.isFrozen(getVariance()))
    return SmallVector<Value>{getResult()};
  auto training = BatchNormTrainingOp::create(builder, getLoc(), getInput(), getScale(), getBias(), getDimAttr(),
                                              getEpsilonAttr());
  double momentum = getMomentum().convertToDouble();
  if (failed(scope.average(getMean(), training.getMean(), momentum)) ||
      failed(scope.average(getVariance(), training.getVariance(), momentum)))
    return failure();
  return SmallVector<Value>{training.getResult()};
}
