//===- GpuLibraries.h - What NVIDIA's libraries do --------------*- C++ -*-===//
#pragma once

#include "dialects/Graph/LibraryChoice.h"

namespace glyptic::fusion {

/// What the libraries of a target say of a call.
struct LibraryAnswer {
  std::optional<graph::Workspace> workspace; ///< nullopt where none does it
  llvm::StringRef reason = {};               ///< why, where that is worth telling
};

/// The libraries of a target "cuda:sm_80,sm_90", or "cuda:sm_90,no-cudnn". They need not be here: what they can do is
/// known.
class GpuLibraries {
public:
  explicit GpuLibraries(llvm::StringRef target);

  /// Whether one does `call`, which does `op`.
  LibraryAnswer ask(const graph::LibraryCall &call, mlir::Operation *op) const;

private:
  int64_t productWorkspace;
  bool hasCudnn = true;
};

} // namespace glyptic::fusion
