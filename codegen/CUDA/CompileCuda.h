//===- CompileCuda.h - Programs of CUDA kernels to machine code -*- C++ -*-===//
#pragma once

#include "codegen/CUDA/Nvrtc.h"
#include "codegen/ObjectCache.h"

namespace glyptic::codegen::cuda {

/// One program for one architecture.
struct CodePart {
  std::string name; ///< "sm_90-0": architecture and number of the program
  DeviceCode code;
};

struct CompiledCuda {
  std::vector<CodePart> parts; ///< architecture by architecture
  bool cached = false;         ///< all of them
};

/// Compiles every program for every architecture, on as many threads as the machine has cores. `cache` may be null.
llvm::Expected<CompiledCuda> compilePrograms(llvm::ArrayRef<std::string> programs,
                                             llvm::ArrayRef<std::string> architectures, const ObjectCache *cache);

} // namespace glyptic::codegen::cuda
