//===- Losses.h - Losses and metrics by name --------------------*- C++ -*-===//
//
// A loss travels as a sum over positions and the sum of their weights; the mean is taken once, at the end. A position
// is a sample, a token, a pixel: whatever has a label of its own.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Options.h"
#include "dialects/Graph/Builders.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace glyptic {

struct LossRule;
struct MetricRule;

/// The loss and the metrics that a user asked for, on one output of a model.
class Objective {
public:
  /// All errors of that choice are found and reported here.
  static mlir::FailureOr<Objective> create(mlir::func::FuncOp infer, const TrainingOptions &options);

  /// What the label argument of a program must be; the first dimension counts samples.
  mlir::RankedTensorType getLabelType() const { return labelType; }
  /// Index of the model's output that the loss looks at.
  unsigned getOutput() const { return outputIndex; }

  /// Emits sums named "loss", "weight", and each metric, in this order, for the model's output and its label.
  llvm::SmallVector<std::pair<std::string, mlir::Value>> build(mlir::OpBuilder &builder, mlir::Value output,
                                                               mlir::Value label) const;

private:
  explicit Objective(const TrainingOptions &options) : options(&options) {}
  mlir::LogicalResult findOutput(mlir::func::FuncOp infer);
  mlir::LogicalResult findPositions(mlir::func::FuncOp infer);
  mlir::LogicalResult findClassDim(mlir::func::FuncOp infer, int64_t rank, int64_t normalised);
  mlir::LogicalResult findLabelType(mlir::func::FuncOp infer);
  mlir::LogicalResult findMetrics(mlir::func::FuncOp infer);

  const TrainingOptions *options;
  const LossRule *loss = nullptr;
  llvm::SmallVector<const MetricRule *> metrics;
  unsigned outputIndex = 0;
  std::string outputName;
  int64_t classDim = 0;                ///< of class scores
  mlir::RankedTensorType positionType; ///< of labels, as the loss wants them
  mlir::RankedTensorType labelType;    ///< of labels, as they arrive
};

} // namespace glyptic
