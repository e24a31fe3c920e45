//===- Autodiff.h - Reverse-mode differentiation ----------------*- C++ -*-===//
#pragma once

#include "mlir/IR/Builders.h"

namespace glyptic {

/// An op at which the gradient ends although its operands reach the target.
struct GradientBarrier {
  enum Kind {
    NoDerivative, ///< it has none: an error
    Discrete,     ///< its results are integers or truth values
    Constant,     ///< its derivative is zero wherever it exists: rounding, signs
  };
  Kind kind;
  mlir::Operation *op;
  llvm::SmallVector<unsigned> sources; ///< indices of those that reach the op, and get no gradient

  /// What is wrong and what to do, for the names of the sources concerned.
  std::string describe(llvm::ArrayRef<llvm::StringRef> names) const;
};

/// Emits the gradient of `target` with respect to each of `sources`, weighted by `seed` (of target's type: one for the
/// gradient itself). Result i is null where `target` does not depend on `sources[i]`.
///
/// Ops of target's block are differentiated through DifferentiableOpInterface; the gradient is plain `graph` code, so
/// that it can be differentiated again. Insertion happens at `builder`'s point, which `target` must dominate. An op
/// without derivative between a source and the target is an error at that op's location; all of them are reported. With
/// `barriers` those go there instead, and beside them what else leaves sources without gradient.
mlir::FailureOr<llvm::SmallVector<mlir::Value>>
buildGradients(mlir::OpBuilder &builder, mlir::Value target, mlir::Value seed, mlir::ValueRange sources,
               llvm::SmallVectorImpl<GradientBarrier> *barriers = nullptr);

} // namespace glyptic
