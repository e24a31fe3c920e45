//===- Patterns.h - Transposes move, cancel and vanish ----------*- C++ -*-===//
#pragma once

#include "mlir/IR/PatternMatch.h"

namespace glyptic::layout {

/// Transposes that an op beside them reads or writes through.
void populateAbsorbingPatterns(mlir::RewritePatternSet &patterns);
void populateTransposePatterns(mlir::RewritePatternSet &patterns);
/// Afterwards: a reshape does not move, and would hold up the others.
void populateUnitDimPatterns(mlir::RewritePatternSet &patterns);

} // namespace glyptic::layout
