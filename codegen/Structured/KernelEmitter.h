//===- KernelEmitter.h - Kernels from a plan --------------------*- C++ -*-===//
//
// How Kernel.cpp (elements, columns) and Rows.cpp emit a kernel.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "codegen/Structured/Kernel.h"

namespace glyptic::codegen {

class KernelEmitter {
public:
  KernelEmitter(mlir::Operation *module, const KernelPlan &plan, const RegionMemory &memory,
                const KernelOptions &options)
      : module(module), plan(plan), memory(memory), options(options) {}

  mlir::FailureOr<EmittedKernel> run() {
    if (failed(createFunction()))
      return mlir::failure();
    Emitter theEmitter(kernel.function, argument(0), chooseLanes(), options.machine);
    emitter = &theEmitter;
    for (auto [value, position] : leaves)
      emitter->setBuffer(value, getBuffer(position));
    switch (plan.schedule) {
    case Schedule::Row:
      emitRows();
      break;
    case Schedule::Column:
      emitParts();
      break;
    default:
      emitElements();
    }
    finishKernel(*emitter, kernel);
    return kernel;
  }

private:
  mlir::LogicalResult createFunction();
  int64_t chooseLanes() const;
  int64_t countOperations() const;
  mlir::Value getBuffer(unsigned position) {
    return kernel.function.getArgument(llvm::find(kernel.buffers, position) - kernel.buffers.begin());
  }
  /// Batch, first chunk, end of chunks.
  mlir::Value argument(unsigned i) { return kernel.function.getArgument(kernel.buffers.size() + i); }

  void emitElements();
  void emitFlat(const LoopSpace &space, int64_t width);
  void emitVectors(const LoopSpace &space, int64_t width);
  void emitPartials(Scope &scope, const Part &part, mlir::AffineExpr number, llvm::ArrayRef<mlir::AffineExpr> index);
  void emitRows();
  /// Roots over the same rest of the dimensions, behind those of the rows, share its loops.
  struct RowGroup {
    llvm::SmallVector<Dim> rest;
    llvm::SmallVector<Root *> roots;
  };
  llvm::SmallVector<RowGroup> groupRoots();
  Mapping mapRow(llvm::ArrayRef<RowGroup> groups, unsigned rowRank, int64_t elements, int64_t &width);
  Index splitRow(Scope &scope, mlir::Value number, llvm::ArrayRef<Dim> rows);
  void openRounds(Scope &scope, int64_t elements, int64_t width);
  mlir::Value openColumn(const Chunks &chunks, int64_t elements, int64_t width);
  struct Pass {
    unsigned phase;
    llvm::SmallVector<Dim> sizes;
    llvm::SmallVector<ReductionUse> uses;
  };
  llvm::SmallVector<Pass> collectPasses(llvm::ArrayRef<mlir::AffineExpr> row);
  llvm::SmallVector<mlir::Value> findKept(const Pass &pass, llvm::ArrayRef<Pass> later,
                                          llvm::ArrayRef<mlir::AffineExpr> row);
  void emitRowReductions(llvm::ArrayRef<mlir::AffineExpr> row);
  void emitInner(Scope &scope, llvm::ArrayRef<Root *> roots, llvm::ArrayRef<mlir::AffineExpr> outer,
                 llvm::ArrayRef<Dim> inner);
  Scope &openRowsOfPart(Scope &scope, mlir::Value number, Dim rows, int64_t elements);
  void closeRowsOfPart(Scope &parent, Scope &rows, int64_t elements);
  void clearSums(Scope &scope, Root &root);
  /// The table of a root's partial results: a row for each part.
  mlir::RankedTensorType getTable(const Root &root);
  void accumulate(Scope &scope, const Root &root, llvm::ArrayRef<mlir::AffineExpr> index, mlir::AffineExpr round);
  void emitParts();
  LoopSpace merge(llvm::ArrayRef<Root *> roots, llvm::ArrayRef<mlir::AffineExpr> outer, llvm::ArrayRef<Dim> inner,
                  int64_t &width);
  /// `round` is the variable of the innermost loop, if `roots` accumulate.
  void storeRoots(Scope &scope, llvm::ArrayRef<Root *> roots, llvm::ArrayRef<mlir::AffineExpr> index,
                  mlir::AffineExpr round = {});
  bool isGpu() const { return options.machine == Machine::Gpu; }
  void loopOver(Scope &scope, const LoopSpace &space, unsigned from, Index index, int64_t width,
                llvm::function_ref<void(Scope &, llvm::ArrayRef<mlir::AffineExpr>)> body);

  mlir::MLIRContext *context() { return module->getContext(); }
  static Dim product(llvm::ArrayRef<Dim> sizes) {
    Dim all{1, false};
    for (Dim size : sizes)
      all = {all.scale * size.scale, all.batched || size.batched};
    return all;
  }

  mlir::Operation *module;
  const KernelPlan &plan;
  const RegionMemory &memory;
  const KernelOptions &options;
  Emitter *emitter = nullptr;
  EmittedKernel kernel;
  mlir::AffineExpr part; ///< number of the part whose rows are computed, where there are accumulators
  /// A sum over the rows of a part for one vector of a row, in registers.
  struct Sum {
    Root *root;
    mlir::AffineExpr round;
    mlir::Value value;
  };
  llvm::SmallVector<Sum> sums;
  llvm::SmallVector<std::pair<mlir::Value, unsigned>> leaves; ///< what the kernel reads
};

} // namespace glyptic::codegen
