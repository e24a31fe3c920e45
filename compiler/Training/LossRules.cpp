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

Sums buildMse(const Prediction &p) {
  Expr difference = p.expr(p.scores) - p.expr(p.labels);
  return {sum(p, difference * difference), countScores(p)};
}

constexpr LossRule kLosses[] = {
    {"cross-entropy", LabelKind::Class, true, buildCrossEntropy},
    {"bce", LabelKind::Binary, false, buildBce},
    {"bce-logits", LabelKind::Binary, true, buildBce},
    {"mse", LabelKind::Value, false, buildMse},
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
  Expr difference = value - p.expr(p.labels);
  return sum(p, difference * difference);
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
