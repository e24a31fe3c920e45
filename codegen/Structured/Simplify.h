//===- Simplify.h - Cleaning of an emitted kernel ---------------*- C++ -*-===//
#pragma once

#include "mlir/Interfaces/FunctionInterfaces.h"

namespace glyptic::codegen {

/// Folds what emission leaves behind - loops of one iteration, repeated index arithmetic - so that kernels are short
/// to read, to compare and to compile; and forms fused multiply-adds here, where scalar and vector loops get the same
/// ones, not in a target's compiler, where the bits of an element could depend on the loop that computes it.
mlir::LogicalResult simplifyKernel(mlir::FunctionOpInterface kernel);

} // namespace glyptic::codegen
