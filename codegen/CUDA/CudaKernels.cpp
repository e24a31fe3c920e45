//===- CudaKernels.cpp - Kernels for GPUs to what a glyph holds -===//
#include "codegen/CUDA/CudaKernels.h"
#include "codegen/CUDA/Shim.h"
#include "codegen/CUDA/Translate.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace glyptic::codegen::cuda {

/// Programs of some 16 kernels: fewer would spend their time on NVRTC's start, more would leave cores without work. The
/// number depends on the kernels alone, so that a glyph's bytes do not depend on the machine's cores.
static SmallVector<OwningOpRef<gpu::GPUModuleOp>> split(gpu::GPUModuleOp kernels) {
  SmallVector<gpu::GPUFuncOp> functions(kernels.getOps<gpu::GPUFuncOp>());
  SmallVector<OwningOpRef<gpu::GPUModuleOp>> parts(std::clamp<size_t>(functions.size() / 16, 1, 8));
  for (auto [i, part] : llvm::enumerate(parts)) {
    OpBuilder builder(kernels.getContext());
    part = gpu::GPUModuleOp::create(builder, kernels.getLoc(), kernels.getName());
    builder.setInsertionPointToStart(part->getBody());
    llvm::StringSet<> tables;
    for (size_t j = i; j < functions.size(); j += parts.size())
      functions[j].walk([&](memref::GetGlobalOp use) { tables.insert(use.getName()); });
    for (auto table : kernels.getOps<memref::GlobalOp>())
      if (tables.contains(table.getSymName()))
        builder.clone(*table);
    for (size_t j = i; j < functions.size(); j += parts.size())
      builder.clone(*functions[j]);
  }
  return parts;
}

static FailureOr<std::string> print(gpu::GPUModuleOp kernels) {
  std::string text = getPrelude().str();
  llvm::raw_string_ostream stream(text);
  if (failed(translateToCuda(kernels, stream)))
    return failure();
  return text;
}

llvm::Expected<CudaKernels> compileCudaKernels(gpu::GPUModuleOp kernels, ArrayRef<std::string> architectures,
                                               const ObjectCache *cache) {
  CudaKernels result;
  FailureOr<std::string> source = print(kernels);
  llvm::raw_string_ostream shim(result.shim);
  if (failed(source) || failed(printShimProgram(kernels, shim)))
    return llvm::createStringError("the kernels cannot be written as CUDA C++");
  result.source = std::move(*source);
  std::vector<std::string> programs;
  for (OwningOpRef<gpu::GPUModuleOp> &part : split(kernels)) {
    FailureOr<std::string> program = print(*part);
    if (failed(program))
      return llvm::createStringError("the kernels cannot be written as CUDA C++");
    programs.push_back(std::move(*program));
  }
  llvm::Expected<CompiledCuda> compiled = compilePrograms(programs, architectures, cache);
  if (!compiled)
    return compiled.takeError();
  result.compiled = std::move(*compiled);
  return result;
}

} // namespace glyptic::codegen::cuda
