//===- GenerateKernels.cpp - The pass around code generation ----===//
#include "codegen/Structured/GenerateKernels.h"
#include "compiler/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace glyptic {

#define GEN_PASS_DEF_GENERATEKERNELSPASS
#include "compiler/Passes.h.inc"

namespace {

struct GenerateKernelsPass : impl::GenerateKernelsPassBase<GenerateKernelsPass> {
  using GenerateKernelsPassBase::GenerateKernelsPassBase;

  void runOnOperation() override {
    codegen::KernelOptions options;
    options.vectorBytes = vectorBytes;
    options.machine = forGpu ? codegen::Machine::Gpu : codegen::Machine::Cpu;
    if (failed(codegen::generateKernels(getOperation(), options)))
      signalPassFailure();
  }
};

} // namespace
} // namespace glyptic
