//===- Optimizers.h - Update rules by name ----------------------*- C++ -*-===//
//
// PyTorch's definitions. An update is elementwise and the same for every shape, so that fusion can run one over all
// parameters; what depends on the step alone is a scalar, computed once in FP64 and rounded.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Options.h"
#include "dialects/Graph/Builders.h"

namespace glyptic {

/// One parameter's update: tensors of the parameter's type.
struct Update {
  const TrainingOptions &options;
  double weightDecay; ///< 0 where the parameter is spared
  graph::Expr parameter, gradient;
  llvm::SmallVector<graph::Expr> slots;   ///< in and out, as the rule lists them
  llvm::SmallVector<graph::Expr> scalars; ///< what `prepare` returned
};

struct OptimizerRule {
  llvm::StringLiteral name;
  llvm::ArrayRef<llvm::StringLiteral> slots; ///< start at zero
  double learningRate, weightDecay;          ///< defaults
  /// FP64 scalars that all parameters share. `step` counts committed updates and is 1 in the first.
  llvm::SmallVector<graph::Expr> (*prepare)(const TrainingOptions &, graph::Expr learningRate, graph::Expr step,
                                            double weightDecay);
  /// Changes `parameter` and `slots` to their new values.
  void (*apply)(Update &);
};

llvm::ArrayRef<OptimizerRule> getOptimizers();
/// Null after an error that lists them.
const OptimizerRule *findOptimizer(llvm::StringRef name, mlir::Location loc);

/// A learning rate as a function of `step` (FP64 scalar; 0 in the first update).
struct ScheduleRule {
  llvm::StringLiteral name;
  bool ends; ///< needs `totalSteps`
  graph::Expr (*build)(const TrainingOptions &, double learningRate, graph::Expr step);
};

llvm::ArrayRef<ScheduleRule> getSchedules();
const ScheduleRule *findSchedule(llvm::StringRef name, mlir::Location loc);

/// The schedule with its linear warm-up, as an FP64 scalar.
mlir::Value buildLearningRate(mlir::OpBuilder &builder, mlir::Location loc, const ScheduleRule &schedule,
                              const TrainingOptions &options, double learningRate, mlir::Value step);

} // namespace glyptic
