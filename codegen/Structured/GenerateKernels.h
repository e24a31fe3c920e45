//===- GenerateKernels.h - Kernels for every region -------------*- C++ -*-===//
#pragma once

#include "codegen/Structured/Kernel.h"

namespace glyptic::codegen {

/// The nested module that holds the generated kernels.
inline constexpr llvm::StringLiteral kKernelsModule = "kernels";
/// On a kernel for the GPU: for each region that it serves, the names of its nodes.
inline constexpr llvm::StringLiteral kNodesAttr = "graph.nodes";

/// Generates the kernels of every graph.region in `module` into a nested module @kernels (for the GPU a gpu.module), and
/// records on each region how they are launched. Kernels that differ in name only are shared.
mlir::LogicalResult generateKernels(mlir::ModuleOp module, const KernelOptions &options = {});

} // namespace glyptic::codegen
