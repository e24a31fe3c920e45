//===- PlanBuilder.h - Builds a plan.program --------------------*- C++ -*-===//
//
// Planning and the reader of glyphs build programs through this class, so that both write equal text for equal facts:
// one plan.buffer for each piece of memory, before its first use.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Plan/PlanDialect.h"
#include "mlir/IR/Builders.h"

namespace glyptic::plan {

class PlanBuilder {
public:
  /// Appends to the body of `program`.
  explicit PlanBuilder(ProgramOp program)
      : program(program), builder(mlir::OpBuilder::atBlockEnd(&program.getBody().front())) {}

  /// What follows belongs to a new entry.
  void openEntry(mlir::Location loc, llvm::StringRef name);

  mlir::Value getBuffer(Arena arena, int64_t offset, SizeAttr size);

  /// Builds an op at the end of what is open.
  template <typename Op, typename... Args> Op create(mlir::Location loc, Args &&...args) {
    return Op::create(builder, loc, std::forward<Args>(args)...);
  }

  mlir::OpBuilder &getBuilder() { return builder; }

private:
  using Key = std::tuple<unsigned, int64_t, mlir::Attribute>;

  ProgramOp program;
  mlir::OpBuilder builder;
  bool inEntry = false;
  llvm::DenseMap<Key, mlir::Value> shared, local; ///< of the program, of the open entry
};

/// A new, empty program at the builder's insertion point.
ProgramOp createProgram(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef target, int64_t threads,
                        int64_t maxBatch, llvm::ArrayRef<int64_t> arenas, llvm::ArrayRef<char> constants);

} // namespace glyptic::plan
