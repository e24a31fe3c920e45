//===- Lowering.h - Kernels to LLVM's dialect -------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace glyptic::codegen {

/// Turns every kernel `@name(%buffers: memref<?xT>..., %batch: index, %lo: index, %hi: index)` of the module into
/// `void name(void *const *buffers, int64_t batch, int64_t lo, int64_t hi)` in LLVM's dialect.
mlir::LogicalResult lowerToLlvm(mlir::ModuleOp kernels);

} // namespace glyptic::codegen
