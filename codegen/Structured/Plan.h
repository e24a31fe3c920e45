//===- Plan.h - Which kernels a region becomes ------------------*- C++ -*-===//
//
// A region is cut in kernels by what its reductions depend on. A reduction that depends on exactly the leading
// dimensions of the value that uses it (a row) is computed once per row inside the kernel of that value. Every other
// one would be computed again and again, so it is stored first, by a kernel of its own: either one element at a time,
// or - over many rows - in parts that a last kernel adds up. A reduction over the rows of a matrix that the region also
// stores (the bias gradient beside the activation's) joins the kernel that stores it, which then goes by parts, too.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "codegen/Structured/Emitter.h"
#include "codegen/Structured/StructuredForm.h"
#include "llvm/ADT/MapVector.h"

namespace glyptic::codegen {

enum class Schedule {
  Pointwise, ///< every element on its own; loops merged as far as all accesses allow
  Gather,    ///< pointwise with elements looked up
  Row,       ///< reductions over trailing dimensions, once for each row
  Column,    ///< reductions over many rows, in a fixed number of parts
  Nest,      ///< a reduction inside the loops of its results: contractions, windows
  Scatter,   ///< slices added at looked-up places, by an op that has no structured form
};
llvm::StringRef stringifySchedule(Schedule schedule);

/// A value that a kernel writes.
struct Root {
  mlir::Value value;
  mlir::Value stored; ///< what later kernels find in its buffers: `value`, or the partial results of `value`
  llvm::SmallVector<unsigned> buffers; ///< positions among the region's inputs, results and scratch
  Schedule schedule = Schedule::Pointwise;
  llvm::SmallVector<unsigned> dims; ///< dimensions that are not 1
  unsigned rowRank = 0;             ///< how many of `dims` number the rows
  unsigned level = 0;               ///< kernels run in this order
  llvm::SetVector<mlir::Value> needs; ///< stored values that it reads
  llvm::SmallVector<ReductionUse> perRow; ///< reductions once per row, inner ones first; over d0, d1, ... of `value`
  /// A reduction over the rows of `value`, whose partial results are stored in the place of `value`.
  mlir::linalg::GenericOp accumulated;

  mlir::RankedTensorType getType() const { return mlir::cast<mlir::RankedTensorType>(value.getType()); }
  /// What others find stored once all kernels of this root have run.
  mlir::Value getResult() { return accumulated ? accumulated.getResult(0) : value; }
  llvm::SmallVector<Dim> getSizes() const;
  /// The index of `value` for an index over `dims`.
  Index getIndex(llvm::ArrayRef<mlir::AffineExpr> index) const;
};

struct KernelPlan {
  Schedule schedule;
  llvm::SmallVector<Root *> roots;
  bool isFinish = false; ///< adds up the parts of a column kernel
  int64_t parts = 0;     ///< in which rows are taken, where reductions over them are

  /// Rows are taken in parts, each with partial results of its own.
  bool hasAccumulators() const {
    return llvm::any_of(roots, [](Root *root) { return bool(root->accumulated); });
  }
};

class Planner {
public:
  Planner(StructuredForm &form, Machine machine);

  mlir::LogicalResult run();

  llvm::ArrayRef<KernelPlan> getKernels() const { return kernels; }
  llvm::ArrayRef<mlir::RankedTensorType> getScratch() const { return scratch; }

private:
  Root &addRoot(mlir::Value value, unsigned buffer);
  mlir::Value store(mlir::linalg::GenericOp reduction, unsigned result);
  mlir::LogicalResult classify(Root &root);
  /// A reduction that `root` cannot compute where it needs it.
  std::optional<ReductionUse> findMisplaced(Root &root, const AccessAnalysis &analysis);
  void chooseSchedule(Root &root, const AccessAnalysis &analysis);
  unsigned getLevel(Root &root);
  void delay();
  void group();
  void accumulateWhatIsStored();
  void splitParts(KernelPlan kernel);
  /// Whether each kernel finds what it needs stored by those before it; it would compute it for each element instead.
  mlir::LogicalResult verifyOrder();
  int64_t chooseParts(const KernelPlan &kernel);
  Root &addFinish(mlir::OpResult column);

  StructuredForm &form;
  const Machine machine;
  std::deque<Root> roots; ///< stable addresses; grows while it is worked through
  llvm::DenseMap<mlir::Value, Root *> byValue;
  llvm::SmallVector<KernelPlan> kernels;
  llvm::SmallVector<mlir::RankedTensorType> scratch;
};

/// The value under reshapes, which has the same elements in memory.
mlir::Value stripReshapes(mlir::Value value);

} // namespace glyptic::codegen
