//===- Shim.h - CUDA C++ as a program for the host --------------*- C++ -*-===//
//
// The text of kernels, unchanged, as C++ that any machine runs: one fiber per thread of a block, so that a test, or a
// user without a GPU, executes what a GPU would. The words of CUDA are in ShimRuntime.inc, which finds what a race or a
// missing thread would do on a GPU: barriers and shuffles that not all threads reach, vectors at wrong addresses,
// shared memory read before it is written, or touched by two threads with no barrier between. For other memory, threads
// run in another order show a missing barrier, and the compiler's sanitizers what lies out of bounds.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace glyptic::codegen::cuda {

/// Prints a program in C++17 with one function `void KERNEL(void *const *buffers, int64_t batch, int64_t lo, int64_t
/// hi)` for each kernel, which runs blocks [lo, hi); and `void glyptic_shim_set_order(int)`, which chooses the order of
/// threads: 0 ascending, 1 descending, others pseudo-random by that seed.
mlir::LogicalResult printShimProgram(mlir::gpu::GPUModuleOp module, llvm::raw_ostream &os);

/// Compiles the program to a shared object with $GLYPTIC_CXX or the first C++ compiler found.
llvm::Expected<std::vector<char>> compileShim(llvm::StringRef program);

} // namespace glyptic::codegen::cuda
