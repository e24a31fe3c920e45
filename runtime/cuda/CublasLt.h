//===- CublasLt.h - NVIDIA's matrix products, opened at run time -*- C++ -*-===//
#pragma once

#include "runtime/cuda/Driver.h"

#include <string>

namespace glyptic::runtime::cuda {

/// The functions of cuBLASLt that are used, as cublasLt.h declares them. A result of 0 is success; check() throws any
/// other.
struct CublasLt {
  using Handle = struct LtContext *;
  using Layout = struct LtLayout *;
  using Operation = struct LtOperation *;
  using Preference = struct LtPreference *;
  struct Algorithm {
    uint64_t data[8];
  };
  struct Candidate {
    Algorithm algorithm;
    size_t workspace;
    int state;
    float waves;
    int reserved[4];
  };

  /// Throws an Error where the library is missing or too old.
  static CublasLt open();
  /// `doing`: what has failed, as "cannot ...".
  void check(int result, const std::string &doing) const;

  size_t (*getVersion)();
  const char *(*getStatusString)(int result);
  int (*create)(Handle *handle);
  int (*destroy)(Handle handle);
  int (*layoutCreate)(Layout *layout, int type, uint64_t rows, uint64_t columns, int64_t leading);
  int (*layoutDestroy)(Layout layout);
  int (*layoutSet)(Layout layout, int attribute, const void *value, size_t size);
  int (*operationCreate)(Operation *operation, int computeType, int scaleType);
  int (*operationDestroy)(Operation operation);
  int (*operationSet)(Operation operation, int attribute, const void *value, size_t size);
  int (*preferenceCreate)(Preference *preference);
  int (*preferenceDestroy)(Preference preference);
  int (*preferenceSet)(Preference preference, int attribute, const void *value, size_t size);
  int (*getHeuristic)(Handle handle, Operation operation, Layout a, Layout b, Layout c, Layout d, Preference preference,
                      int requested, Candidate *candidates, int *found);
  int (*matmul)(Handle handle, Operation operation, const void *alpha, const void *a, Layout layoutA, const void *b,
                Layout layoutB, const void *beta, const void *c, Layout layoutC, void *d, Layout layoutD,
                const Algorithm *algorithm, void *workspace, size_t workspaceSize, Stream stream);

  std::string path; ///< of the library
};

// Values of cublasLt.h, cublas_api.h and library_types.h. Attributes have the type that stands behind them.
inline constexpr int kReal32 = 0;                                        // CUDA_R_32F
inline constexpr int kCompute32 = 68;                                    // CUBLAS_COMPUTE_32F: no TF32
inline constexpr int kLayoutBatchCount = 5, kLayoutBatchStride = 6;      // int32_t, int64_t
inline constexpr int kOperationTransposeA = 3, kOperationTransposeB = 4; // int32_t: CUBLAS_OP_N is 0, CUBLAS_OP_T 1
inline constexpr int kPreferWorkspace = 1;                               // uint64_t
inline constexpr int kPreferReductions = 3;                              // uint32_t
inline constexpr uint32_t kReduceInComputeType = 2;                      // CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE
inline constexpr int kPreferAlignmentA = 5, kPreferAlignmentB = 6, kPreferAlignmentC = 7,
                     kPreferAlignmentD = 8; // uint32_t

} // namespace glyptic::runtime::cuda
