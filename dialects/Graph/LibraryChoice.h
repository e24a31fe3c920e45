//===- LibraryChoice.h - Whether a library does an op -----------*- C++ -*-===//
//
// LibraryCallOpInterface says what some library could do for an op. Which libraries a target has is known where it is
// compiled for: the attributes below record what has been decided there. Without any, whatever the interface names is a
// call.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/GraphDialect.h"

namespace glyptic::graph {

/// On an op that no library of the target does: its kernel is generated.
inline constexpr llvm::StringLiteral kGeneratedAttr = "graph.generated";
/// Bytes of memory that the target's library may use for itself while it does the op: [constant, for each sample].
inline constexpr llvm::StringLiteral kWorkspaceAttr = "graph.workspace";
/// On a module: what libraries might do and none of the target does, as [reason, node] of each.
inline constexpr llvm::StringLiteral kFallbacksAttr = "graph.fallbacks";

/// The call that does the op; nullopt where a kernel is generated.
std::optional<LibraryCall> findLibraryCall(mlir::Operation *op);

struct Workspace {
  int64_t constant = 0, perSample = 0;
};
/// Nullopt for none.
std::optional<Workspace> getWorkspace(mlir::Operation *op);
void setWorkspace(mlir::Operation *op, Workspace workspace);

/// Records in the module of `op` why no library does it, for people to read.
void recordFallback(mlir::Operation *op, llvm::StringRef reason);

} // namespace glyptic::graph
