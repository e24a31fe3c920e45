//===- Tape.h - The values of a block at a point and beside it --*- C++ -*-===//
#pragma once

#include "compiler/Interpreter/Interpreter.h"

namespace glyptic {

/// Values by what computes them.
using HostValues = llvm::DenseMap<mlir::Value, graph::HostTensor>;

/// Interprets the ops of a block one by one in FP64 and keeps every value, so that a point beside the first costs only
/// the ops that what was moved reaches.
class Tape {
public:
  Tape(mlir::Block &block, std::vector<graph::HostTensor> arguments, int64_t batch);

  /// Evaluates the ops that have none of their values yet, but not the terminator.
  mlir::LogicalResult run();

  const graph::HostTensor &get(mlir::Value value) const { return values.find(value)->second; }

  /// Adds to the arguments in `moved` all values that they change, as far as `last`.
  mlir::LogicalResult move(HostValues &moved, mlir::Operation *last) const;

  const InterpreterOptions &getOptions() const { return options; }

private:
  mlir::Block &block;
  InterpreterOptions options;
  HostValues values;
};

} // namespace glyptic
