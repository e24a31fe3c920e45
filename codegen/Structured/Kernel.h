//===- Kernel.h - Kernels from a plan ---------------------------*- C++ -*-===//
#pragma once

#include "codegen/Structured/Plan.h"

namespace glyptic::codegen {

struct KernelOptions {
  /// Bytes of the vectors that a kernel computes on: two registers of the widest machine, whose latencies overlap.
  int64_t vectorBytes = 128;
  /// What the loops are mapped to. The GPU's kernels are gpu.func, the CPU's func.func.
  Machine machine = Machine::Cpu;
};

/// A kernel and how to launch it.
struct EmittedKernel {
  mlir::FunctionOpInterface function;
  llvm::SmallVector<int64_t> buffers; ///< position of each memory argument
  llvm::SmallVector<int64_t> writes;  ///< indices of `buffers`
  Dim chunks;
  int64_t grain = 1;
  Mapping mapping;
};

/// The memory of a region: tensors by position among its inputs, results and scratch.
struct RegionMemory {
  llvm::DenseMap<mlir::Value, unsigned> positions; ///< of the values that are in memory by now
  llvm::SmallVector<mlir::RankedTensorType> types;
};

/// `void kernel(buffers..., batch, lo, hi)` over memref<?xT> buffers; without `lo` and `hi` for the GPU.
mlir::FunctionOpInterface createKernel(mlir::Operation *module, mlir::Location loc,
                                       llvm::ArrayRef<mlir::RankedTensorType> buffers, const KernelOptions &options);
void finishKernel(Emitter &emitter, EmittedKernel &kernel);

/// The chunks of a kernel, all within `scope`: those of a range on the CPU, the one of this thread's team on the GPU.
struct Chunks {
  Scope *scope;
  mlir::Value number;
};
Chunks openChunks(Emitter &emitter, EmittedKernel &kernel);
void closeChunks(Emitter &emitter, const Chunks &chunks);

/// Emits one kernel into `module`, under a name that the caller replaces.
mlir::FailureOr<EmittedKernel> emitKernel(mlir::Operation *module, const KernelPlan &plan, const RegionMemory &memory,
                                          const KernelOptions &options);

/// The kernel of an op that has no structured form (ScatterOpInterface).
mlir::FailureOr<EmittedKernel> emitNamedKernel(mlir::Operation *module, mlir::Operation *op,
                                               const KernelOptions &options);

/// Chunks below which another thread costs more than it brings, for `work` operations per chunk.
int64_t getGrain(int64_t work);

} // namespace glyptic::codegen
