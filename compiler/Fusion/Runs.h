//===- Runs.h - State that lies in one piece --------------------*- C++ -*-===//
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace glyptic {

/// The state and accumulators that have to follow one another in memory, because one kernel runs over them as a flat
/// tensor (graph.pack). Names are those of the program, and live in its context.
class Runs {
public:
  /// Asks that these tensors lie in this order with nothing between. False, and nothing has changed, if an earlier wish
  /// contradicts.
  bool add(llvm::ArrayRef<mlir::StringAttr> names);

  /// The longest run that `name` is in: it alone, if it may lie anywhere.
  llvm::SmallVector<mlir::StringAttr> getRun(mlir::StringAttr name) const;

  /// Positions in `names`, such that names of one run come in its order.
  llvm::SmallVector<unsigned> getOrder(llvm::ArrayRef<mlir::StringAttr> names) const;

private:
  llvm::DenseMap<mlir::StringAttr, mlir::StringAttr> next, previous;
};

/// What a value is when its function starts, or becomes when it ends. An old value keeps its home.
struct Home {
  mlir::StringAttr name; ///< null if it is neither state nor accumulator
  bool isAccumulator = false;
};
Home getHome(mlir::Value value);

/// The state and accumulators that a function takes, by name.
using OldValues = llvm::DenseMap<mlir::StringAttr, mlir::BlockArgument>;
OldValues getOldValues(mlir::func::FuncOp function);

} // namespace glyptic
