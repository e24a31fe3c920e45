//===- ProgramMemory.h - Memory that all entries share ----------*- C++ -*-===//
#pragma once

#include "compiler/Fusion/Runs.h"
#include "compiler/Program.h"
#include "dialects/Plan/PlanDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

namespace glyptic::planning {

/// State, or an accumulator.
struct Persistent {
  std::string name, role;
  mlir::RankedTensorType type;
  mlir::DenseI64ArrayAttr permutation; ///< may be null
  plan::Arena arena;
  int64_t offset = -1;

  plan::SizeAttr getSize() const { return plan::getTensorSize(type); }
};

/// The values that an integer input may have.
struct IndexRange {
  int64_t low, high;
  mlir::IntegerAttr ignored; ///< null if there is none
};

class ProgramMemory {
public:
  /// Takes note of the state and accumulators among the function's arguments. Functions agree on what they share.
  mlir::LogicalResult addArguments(mlir::func::FuncOp function);
  /// Takes note of what the function packs and unpacks.
  mlir::LogicalResult addPacks(mlir::func::FuncOp function);
  /// Lays out state and accumulators, after all functions are known.
  void place();

  /// Null if there is no such state.
  const Persistent *lookup(llvm::StringRef name) const;
  auto getAll() const { return llvm::make_second_range(persistent); }
  /// By input or label, as all functions together allow.
  const llvm::MapVector<llvm::StringRef, IndexRange> &getRanges() const { return ranges; }

  /// Offset of the value's bytes in the constant arena; equal bytes are stored once.
  mlir::FailureOr<int64_t> addConstant(mlir::Location loc, mlir::ElementsAttr value);
  llvm::ArrayRef<char> getConstants() const { return constants; }

  int64_t getSize(plan::Arena arena) const;
  /// Whether any function leaves state other than it was.
  bool writesState() const { return stateIsWritten; }

private:
  mlir::LogicalResult addRun(mlir::Operation *op, mlir::ValueRange values);
  void addRange(mlir::func::FuncOp function, unsigned argument, llvm::StringRef name);

  // Keys live in the context.
  llvm::MapVector<llvm::StringRef, Persistent> persistent;
  llvm::MapVector<llvm::StringRef, IndexRange> ranges;
  Runs runs;
  bool stateIsWritten = false;
  int64_t sizes[2] = {0, 0};                               ///< of the state and the accumulator arena
  std::vector<char> constants;
  llvm::StringMap<int64_t> constantOffsets;
};

} // namespace glyptic::planning
