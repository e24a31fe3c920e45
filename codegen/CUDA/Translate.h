//===- Translate.h - Kernels as CUDA C++ ------------------------*- C++ -*-===//
//
// Prints a `gpu.module` as the text of a program for NVRTC: the kernels alone, which need the prelude before them
// (getPrelude). Handled are gpu ids, barriers and shuffles, scf loops and branches, arith, math, and vectors of one
// dimension over flat memory. Anything else is an error at the op, never wrong text.
//
// `index` becomes `unsigned`: kernels number elements of one buffer from 0, and buffers of 2^32 elements are refused
// before they are planned. Loop bounds are thus never negative.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace glyptic::codegen::cuda {

/// What every program starts with: vectors, signed integers, FP16, math by type. Needs no header.
llvm::StringRef getPrelude();

mlir::LogicalResult translateToCuda(mlir::gpu::GPUModuleOp module, llvm::raw_ostream &os);

} // namespace glyptic::codegen::cuda
