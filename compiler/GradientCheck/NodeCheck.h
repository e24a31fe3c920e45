//===- NodeCheck.h - Which node a wrong gradient comes from -----*- C++ -*-===//
#pragma once

#include "compiler/GradientCheck/GradientCheck.h"
#include "llvm/ADT/MapVector.h"

namespace glyptic {

/// How the nodes' own derivatives deviate along one direction.
struct Deviation {
  double difference = 0; ///< of the loss
  double nodes = 0;      ///< the sum of their deviations: that of the whole, if gradients are put together rightly
  Agreement worst = Agreement::Agrees;
};

/// With the gradient a(v) of the loss with respect to each value v, an op y = f(x) deviates along a direction by
///
///   a(y) * (f(x+) - f(x-)) / 2h  -  (what f's derivative makes of a(y)) * (x+ - x-) / 2h
///
/// Summed over all ops, every value between them occurs once with either sign, and what remains is the difference of
/// the loss less the derivative along the direction: these numbers divide a deviation among the nodes without
/// remainder. A node that deviates is looked at once more with its operands moved by the same amount to either side:
/// behind a kink they are not, and a smooth node deviates by its curvature.
class NodeCheck {
public:
  /// Small, so that few kinks are stepped over; a node by itself loses little to rounding.
  static constexpr double kStep = 1e-6;

  /// `tape` holds the values of the block that computes `loss` from `sources`. The derivative is built into that block.
  NodeCheck(Tape &tape, mlir::Value loss, mlir::ValueRange sources, double tolerance)
      : tape(tape), loss(loss), sources(sources), tolerance(tolerance) {}

  mlir::LogicalResult prepare();
  mlir::FailureOr<Deviation> check(const HostValues &direction);

  /// Of all directions so far, wrong nodes first.
  std::vector<NodeResult> takeResults();

private:
  struct Part;
  using Contributions = llvm::SmallVector<std::optional<graph::HostTensor>>;
  mlir::FailureOr<Contributions> getContributions(mlir::Operation *op) const;
  Part measure(mlir::Operation *op, llvm::ArrayRef<std::optional<graph::HostTensor>> contributions,
               const HostValues &above, const HostValues &below) const;
  mlir::LogicalResult moveSymmetrically(mlir::Operation *op, const HostValues &above, const HostValues &below,
                                        HostValues &high, HostValues &low) const;
  bool isDecided(mlir::Operation *op, const HostValues &above, const HostValues &below) const;
  void record(mlir::Operation *op, const Part &part, Agreement agreement);

  Tape &tape;
  mlir::Value loss;
  llvm::SmallVector<mlir::Value> sources;
  double tolerance;
  llvm::SmallVector<mlir::Operation *> ops;           ///< those that the loss is computed by
  llvm::DenseMap<mlir::Value, mlir::Value> gradients; ///< of the loss
  llvm::MapVector<mlir::Operation *, NodeResult> results;
};

/// The sources of `direction`, moved by `step` times it.
HostValues moveAlong(const Tape &tape, const HostValues &direction, double step);

} // namespace glyptic
