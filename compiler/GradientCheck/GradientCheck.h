//===- GradientCheck.h - Derivatives of a program against differences -*- C++ -*-===//
//
// Whether @grad of a program returns the derivative of the loss that it returns beside it, asked in FP64 of the
// reference interpreter:
//
//   directions  along random directions, in all parameters at once and in each by itself, the gradient's product with
//               the direction is compared with the central difference of the loss, at several steps
//   nodes       along a direction where the two differ, every op's own derivative is compared with its own
//               differences, weighted by the gradient that reaches its results. Those deviations add up to the whole
//               one, so they say which node it comes from
//   kinks       an op that has another derivative to the left than to the right (ReLU at 0, equal maxima) may deviate
//               by as much as the two differ. What is within that is reported as a kink, and is no error
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/GradientCheck/Tape.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace glyptic {

enum class Agreement { Agrees, Kink, Disagrees };
llvm::StringRef toString(Agreement agreement);

/// One direction.
struct DirectionResult {
  std::string parameter; ///< empty: all of them at once
  double derivative, difference;
  double step;  ///< of the difference, relative to the size of each parameter
  double error; ///< relative to the larger of the two
  Agreement agreement;
};

/// One op along the direction on which it deviated most.
struct NodeResult {
  mlir::Location location;
  double derivative, difference; ///< its part of those of the direction
  int64_t elements, kinks;       ///< of its results, and how many of them have two derivatives
  Agreement agreement;
};

struct GradientReport {
  double loss;
  std::vector<DirectionResult> directions;
  std::vector<NodeResult> nodes; ///< those that do not simply agree; only looked for where a direction does not
  Agreement agreement = Agreement::Agrees;
};

struct GradientCheckSettings {
  int64_t directions = 3; ///< in all parameters at once
  uint64_t seed = 0;
  double tolerance = 1e-6; ///< relative
};

/// `grad` is a function as compiler/Program.h describes it, `arguments` are in FP64, `batch` is theirs. Fails, with a
/// diagnostic, where the loss cannot be interpreted or is not finite.
mlir::FailureOr<GradientReport> checkGradient(mlir::func::FuncOp grad, std::vector<graph::HostTensor> arguments,
                                              int64_t batch, const GradientCheckSettings &settings);

} // namespace glyptic
