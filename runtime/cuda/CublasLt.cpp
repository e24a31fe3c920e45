//===- CublasLt.cpp - NVIDIA's matrix products, opened at run time --------===//
#include "runtime/cuda/CublasLt.h"
#include "support/CudaLibrary.h"
#include "support/Error.h"

#include <type_traits>

namespace glyptic::runtime::cuda {

static constexpr size_t kOldest = 120000; ///< 12.0.0, which knows Hopper

/// The first symbol that is missing, or null.
static const char *load(CublasLt &functions, const CudaLibrary &library) {
  const char *missing = nullptr;
  auto find = [&](auto &function, const char *symbol) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(library.find(symbol));
    if (!function && !missing)
      missing = symbol;
  };
  find(functions.getVersion, "cublasLtGetVersion");
  find(functions.getStatusString, "cublasLtGetStatusString");
  find(functions.create, "cublasLtCreate");
  find(functions.destroy, "cublasLtDestroy");
  find(functions.layoutCreate, "cublasLtMatrixLayoutCreate");
  find(functions.layoutDestroy, "cublasLtMatrixLayoutDestroy");
  find(functions.layoutSet, "cublasLtMatrixLayoutSetAttribute");
  find(functions.operationCreate, "cublasLtMatmulDescCreate");
  find(functions.operationDestroy, "cublasLtMatmulDescDestroy");
  find(functions.operationSet, "cublasLtMatmulDescSetAttribute");
  find(functions.preferenceCreate, "cublasLtMatmulPreferenceCreate");
  find(functions.preferenceDestroy, "cublasLtMatmulPreferenceDestroy");
  find(functions.preferenceSet, "cublasLtMatmulPreferenceSetAttribute");
  find(functions.getHeuristic, "cublasLtMatmulAlgoGetHeuristic");
  find(functions.matmul, "cublasLtMatmul");
  return missing;
}

static std::string toText(size_t version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
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
    throw Error(ErrorCode::Unsupported, "cuBLASLt (" + library.path + ") is version " + toText(version) + "; " +
                                            toText(kOldest) + " or newer is needed");
  return functions;
}

void CublasLt::check(int result, const std::string &doing) const {
  if (result != 0)
    throw Error(ErrorCode::Unsupported, doing + ": cuBLASLt " + toText(getVersion()) +
                                            " says: " + getStatusString(result) + " (" + std::to_string(result) + ")");
}

} // namespace glyptic::runtime::cuda
