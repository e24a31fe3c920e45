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
  std::string folder = {}; ///< another place, looked at after $CUDA_HOME; with the slash that ends it
};

/// Where it is looked for, in order: in $CUDA_HOME, in `folder`, in the packages of an activated Python environment
/// ($VIRTUAL_ENV, $CONDA_PREFIX), where the system finds libraries, in /usr/local/cuda.
std::vector<std::string> getCudaLibraryPaths(const CudaLibraryName &name);

struct CudaLibrary {
  void *handle;
  std::string path;

  /// Throws an Error that names what was tried. It is never closed: these libraries keep threads.
  static CudaLibrary open(const CudaLibraryName &name);
};

/// Fills a table of a library's functions, and remembers what the library lacks.
class LibraryFunctions {
public:
  explicit LibraryFunctions(void *library) : library(library) {}

  template <typename Function> void find(Function *&function, const char *symbol) {
    function = reinterpret_cast<Function *>(lookup(symbol));
  }
  /// The first symbol that was not found, or null.
  const char *getMissing() const { return missing; }

private:
  void *lookup(const char *symbol);

  void *library;
  const char *missing = nullptr;
};

/// "9.19.0", of a version as cuBLASLt and cuDNN count them.
std::string cudaVersionText(size_t version);

} // namespace glyptic
