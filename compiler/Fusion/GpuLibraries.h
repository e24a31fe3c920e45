//===- GpuLibraries.h - What NVIDIA's libraries do --------------*- C++ -*-===//
#pragma once

#include "dialects/Graph/LibraryChoice.h"

namespace glyptic::fusion {

/// The libraries of a target "cuda:sm_80,sm_90", or "cuda:sm_90,no-cudnn". They need not be here: what they can do is
/// known.
class GpuLibraries {
public:
  explicit GpuLibraries(llvm::StringRef target);

  /// Workspace for `call`, which does `op`; nullopt where no library does it.
  std::optional<graph::Workspace> findWorkspace(const graph::LibraryCall &call, mlir::Operation *op) const;

private:
  int64_t productWorkspace;
  bool hasCudnn = true;
};

} // namespace glyptic::fusion
