//===- Attention.cpp - Types, training, derivatives, decomposition -*- C++ -*-===//
#include "dialects/Graph/Decomposition.h"
#include "dialects/Graph/Ops/Attention/AttentionFormula.h"
#include "dialects/Graph/Ops/Contraction/Accumulation.h"
#include "dialects/Graph/Ops/Normalisation/Rows.h"
#include "support/glyph/Names.h"

using namespace mlir;
using namespace glyptic::graph;

PrecisionClass AttentionOp::getPrecisionClass() { return PrecisionClass::Contraction; }
PrecisionClass AttentionGradOp::getPrecisionClass() { return PrecisionClass::Contraction; }

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

namespace {
/// The types that follow from query, key and value.
struct Inferred {
  RankedTensorType scores, result, logSum;
};
} // namespace

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

template <typename Adaptor> static FailureOr<Inferred> infer(std::optional<Location> loc, Adaptor op) {
  RankedTensorType types[] = {typeOf(op.getQuery()), typeOf(op.getKey()), typeOf(op.getValue())};
  auto [query, key, value] = types;
  SmallVector<Dim> q = getDims(query), k = getDims(key), v = getDims(value);
  Type element = query.getElementType();
  if (q.size() < 3 || k.size() != q.size() || v.size() != q.size() || key.getElementType() != element ||
      value.getElementType() != element)
    return emitOptionalError(loc, "attention: query, key and value must have one element type and three or more "
                                  "dimensions, not ", query, ", ", key, " and ", value);
  const size_t rank = q.size(), heads = rank - 3;
  const bool sharesHeads = q[heads] == k[heads] || (q[heads].batched == k[heads].batched && k[heads].scale > 0 &&
                                                    q[heads].scale % k[heads].scale == 0);
  if (ArrayRef(q).take_front(heads) != ArrayRef(k).take_front(heads) || !sharesHeads ||
      ArrayRef(k).drop_back() != ArrayRef(v).drop_back() || q.back() != k.back() || k[rank - 2].batched)
    return emitOptionalError(loc, "attention: the sizes of query ", query, ", key ", key, " and value ", value,
                             " do not belong together");
  Inferred inferred;
  q.back() = k[rank - 2];
  inferred.scores = getTensorType(q, element);
  q.back() = v.back();
  inferred.result = getTensorType(q, element);
  inferred.logSum = getTensorType(ArrayRef(q).drop_back(), getAccumulateType(element));
  for (Value operand : {op.getBias(), op.getMask(), op.getKept()})
    if (operand && getDims(typeOf(operand)) != getDims(inferred.scores))
      return emitOptionalError(loc, "attention: bias and masks must be of the scores' shape, that of ",
                               inferred.scores, ", not ", operand.getType());
  if (op.getBias() && typeOf(op.getBias()) != inferred.scores)
    return emitOptionalError(loc, "attention: the bias must be ", inferred.scores, ", not ", op.getBias().getType());
  return inferred;
}

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  FailureOr<Inferred> inferred = infer(loc, adaptor);
  if (failed(inferred))
    return failure();
  types.append({inferred->result, inferred->logSum});
  return success();
}

LogicalResult AttentionGradOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                                SmallVectorImpl<Type> &types) {
  FailureOr<Inferred> inferred = infer(loc, adaptor);
  if (failed(inferred))
    return failure();
  if (adaptor.getResult().getType() != inferred->result || adaptor.getGradient().getType() != inferred->result ||
      adaptor.getLogSum().getType() != inferred->logSum)
    return emitOptionalError(loc, "attention_grad: result and gradient must be ", inferred->result,
                             ", and log_sum must be ", inferred->logSum);
  types.append({adaptor.getQuery().getType(), adaptor.getKey().getType(), adaptor.getValue().getType()});
  if (adaptor.getBias())
    types.push_back(inferred->scores);
  return success();
}

//===----------------------------------------------------------------------===//
// Training
//===----------------------------------------------------------------------===//

llvm::StringRef AttentionOp::describeTrainingForm() { return "sets probabilities to 0 at random"; }

FailureOr<SmallVector<Value>> AttentionOp::buildTrainingForm(OpBuilder &builder, TrainingScope &scope) {
  double ratio = getDropout().convertToDouble();
  if (ratio == 0 || getKept())
    return SmallVector<Value>(getResults());
  SmallVector<Dim> dims = getDims(getQuery().getType());
  dims.back() = getDim(getKey().getType(), dims.size() - 2);
  Value kept = RandomMaskOp::create(builder, getLoc(), getTensorType(dims, builder.getI1Type()),
                                    scope.getRandomSource(), 1 - ratio);
  auto op = AttentionOp::create(builder, getLoc(), getQuery(), getKey(), getValue(), getBias(), getMask(), kept,
                                getScaleAttr(), getMaskedScoreAttr(), getDropoutAttr(), getZeroMaskedRowsAttr());
  return SmallVector<Value>(op->getResults());
}

