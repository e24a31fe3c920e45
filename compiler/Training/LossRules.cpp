//===- LossRules.cpp - The tables of losses and metrics ---------------------===//
//
// To add a loss or a metric, write its function and its line in the table.
//
//===----------------------------------------------------------------------===//
#include "compiler/Training/LossRules.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {
namespace {

Type scoreType(const Prediction &p) { return getElementTypeOrSelf(p.scores.getType()); }

Expr sum(const Prediction &p, Value value) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  return p.expr(reduceSum(p.builder, p.loc, value, llvm::to_vector(llvm::seq<int64_t>(0, rank))));
}

/// How many positions of a boolean tensor hold.
Expr count(const Prediction &p, Value mask) { return sum(p, convertTo(p.builder, p.loc, mask, scoreType(p))); }

/// How many scores there are, each of weight one.
Expr countScores(const Prediction &p) {
  auto scalar = RankedTensorType::get({}, scoreType(p));
  Dim elements = getNumElements(cast<RankedTensorType>(p.scores.getType()));
  if (!elements.batched)
    return p.expr(splat(p.builder, p.loc, scalar, elements.scale));
  return p.expr(BatchSizeOp::create(p.builder, p.loc, scalar)) * double(elements.scale);
}

Expr isCounted(const Prediction &p) {
  return Expr::compare(Comparison::NE, p.expr(p.labels), double(p.options.ignoreIndex));
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

Sums buildCrossEntropy(const Prediction &p) {
  Value losses = CrossEntropyOp::create(p.builder, p.loc, p.scores, p.labels, p.classDim, p.options.ignoreIndex,
                                        llvm::APFloat(p.options.labelSmoothing));
  return {sum(p, losses), count(p, isCounted(p))};
}

/// Of log-probabilities; from the logits where a log-softmax made them.
Sums buildNll(const Prediction &p) {
  Expr counted = isCounted(p);
  if (p.areLogits) {
    Value losses = CrossEntropyOp::create(p.builder, p.loc, p.scores, p.labels, p.classDim, p.options.ignoreIndex,
                                          llvm::APFloat(0.0));
    return {sum(p, losses), count(p, counted)};
  }
  auto type = cast<RankedTensorType>(p.scores.getType());
  RankedTensorType classType = type.clone(p.builder.getI64Type());
  Expr classes = p.expr(IotaOp::create(p.builder, p.loc, classType, p.classDim));
  auto repeat = [&](Value value) {
    RankedTensorType repeated = type.clone(getElementTypeOrSelf(value.getType()));
    return p.expr(broadcastAlong(p.builder, p.loc, value, repeated, {p.classDim}));
  };
  Expr picked = select(equal(classes, repeat(p.labels)) & repeat(counted), p.expr(p.scores), 0.0);
  return {-sum(p, picked), count(p, counted)};
}

/// PyTorch's logarithm in binary cross-entropy: -100 at 0. The inner select keeps the derivative finite there.
Expr boundedLog(Expr x) {
  Expr isZero = equal(x, 0.0);
  return select(isZero, -100.0, log(select(isZero, 1.0, x)));
}

Sums buildBce(const Prediction &p) {
  Expr x = p.expr(p.scores), target = p.expr(p.labels);
  if (p.areLogits)
    return {sum(p, BceLogitsOp::create(p.builder, p.loc, x, target)), countScores(p)};
  return {sum(p, -(target * boundedLog(x) + (1.0 - target) * boundedLog(1.0 - x))), countScores(p)};
}

Expr difference(const Prediction &p) { return p.expr(p.scores) - p.expr(p.labels); }

Sums buildMse(const Prediction &p) {
  Expr d = difference(p);
  return {sum(p, d * d), countScores(p)};
}

Sums buildL1(const Prediction &p) { return {sum(p, abs(difference(p))), countScores(p)}; }

/// Quadratic up to a difference of one, linear beyond.
Sums buildHuber(const Prediction &p) {
  Expr d = difference(p), size = abs(d);
  return {sum(p, select(size <= 1.0, 0.5 * (d * d), size - 0.5)), countScores(p)};
}

constexpr Activation kSoftmax[] = {Activation::Softmax, Activation::LogSoftmax};
constexpr Activation kLogSoftmax[] = {Activation::LogSoftmax};
constexpr Activation kSigmoid[] = {Activation::Sigmoid};

constexpr LossRule kLosses[] = {
    {"cross-entropy", LabelKind::Class, kSoftmax, true, buildCrossEntropy},
    {"nll", LabelKind::Class, kLogSoftmax, false, buildNll},
    {"bce", LabelKind::Binary, kSigmoid, false, buildBce},
    {"bce-logits", LabelKind::Binary, kSigmoid, true, buildBce},
    {"mse", LabelKind::Value, {}, false, buildMse},
    {"l1", LabelKind::Value, {}, false, buildL1},
    {"huber", LabelKind::Value, {}, false, buildHuber},
};

//===----------------------------------------------------------------------===//
// Metrics
//===----------------------------------------------------------------------===//

Expr measureAccuracy(const Prediction &p) {
  Expr label = p.expr(p.labels);
  if (p.labelKind == LabelKind::Class) {
    Expr best = p.expr(ArgReduceOp::create(p.builder, p.loc, ReductionKind::Max, p.scores, p.classDim, /*last=*/false));
    return count(p, equal(best, label) & isCounted(p));
  }
  return count(p, equal(p.expr(p.scores) > (p.areLogits ? 0.0 : 0.5), label > 0.5));
}

Expr measureMse(const Prediction &p) {
  Expr value = p.areLogits ? logistic(p.expr(p.scores)) : p.expr(p.scores);
  Expr d = value - p.expr(p.labels);
  return sum(p, d * d);
}

constexpr LabelKind kDecisions[] = {LabelKind::Class, LabelKind::Binary};
constexpr LabelKind kNumbers[] = {LabelKind::Binary, LabelKind::Value};
constexpr MetricRule kMetrics[] = {
    {"accuracy", kDecisions, measureAccuracy},
    {"mse", kNumbers, measureMse},
};

} // namespace

ArrayRef<LossRule> getLossRules() { return kLosses; }
ArrayRef<MetricRule> getMetricRules() { return kMetrics; }

} // namespace glyptic
