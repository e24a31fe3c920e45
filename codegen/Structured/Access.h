//===- Access.h - Which elements a value reads ------------------*- C++ -*-===//
//
// The analysis under every choice of loops: for a tensor value at a symbolic index, the memory elements that its
// computation reads, and the reductions it runs over, through any depth of producers. Loop indices are affine
// dimensions d0, d1, ...; the batch is the symbol s0.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/BatchDims.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/DenseSet.h"
#include <functional>

namespace glyptic::codegen {

using graph::Dim;
using Index = llvm::SmallVector<mlir::AffineExpr>;

/// `constant + perBatch * batch`.
struct Stride {
  int64_t constant = 0, perBatch = 0;
  bool operator==(const Stride &o) const { return constant == o.constant && perBatch == o.perBatch; }
  bool isZero() const { return constant == 0 && perBatch == 0; }
  bool isOne() const { return constant == 1 && perBatch == 0; }
};
/// nullopt where the product would be quadratic in the batch, which no tensor can be.
std::optional<Stride> operator*(Stride stride, Dim size);

/// Whether the address is a multiple of `width` wherever the dimensions in `vectors` are.
bool isMultiple(mlir::AffineExpr address, llvm::ArrayRef<unsigned> vectors, int64_t width);

/// Row-major strides of a tensor.
llvm::SmallVector<Stride> getStrides(mlir::RankedTensorType type);

/// Sizes of an op's loops. A size is read off an operand dimension indexed by that loop alone.
mlir::FailureOr<llvm::SmallVector<Dim>> getLoopSizes(mlir::linalg::GenericOp op);

/// The loop indices under which `op` produces element `index` of its results; reduction loops get null expressions.
Index getLoopIndex(mlir::linalg::GenericOp op, llvm::ArrayRef<mlir::AffineExpr> index);
Index compose(mlir::AffineMap map, llvm::ArrayRef<mlir::AffineExpr> loopIndex);

/// Which operand a minimum or maximum of two indices is, or null where that is not known.
using ChooseIndex = llvm::function_ref<mlir::AffineExpr(mlir::Operation *, mlir::AffineExpr, mlir::AffineExpr)>;
/// An index computed in a body by affine arithmetic on loop indices, or null.
mlir::AffineExpr traceIndex(mlir::Value value, llvm::ArrayRef<mlir::AffineExpr> loopIndex, ChooseIndex choose = {});

/// The index in the operand of a reshape for an index in its result.
Index composeReshape(mlir::RankedTensorType from, mlir::RankedTensorType to, llvm::ArrayRef<mlir::AffineExpr> index);

/// A constant whose elements differ, so that a kernel must look them up.
bool isTable(mlir::Value tensor);

/// One element read (or, in a body, an index used as a number: then `tensor` is null and the type has rank one).
struct Access {
  mlir::Value tensor;
  llvm::SmallVector<Stride> strides;
  Index index;
};

/// A reduction met on the way: it is needed at `index`.
struct ReductionUse {
  mlir::linalg::GenericOp op;
  Index index;
  unsigned firstVariable; ///< its reduction loops are the variables from here on, in loop order
};

class AccessAnalysis {
public:
  /// New variables (reduction loops, indices known only at run time) are numbered from `firstVariable`. Values in
  /// `memory` are read, not computed.
  AccessAnalysis(unsigned firstVariable, std::function<bool(mlir::Value)> isMemory)
      : next(firstVariable), isMemory(std::move(isMemory)) {}

  void visit(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> index);
  /// Counts an element that the kernel writes among the accesses.
  void visitStore(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> index);
  /// Visits what the body of `op` reads.
  void visitBody(mlir::linalg::GenericOp op, llvm::ArrayRef<mlir::AffineExpr> loopIndex);

  llvm::ArrayRef<Access> getAccesses() const { return accesses; }
  /// Inner reductions come before the ones that use them.
  llvm::ArrayRef<ReductionUse> getReductions() const { return reductions; }
  /// Elements are looked up at positions known only at run time.
  bool hasLookups() const { return !opaque.empty(); }

  /// Elements by which the access moves for a step of the variable; nullopt where that is no constant.
  std::optional<Stride> getStride(const Access &access, unsigned variable) const;
  bool dependsOn(mlir::AffineExpr expr, unsigned variable) const;
  /// Contiguous accesses less scattered ones: positive where vectors along `variable` pay.
  /// With `alignment`, of contiguous ones only those whose vectors of so many elements begin at multiples of it. If the
  /// loop is cut where positions come to their limits, accesses are what they are between the cuts.
  int getContiguity(unsigned variable, int64_t alignment = 1, bool isCut = false) const;
  /// Numbers of `variable`, in order, where comparisons of positions begin to hold, or cease to.
  llvm::SmallVector<int64_t> getCuts(unsigned variable) const;

private:
  void visitCaptured(mlir::Value scalar);
  void collectDependencies(mlir::Value value, mlir::linalg::GenericOp op, llvm::ArrayRef<mlir::AffineExpr> loopIndex,
                           Index &dependencies);

  unsigned next;
  std::function<bool(mlir::Value)> isMemory;
  llvm::SmallVector<Access> accesses;
  llvm::SmallVector<ReductionUse> reductions;
  llvm::DenseMap<unsigned, Index> opaque; ///< variable -> what it is computed from
  llvm::DenseMap<unsigned, mlir::AffineExpr> limited; ///< opaque variable -> what it is between its limits
  llvm::SmallVector<std::pair<mlir::AffineExpr, mlir::arith::CmpIPredicate>> comparisons; ///< of the first with 0
  llvm::DenseSet<std::pair<mlir::Value, mlir::AffineMap>> visited;
};

/// Loops after dropping those of size 1 and merging neighbours that every access walks as one.
struct LoopSpace {
  llvm::SmallVector<Dim> sizes;
  /// For each original loop, its index in terms of the new ones (numbered from 0). Only the addresses are right: of
  /// merged loops the last carries the whole index.
  Index original;
  llvm::SmallVector<int64_t> cuts; ///< of the last loop, if it runs in pieces
  bool isContiguous = false; ///< neighbours of the last loop lie side by side in most operands
};
/// `variables[i]` is the number of loop i in `analysis`.
LoopSpace mergeLoops(const AccessAnalysis &analysis, llvm::ArrayRef<unsigned> variables, llvm::ArrayRef<Dim> sizes,
                     mlir::MLIRContext *context);

} // namespace glyptic::codegen