//===----------------------------------------------------------------------===//
// Derivative
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> AttentionOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                          const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(getNumOperands());
  if (resultGradients[1]) // of interest to libraries only; no model has it
    return differentiateDecomposition(*this, builder, resultGradients, wanted);
  if (!resultGradients[0])
    return gradients;
  auto grad = AttentionGradOp::create(builder, getLoc(), getQuery(), getKey(), getValue(), getResult(), getLogSum(),
                                      resultGradients[0], getBias(), getMask(), getKept(), getScaleAttr(),
                                      getMaskedScoreAttr(), getDropoutAttr(), getZeroMaskedRowsAttr());
  for (auto [i, gradient] : llvm::enumerate(grad->getResults()))
    if (wanted[i])
      gradients[i] = gradient;
  return gradients;
}

FailureOr<SmallVector<Value>> AttentionGradOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                              const llvm::BitVector &wanted) {
  return differentiateDecomposition(*this, builder, resultGradients, wanted);
}

//===----------------------------------------------------------------------===//
// Library
//===----------------------------------------------------------------------===//

std::optional<LibraryCall> AttentionOp::getLibraryCall() { return LibraryCall{names::kAttention, {}}; }
std::optional<LibraryCall> AttentionGradOp::getLibraryCall() { return LibraryCall{names::kAttentionGradient, {}}; }

/// Of so many products along the rows of queries, and along those of values, for each score.
template <typename Op> static Dim getAttentionFlops(Op op, int64_t queryProducts, int64_t valueProducts) {
  RankedTensorType query = op.getQuery().getType(), key = op.getKey().getType(), value = op.getValue().getType();
  const int64_t rank = query.getRank(), width = query.getDimSize(rank - 1);
  Dim rows = getNumElements(query);
  rows.scale = width ? rows.scale / width : 0;
  rows.scale *= 2 * key.getDimSize(rank - 2) * (queryProducts * width + valueProducts * value.getDimSize(rank - 1));
  return rows;
}

Dim AttentionOp::getFlops() { return getAttentionFlops(*this, 1, 1); }
/// Scores once more; gradients of query and key; those of value and of the probabilities.
Dim AttentionGradOp::getFlops() { return getAttentionFlops(*this, 3, 2); }

//===----------------------------------------------------------------------===//
// Decomposition
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> AttentionOp::decompose(OpBuilder &builder) {
  AttentionFormula formula(builder, *this);
  Expr scores = formula.getScores(), probabilities = formula.drop(formula.getProbabilities(scores));
  Value result = formula.multiplyRows(probabilities, getValue(), formula.getKeyDim() - 1, formula.getElementType());
  return SmallVector<Value>{result, formula.getLogSum(scores)};
}

/// With p the probabilities, p' what dropout leaves of them, and y the result:
///   dv = p'^T dy,  dp = dropped(dy v^T),  ds = p * (dp - sum(dp * p)),  dq = scale * ds k,  dk = scale * ds^T q,
/// and ds is 0 where scores are masked. A row without probabilities has none of these but dv, see softmax.
FailureOr<SmallVector<Value>> AttentionGradOp::decompose(OpBuilder &builder) {
  AttentionFormula formula(builder, *this);
  const int64_t along = formula.getKeyDim();
  Expr p = formula.getProbabilities(formula.getScores());
  Value valueGrad = formula.sumOverRows(formula.drop(p), getGradient());
  if (!getZeroMaskedRows())
    p = select(equal(p, p), p, 0.0);
  Expr dp = formula.drop(formula.multiplyRows(getGradient(), getValue(), along, formula.getScoreType()));
  Expr ds = p * (dp - formula.expr(rowSum(builder, getLoc(), dp * p, along)));
  if (getMask())
    ds = select(formula.expr(getMask()), ds, 0.0);
  Expr scaled = formula.scale == 1 ? ds : ds * formula.scale;
  SmallVector<Value> gradients{formula.multiplyRows(scaled, getKey(), along - 1, formula.getElementType()),
                               formula.sumOverRows(scaled, getQuery()), valueGrad};
  if (getBias())
    gradients.push_back(convertTo(builder, getLoc(), ds, formula.getElementType()));
  return gradients;
}
