//===- LossRules.h - The tables of losses and metrics -----------*- C++ -*-===//
#pragma once

#include "compiler/Options.h"
#include "dialects/Graph/Builders.h"

namespace glyptic {

/// What labels are, and so which losses and metrics go together.
enum class LabelKind {
  Class,  ///< an i64 index for each position; the scores have a class dimension more
  Binary, ///< a float in [0, 1] for each score
  Value,  ///< a float for each score
};

/// An activation that a loss contains: a model that ends in it is trained from the activation's input.
enum class Activation { None, Sigmoid, Softmax, LogSoftmax };

/// What losses and metrics are computed from.
struct Prediction {
  mlir::OpBuilder &builder;
  mlir::Location loc;
  const TrainingOptions &options;
  LabelKind labelKind;
  mlir::Value scores;
  bool areLogits; ///< or the output itself: probabilities, values
  mlir::Value labels;
  int64_t classDim; ///< of class scores

  graph::Expr expr(mlir::Value value) const { return {builder, loc, value}; }
};

/// Scalars of the scores' element type.
struct Sums {
  graph::Expr value, weight;
};

struct LossRule {
  llvm::StringLiteral name;
  LabelKind labels;
  llvm::ArrayRef<Activation> activations;
  bool takesLogits; ///< even where the output ends in none of them
  Sums (*build)(const Prediction &);
};

/// A sum over positions, to be divided by the loss's weight.
struct MetricRule {
  llvm::StringLiteral name;
  llvm::ArrayRef<LabelKind> labels; ///< the kinds that it can measure
  graph::Expr (*build)(const Prediction &);
};

llvm::ArrayRef<LossRule> getLossRules();
llvm::ArrayRef<MetricRule> getMetricRules();

} // namespace glyptic
