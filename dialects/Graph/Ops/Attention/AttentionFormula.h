//===- AttentionFormula.h - Attention in simpler ops ------------*- C++ -*-===//
//
// What the decompositions of `attention` and `attention_grad` share. Both build probabilities by the same ops over the
// same operands, so that common subexpressions leave one of them in a training step.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/Builders.h"

namespace glyptic::graph {

class AttentionFormula {
public:
  template <typename Op>
  AttentionFormula(mlir::OpBuilder &builder, Op op)
      : builder(builder), loc(op.getLoc()), query(op.getQuery()), key(op.getKey()), value(op.getValue()),
        bias(op.getBias()), mask(op.getMask()), kept(op.getKept()), scale(op.getScale().convertToDouble()),
        maskedScore(op.getMaskedScore().convertToDouble()), dropout(op.getDropout().convertToDouble()),
        zeroesMaskedRows(op.getZeroMaskedRows()) {}

  /// In FP32 or wider, as all that follows up to what dropout leaves: 16 bits hold no score before it is scaled.
  Expr getScores() const;
  /// The softmax of the scores.
  Expr getProbabilities(Expr scores) const;
  Expr getLogSum(Expr scores) const;
  /// What is left of probabilities, or of their gradients, after dropout.
  Expr drop(Expr probabilities) const;

  /// The product of each query's row with key or value, whose dimension `contracting` is summed over. Where heads of
  /// the query share one of the key, their rows are one matrix: nothing is repeated, and gradients of key and value are
  /// summed by the product.
  Expr multiplyRows(mlir::Value rows, mlir::Value ofKeyHeads, int64_t contracting, mlir::Type elementType) const;
  /// The sum over the rows of both: [..., N, *].
  Expr sumOverRows(mlir::Value lhs, mlir::Value rhs) const;

  /// The dimension along which each query's scores lie.
  int64_t getKeyDim() const { return query.getType().getRank() - 1; }
  mlir::Type getElementType() const { return query.getType().getElementType(); }
  mlir::Type getScoreType() const;
  Expr expr(mlir::Value value) const { return Expr(builder, loc, value); }

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::TypedValue<mlir::RankedTensorType> query, key, value;
  mlir::Value bias, mask, kept;
  double scale, maskedScore, dropout;
  bool zeroesMaskedRows;

private:
  /// [..., heads, M, *] as [..., key heads, heads / key heads * M, *].
  mlir::Value joinGroups(mlir::Value tensor) const;
  Expr multiply(mlir::Value lhs, mlir::Value rhs, int64_t lhsDim, int64_t rhsDim, mlir::Type elementType) const;
};

} // namespace glyptic::graph
