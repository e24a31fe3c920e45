//===- CudaLibrary.h - NVIDIA's libraries, opened at run time ---*- C++ -*-===//
#pragma once

#include <string>
#include <vector>

namespace glyptic {

/// A library of NVIDIA's by the name of its file and the versions of its interface that we know, newest first.
struct CudaLibraryName {
  const char *title; ///< "cuBLASLt, which multiplies matrices on a GPU"
  const char *file;  ///< "libcublasLt.so"
  std::vector<const char *> versions;
};

/// Where it is looked for, in order: in $CUDA_HOME, in the packages of an activated Python environment ($VIRTUAL_ENV,
/// $CONDA_PREFIX), where the system finds libraries, in /usr/local/cuda.
std::vector<std::string> getCudaLibraryPaths(const CudaLibraryName &name);

struct CudaLibrary {
  void *handle;
  std::string path;

  /// Throws an Error that names what was tried. It is never closed: these libraries keep threads.
  static CudaLibrary open(const CudaLibraryName &name);
  /// Null if there is no such function.
  void *find(const char *symbol) const;
};

} // namespace glyptic
