//===- AttentionFormula.cpp - Attention in simpler ops ----------*- C++ -*-===//
#include "dialects/Graph/Ops/Attention/AttentionFormula.h"
#include "dialects/Graph/Ops/Contraction/Accumulation.h"
#include "dialects/Graph/Ops/Normalisation/Rows.h"

using namespace mlir;

namespace glyptic::graph {

static SmallVector<Dim> dimsOf(Value value) { return getDims(cast<RankedTensorType>(value.getType())); }

Value AttentionFormula::joinGroups(Value tensor) const {
  SmallVector<Dim> dims = dimsOf(tensor);
  const size_t heads = dims.size() - 3;
  const Dim keyHeads = getDim(key.getType(), heads);
  if (dims[heads] == keyHeads)
    return tensor;
  dims[heads + 1].scale *= dims[heads].scale / keyHeads.scale;
  dims[heads] = keyHeads;
  return ReshapeOp::create(builder, loc, getTensorType(dims, getElementTypeOrSelf(tensor)), tensor);
}

Type AttentionFormula::getScoreType() const { return getAccumulateType(getElementType()); }

Expr AttentionFormula::multiply(Value lhs, Value rhs, int64_t lhsDim, int64_t rhsDim, Type elementType) const {
  SmallVector<int64_t> leading = llvm::to_vector(llvm::seq<int64_t>(0, getKeyDim() - 1));
  auto array = [&](ArrayRef<int64_t> dims) { return builder.getDenseI64ArrayAttr(dims); };
  auto resultType = elementType == getElementType() ? TypeAttr() : TypeAttr::get(elementType);
  return expr(DotGeneralOp::create(builder, loc, convertTo(builder, loc, lhs, getElementType()),
                                   convertTo(builder, loc, rhs, getElementType()), array(leading), array(leading),
                                   array(lhsDim), array(rhsDim), resultType, TypeAttr()));
}

Expr AttentionFormula::multiplyRows(Value rows, Value ofKeyHeads, int64_t contracting, Type elementType) const {
  Expr product = multiply(joinGroups(rows), ofKeyHeads, getKeyDim(), contracting, elementType);
  SmallVector<Dim> dims = dimsOf(query);
  dims.back() = dimsOf(product).back();
  return expr(reshapeTo(builder, loc, product, getTensorType(dims, elementType)));
}

Expr AttentionFormula::sumOverRows(Value lhs, Value rhs) const {
  return multiply(joinGroups(lhs), joinGroups(rhs), getKeyDim() - 1, getKeyDim() - 1, getElementType());
}

Expr AttentionFormula::getScores() const {
  Expr scores = multiplyRows(query, key, getKeyDim(), getScoreType());
  if (scale != 1)
    scores = scores * scale;
  if (bias)
    scores = scores + expr(convertTo(builder, loc, bias, getScoreType()));
  return mask ? select(expr(mask), scores, maskedScore) : scores;
}

Expr AttentionFormula::getProbabilities(Expr scores) const {
  SmallVector<int64_t> along{getKeyDim()};
  Expr probabilities = expr(SoftmaxOp::create(builder, loc, scores, along));
  if (!zeroesMaskedRows)
    return probabilities;
  Expr isMasked = equal(expr(reduce(builder, loc, ReductionKind::Max, scores, along)), -INFINITY);
  RankedTensorType type = scores.getType().clone(builder.getI1Type());
  return select(expr(broadcastAlong(builder, loc, isMasked, type, along)), 0.0, probabilities);
}

Expr AttentionFormula::getLogSum(Expr scores) const {
  SmallVector<int64_t> along{getKeyDim()};
  Expr max = expr(reduce(builder, loc, ReductionKind::Max, scores, along));
  Expr shifted = scores - expr(broadcastAlong(builder, loc, max, scores.getType(), along));
  return max + log(expr(reduceSum(builder, loc, exp(shifted), along)));
}

Expr AttentionFormula::drop(Expr probabilities) const {
  if (!kept)
    return probabilities;
  // All are dropped at a ratio of 1: there, any finite factor does.
  return select(expr(kept), probabilities * (dropout < 1 ? 1 / (1 - dropout) : 0.0), 0.0);
}

} // namespace glyptic::graph
