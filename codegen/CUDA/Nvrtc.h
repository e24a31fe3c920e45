//===- Nvrtc.h - NVIDIA's compiler for CUDA C++, opened at run time -*- C++ -*-===//
//
// NVRTC is one library that needs neither a GPU nor a driver. It is looked for where CUDA_HOME says, then beside this
// library (what scripts/setup installed), then where all of NVIDIA's libraries are (support/CudaLibrary.h). Its few
// functions are declared here, so that no CUDA header is needed to build.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace glyptic::codegen::cuda {

struct DeviceCode {
  std::string ptx;         ///< for architectures yet to come
  std::vector<char> cubin; ///< for the one that was asked for
  std::string warnings;    ///< of the compiler, such as registers spilt to memory; line by line, kernels named
};

class Nvrtc {
public:
  /// The library, opened once. The error says where it was looked for.
  static llvm::Expected<const Nvrtc *> get();

  /// "13.0".
  const std::string &getVersion() const { return version; }
  /// "sm_90" and all others that it compiles for.
  const std::vector<std::string> &getArchitectures() const { return architectures; }

  /// Compiles one program; threads may do so at the same time. Errors have NVRTC's log, each line with the kernel that
  /// it is about.
  llvm::Expected<DeviceCode> compile(llvm::StringRef source, llvm::StringRef architecture) const;

  /// Everything besides source, architecture and version that determines the code.
  static llvm::ArrayRef<const char *> getOptions();

private:
  struct Functions;
  explicit Nvrtc(const Functions &functions);
  static llvm::Expected<const Nvrtc *> open();

  const Functions &functions;
  std::string version;
  std::vector<std::string> architectures;
};

/// `log` of a compilation of `source` with "kernel 'name': " before each line that is about a kernel.
std::string nameKernelsInLog(llvm::StringRef log, llvm::StringRef source);

} // namespace glyptic::codegen::cuda
