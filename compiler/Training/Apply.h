//===- Apply.h - The update of the state ------------------------*- C++ -*-===//
#pragma once

#include "compiler/Training/Optimizers.h"
#include "compiler/Training/TrainingForms.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace glyptic {

/// The optimizer and schedule that a user asked for, with their defaults filled in.
struct UpdateRules {
  const OptimizerRule *optimizer = nullptr;
  const ScheduleRule *schedule = nullptr;
  double learningRate = 0, weightDecay = 0;

  static mlir::FailureOr<UpdateRules> create(mlir::func::FuncOp infer, const TrainingOptions &options);
};

/// Name of the accumulator of a parameter's gradient.
std::string getGradientName(llvm::StringRef parameter);
/// Name of the accumulator of a total.
std::string getTotalName(llvm::StringRef total);
/// Emits an error if an argument or the label has a name of ours.
mlir::LogicalResult checkNames(mlir::func::FuncOp infer, llvm::StringRef label);

/// Adds @apply for the accumulators of `grad`, those of running averages among them.
mlir::func::FuncOp buildApply(mlir::ModuleOp module, mlir::func::FuncOp grad, const UpdateRules &rules,
                              const TrainingOptions &options, llvm::ArrayRef<RunningAverage> averages);

} // namespace glyptic
