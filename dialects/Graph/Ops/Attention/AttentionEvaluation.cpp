//===- AttentionEvaluation.cpp - Attention in the interpreter ---*- C++ -*-===//
//
// The derivative finds probabilities by `log_sum` and their projection by the result, as a library does; the
// decomposition does neither.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/HostTensor.h"
#include <cmath>

using namespace mlir;
using namespace glyptic::graph;

namespace {
/// Operands as matrices, one for each head of each sample.
template <typename T> class Attention {
public:
  /// `first`: the operand that follows query, key and value and what else comes before the bias.
  template <typename Op>
  Attention(Op op, ArrayRef<const HostTensor *> operands, size_t first)
      : query(operands[0]->get<T>()), key(operands[1]->get<T>()), value(operands[2]->get<T>()),
        scale(op.getScale().convertToDouble()), maskedScore(op.getMaskedScore().convertToDouble()),
        keptFactor(1 / (1 - op.getDropout().convertToDouble())) {
    ArrayRef<int64_t> q = operands[0]->getShape(), k = operands[1]->getShape(), v = operands[2]->getShape();
    matrices = llvm::product_of(q.drop_back(2));
    rows = q[q.size() - 2], columns = k[k.size() - 2], features = q.back(), outputs = v.back();
    group = q[q.size() - 3] / std::max<int64_t>(k[k.size() - 3], 1);
    if (op.getBias())
      bias = operands[first++]->get<T>();
    if (op.getMask())
      mask = operands[first++]->get<int64_t>();
    if (op.getKept())
      kept = operands[first++]->get<int64_t>();
  }

  /// Of each query: row `i` of matrix `m`.
  template <typename Visit> void forEachRow(Visit visit) const {
    for (int64_t m = 0; m < matrices; ++m)
      for (int64_t i = 0; i < rows; ++i)
        visit(m * rows + i, m / group * columns);
  }

  T getScore(int64_t row, int64_t keyRow, int64_t j) const {
    if (!mask.empty() && !mask[row * columns + j])
      return maskedScore;
    T sum = 0;
    for (int64_t d = 0; d < features; ++d)
      sum += query[row * features + d] * key[(keyRow + j) * features + d];
    return sum * scale + (bias.empty() ? T(0) : bias[row * columns + j]);
  }

  T drop(T probability, int64_t row, int64_t j) const {
    if (kept.empty())
      return probability;
    return kept[row * columns + j] ? probability * keptFactor : T(0);
  }

  int64_t matrices, rows, columns, features, outputs, group;
  ArrayRef<T> query, key, value, bias;
  ArrayRef<int64_t> mask, kept;
  T scale, maskedScore, keptFactor;
};
} // namespace

template <typename T>
static void evaluateAttention(AttentionOp op, ArrayRef<const HostTensor *> operands,
                              MutableArrayRef<HostTensor> results) {
  Attention<T> attention(op, operands, 3);
  MutableArrayRef<T> result = results[0].get<T>(), logSum = results[1].get<T>();
  std::vector<T> scores(attention.columns);
  attention.forEachRow([&](int64_t row, int64_t keyRow) {
    T max = -INFINITY, sum = 0;
    for (int64_t j = 0; j < attention.columns; ++j)
      max = std::max(max, scores[j] = attention.getScore(row, keyRow, j));
    for (T score : scores)
      sum += std::exp(score - max);
    logSum[row] = max + std::log(sum);
    if (op.getZeroMaskedRows() && max == -INFINITY)
      return;
    for (int64_t j = 0; j < attention.columns; ++j)
      for (int64_t e = 0; e < attention.outputs; ++e)
        result[row * attention.outputs + e] += attention.drop(std::exp(scores[j] - max) / sum, row, j) *
                                               attention.value[(keyRow + j) * attention.outputs + e];
  });
}

template <typename T>
static void evaluateGradient(AttentionGradOp op, ArrayRef<const HostTensor *> operands,
                             MutableArrayRef<HostTensor> results) {
  Attention<T> attention(op, operands, 6);
  const int64_t columns = attention.columns, features = attention.features, outputs = attention.outputs;
  ArrayRef<T> result = operands[3]->get<T>(), logSum = operands[4]->get<T>(), dy = operands[5]->get<T>();
  MutableArrayRef<T> dq = results[0].get<T>(), dk = results[1].get<T>(), dv = results[2].get<T>();
  attention.forEachRow([&](int64_t row, int64_t keyRow) {
    const bool isMasked = std::isnan(logSum[row]);
    if (isMasked && op.getZeroMaskedRows())
      return;
    T projection = 0;
    for (int64_t e = 0; e < outputs; ++e)
      projection += result[row * outputs + e] * dy[row * outputs + e];
    for (int64_t j = 0; j < columns; ++j) {
      T probability = std::exp(attention.getScore(row, keyRow, j) - logSum[row]), dp = 0;
      for (int64_t e = 0; e < outputs; ++e) {
        dv[(keyRow + j) * outputs + e] += attention.drop(probability, row, j) * dy[row * outputs + e];
        dp += attention.value[(keyRow + j) * outputs + e] * dy[row * outputs + e];
      }
      if (isMasked || (!attention.mask.empty() && !attention.mask[row * columns + j]))
        continue;
      T ds = probability * (attention.drop(dp, row, j) - projection);
      for (int64_t d = 0; d < features; ++d) {
        dq[row * features + d] += attention.scale * ds * attention.key[(keyRow + j) * features + d];
        dk[(keyRow + j) * features + d] += attention.scale * ds * attention.query[row * features + d];
      }
      if (op.getBias())
        results[3].get<T>()[row * columns + j] = ds;
    }
  });
}

LogicalResult AttentionOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  results[0].withFloat([&](auto zero) { evaluateAttention<decltype(zero)>(*this, operands, results); });
  return success();
}

LogicalResult AttentionGradOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  results[0].withFloat([&](auto zero) { evaluateGradient<decltype(zero)>(*this, operands, results); });
  return success();
}
