//===- CrossEntropy.cpp - Softmax and cross-entropy in one ------*- C++ -*-===//
//
// With shifted logits z = x - max, label l, smoothing s and K classes:
//   loss = log(sum(e^z)) - (1 - s) * z[l] - s / K * sum(z)
// No probability is ever formed, so none underflows.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/Ops/Normalisation/Rows.h"

using namespace mlir;
using namespace glyptic::graph;

LogicalResult CrossEntropyOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                               SmallVectorImpl<Type> &types) {
  auto logits = cast<RankedTensorType>(adaptor.getLogits().getType());
  auto labels = cast<RankedTensorType>(adaptor.getLabels().getType());
  const int64_t dim = adaptor.getDim();
  if (dim < 0 || dim >= logits.getRank())
    return emitOptionalError(loc, "cross_entropy: dimension ", dim, " does not exist in ", logits);
  SmallVector<Dim> dims = getDims(logits);
  if (dims[dim].batched || dims[dim].scale == 0)
    return emitOptionalError(loc, "cross_entropy: dimension ", dim, " of ", logits, " must be a number of classes");
  dims.erase(dims.begin() + dim);
  if (getDims(labels) != dims || !(labels.getElementType().isInteger(32) || labels.getElementType().isInteger(64)))
    return emitOptionalError(loc, "cross_entropy: labels of ", logits, " without dimension ", dim, " cannot be ",
                             labels, "; they must be 32 or 64 bit integers of the logits' shape without the classes");
  double smoothing = adaptor.getLabelSmoothing().convertToDouble();
  if (!(smoothing >= 0 && smoothing <= 1))
    return emitOptionalError(loc, "cross_entropy: label smoothing must lie in [0, 1]");
  types.push_back(getTensorType(dims, logits.getElementType()));
  return success();
}

IndexUse CrossEntropyOp::getIndexUse() {
  return {getLabels(), 0, getDims(getLogits().getType())[getDim()].scale, static_cast<int64_t>(getIgnoreIndex())};
}

PrecisionClass CrossEntropyOp::getPrecisionClass() { return PrecisionClass::Statistics; }

LogicalResult CrossEntropyOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  const double smoothing = getLabelSmoothing().convertToDouble();
  std::vector<SmallVector<int64_t>> rows = getRows(operands[0]->getShape(), static_cast<int64_t>(getDim()));
  std::visit(
      [&](auto &losses) {
        using T = typename std::decay_t<decltype(losses)>::value_type;
        ArrayRef<T> logits = operands[0]->get<T>();
        for (auto [loss, row, label] : llvm::zip(losses, rows, operands[1]->get<int64_t>())) {
          if (label == static_cast<int64_t>(getIgnoreIndex()))
            continue;
          T max = logits[row.front()], sum = 0, total = 0;
          for (int64_t i : row)
            max = std::max(max, logits[i]);
          for (int64_t i : row)
            sum += std::exp(logits[i] - max);
          T logSum = max + std::log(sum);
          // The mean over classes of -log p, and -log p of the label; a label that no class has contributes log-sum.
          for (int64_t i : row)
            total += logSum - logits[i];
          bool isClass = label >= 0 && label < static_cast<int64_t>(row.size());
          T own = logSum - (isClass ? logits[row[label]] : max);
          loss = smoothing == 0 ? own : T(1 - smoothing) * own + T(smoothing) * total / row.size();
        }
      },
      results[0].getStorage());
  return success();
}

namespace {
/// What derivative and decomposition both need: which samples count, and which class is each sample's label.
struct Labels {
  Labels(OpBuilder &builder, CrossEntropyOp op) {
    Location loc = op.getLoc();
    RankedTensorType type = op.getLogits().getType();
    auto labelType = cast<RankedTensorType>(op.getLabels().getType());
    isCounted = Expr::compare(Comparison::NE, Expr(builder, loc, op.getLabels()),
                              static_cast<double>(static_cast<int64_t>(op.getIgnoreIndex())));
    auto classType = cast<RankedTensorType>(type.clone(labelType.getElementType()));
    Value classes = IotaOp::create(builder, loc, classType, op.getDimAttr());
    Value labels = broadcastAlong(builder, loc, op.getLabels(), classType, static_cast<int64_t>(op.getDim()));
    isLabel = equal(Expr(builder, loc, classes), Expr(builder, loc, labels));
  }
  Expr isCounted, isLabel;
};
} // namespace

FailureOr<SmallVector<Value>> CrossEntropyOp::decompose(OpBuilder &builder) {
  Location loc = getLoc();
  const int64_t dim = getDim();
  const double smoothing = getLabelSmoothing().convertToDouble();
  auto sum = [&](Value value) { return Expr(builder, loc, reduceSum(builder, loc, value, dim)); };
  Labels labels(builder, *this);
  Expr shifted(builder, loc, shiftByMax(builder, loc, getLogits(), dim));
  // Selecting, where a product with a one-hot row would make NaN of a class that is masked with -inf.
  Expr own = sum(select(labels.isLabel, shifted, 0));
  Expr loss = log(sum(exp(shifted)));
  if (smoothing == 0)
    loss = loss - own;
  else
    loss = loss - (own * (1 - smoothing) + sum(shifted) * (smoothing / getLogits().getType().getDimSize(dim)));
  return SmallVector<Value>{select(labels.isCounted, loss, 0)};
}

/// dlogits = (softmax - target) * dloss, where the target is (1 - s) on the label plus s / classes everywhere, and
/// nothing for a sample that is not counted.
FailureOr<SmallVector<Value>> CrossEntropyOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                             const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(2);
  if (!resultGradients[0] || !wanted[0])
    return gradients;
  Location loc = getLoc();
  const int64_t dim = getDim();
  RankedTensorType type = getLogits().getType();
  const double smoothing = getLabelSmoothing().convertToDouble(), everywhere = smoothing / type.getDimSize(dim);
  Labels labels(builder, *this);
  Expr dloss = select(labels.isCounted, Expr(builder, loc, resultGradients[0]), 0);
  Expr softmax(builder, loc, SoftmaxOp::create(builder, loc, type, getLogits(), dim));
  Expr difference = select(labels.isLabel, softmax - (1 - smoothing + everywhere), softmax - everywhere);
  gradients[0] = difference * Expr(builder, loc, broadcastAlong(builder, loc, dloss, type, dim));
  return gradients;
}
