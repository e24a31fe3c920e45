//===- Group.h - Sets of ops that may become one kernel ---------*- C++ -*-===//
//
// A group is described by the iteration space that its ops share. Merging two groups is decided by predicates on these
// descriptions alone (Predicates.h); Grouping.cpp finds the pairs, Outline.cpp turns groups into `graph.region`.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/GraphDialect.h"
#include "llvm/ADT/SetVector.h"

namespace glyptic::fusion {

/// The loop structure a group needs.
enum class Kind {
  Pointwise, ///< every op has the group's domain
  Row,       ///< reductions over the trailing dimensions, from `rowRank` on; values of the leading ones as by-products
  Column,    ///< reductions over the leading dimensions, `rowRank` of them, which end the group
  RowColumn, ///< both, over the same rows: the rows are gone through once
  Alone,     ///< anything else that can be generated: one op, one kernel
};

/// The name that a region's `schedule` attribute takes.
llvm::StringRef stringifyKind(Kind kind);

struct Group {
  Kind kind = Kind::Alone;
  llvm::SmallVector<graph::Dim> domain; ///< iteration space of the group's full-size ops
  unsigned rowRank = 0;                 ///< where rows end and columns begin; meaningful for Row and Column
  llvm::SetVector<mlir::Operation *> ops;
  /// Of each group whose values these ops read: the op that makes them, and the rule that kept the two apart.
  llvm::SmallVector<std::pair<mlir::Operation *, llvm::StringRef>> apart;
};

/// The group of one op.
Group describe(mlir::Operation *op);

/// An op that fusion places: one with a structured form (or a kernel of its own) that no library does better.
bool isFusible(mlir::Operation *op);

/// An op that costs nothing where it is used - constants, indices, broadcasts, and what is marked as recomputed: cloned
/// into every region that uses it and never stored for its own sake.
bool isFree(mlir::Operation *op);

/// An op whose operands must lie in memory: free ops cannot be cloned for it.
bool readsMemory(mlir::Operation *op);

/// Calls `action` once for each value that `value` is computed of by free ops alone; for itself if no free op defines it.
void visitSources(mlir::Value value, llvm::function_ref<void(mlir::Value)> action);

/// Whether every use of the op's results, seen through free ops, lies in `group`.
bool isUsedOnlyIn(mlir::Operation *op, const Group &group);

/// Adds the ops that produce `value`, seen through free ones, to `producers`.
void collectProducers(mlir::Value value, llvm::SetVector<mlir::Operation *> &producers);

} // namespace glyptic::fusion
