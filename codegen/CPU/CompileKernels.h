//===- CompileKernels.h - Kernels to a shared object ------------*- C++ -*-===//
#pragma once

#include "codegen/CPU/CpuTarget.h"
#include "codegen/ObjectCache.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace glyptic::codegen {

/// Processor seconds spent in each phase.
struct CompileTimes {
  double lowering = 0, optimising = 0, generating = 0, linking = 0;
  bool cached = false;
};

/// Compiles the functions of a module @kernels to a shared object with one symbol each,
/// `void symbol(void *const *buffers, int64_t batch, int64_t lo, int64_t hi)`. The module stays as it is.
/// `cache` may be null.
llvm::Expected<std::vector<char>> compileKernels(mlir::ModuleOp kernels, const CpuTarget &target,
                                                 const ObjectCache *cache, CompileTimes *times = nullptr);

} // namespace glyptic::codegen
