//===- Autodiff.h - Reverse-mode differentiation ----------------*- C++ -*-===//
#pragma once

#include "mlir/IR/Builders.h"

namespace glyptic {

/// Emits the gradient of `target` with respect to each of `sources`, weighted by `seed` (of target's type: one for the
/// gradient itself). Result i is null where `target` does not depend on `sources[i]`.
///
/// Ops of target's block are differentiated through DifferentiableOpInterface; the gradient is plain `graph` code, so
/// that it can be differentiated again. Insertion happens at `builder`'s point, which `target` must dominate. An op
/// without derivative between a source and the target is an error at that op's location.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> buildGradients(mlir::OpBuilder &builder, mlir::Value target,
                                                               mlir::Value seed, mlir::ValueRange sources);

} // namespace glyptic
