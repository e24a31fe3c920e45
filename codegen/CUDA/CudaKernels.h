//===- CudaKernels.h - Kernels for GPUs to what a glyph holds ---*- C++ -*-===//
#pragma once

#include "codegen/CUDA/CompileCuda.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace glyptic::codegen::cuda {

struct CudaKernels {
  std::string source;    ///< CUDA C++, for people
  std::string shim;      ///< the same for the C++ compiler of a machine without a GPU
  CompiledCuda compiled; ///< for GPUs
};

/// Translates the kernels of a gpu.module and compiles them. What cannot be translated is a diagnostic besides.
llvm::Expected<CudaKernels> compileCudaKernels(mlir::gpu::GPUModuleOp kernels,
                                               llvm::ArrayRef<std::string> architectures, const ObjectCache *cache);

} // namespace glyptic::codegen::cuda
