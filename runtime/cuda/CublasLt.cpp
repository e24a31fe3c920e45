//===- CublasLt.cpp - NVIDIA's matrix products, opened at run time --------===//
#include "runtime/cuda/CublasLt.h"
#include "support/CudaLibrary.h"
#include "support/Error.h"

namespace glyptic::runtime::cuda {

static constexpr size_t kOldest = 120000; ///< 12.0.0, which knows Hopper

/// The first symbol that is missing, or null.
static const char *load(CublasLt &functions, const CudaLibrary &library) {
  LibraryFunctions found(library.handle);
  found.find(functions.getVersion, "cublasLtGetVersion");
  found.find(functions.getStatusString, "cublasLtGetStatusString");
  found.find(functions.create, "cublasLtCreate");
  found.find(functions.destroy, "cublasLtDestroy");
  found.find(functions.layoutCreate, "cublasLtMatrixLayoutCreate");
  found.find(functions.layoutDestroy, "cublasLtMatrixLayoutDestroy");
  found.find(functions.layoutSet, "cublasLtMatrixLayoutSetAttribute");
  found.find(functions.operationCreate, "cublasLtMatmulDescCreate");
  found.find(functions.operationDestroy, "cublasLtMatmulDescDestroy");
  found.find(functions.operationSet, "cublasLtMatmulDescSetAttribute");
  found.find(functions.preferenceCreate, "cublasLtMatmulPreferenceCreate");
  found.find(functions.preferenceDestroy, "cublasLtMatmulPreferenceDestroy");
  found.find(functions.preferenceSet, "cublasLtMatmulPreferenceSetAttribute");
  found.find(functions.getHeuristic, "cublasLtMatmulAlgoGetHeuristic");
  found.find(functions.matmul, "cublasLtMatmul");
  return found.getMissing();
}

CublasLt CublasLt::open() {
  CudaLibrary library =
      CudaLibrary::open({"cuBLASLt, which multiplies matrices on a GPU", "libcublasLt.so", {"13", "12"}});
  CublasLt functions{};
  functions.path = library.path;
  if (const char *missing = load(functions, library))
    throw Error(ErrorCode::Unsupported,
                "cuBLASLt (" + library.path + ") lacks " + missing + "; that of CUDA 12 or 13 is needed");
  if (size_t version = functions.getVersion(); version < kOldest)
    throw Error(ErrorCode::Unsupported, "cuBLASLt (" + library.path + ") is version " + cudaVersionText(version) + "; " +
                                            cudaVersionText(kOldest) + " or newer is needed");
  return functions;
}

void CublasLt::check(int result, const std::string &doing) const {
  if (result != 0)
    throw Error(ErrorCode::Unsupported, doing + ": cuBLASLt " + cudaVersionText(getVersion()) +
                                            " says: " + getStatusString(result) + " (" + std::to_string(result) + ")");
}

} // namespace glyptic::runtime::cuda
