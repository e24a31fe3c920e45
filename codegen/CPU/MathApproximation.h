//===- MathApproximation.h - FP32 functions as polynomials ------*- C++ -*-===//
#pragma once

#include "mlir/IR/PatternMatch.h"

namespace glyptic::codegen {

/// FP32 exp and erf, and division by constants; to be tried before upstream's approximations.
void populateMathApproximations(mlir::RewritePatternSet &patterns);

} // namespace glyptic::codegen
