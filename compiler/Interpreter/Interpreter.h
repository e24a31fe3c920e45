//===- Interpreter.h - The reference interpreter ----------------*- C++ -*-===//
//
// Executes functions of `graph` ops one op at a time through EvaluableOpInterface, in FP32 or FP64. It is the oracle
// for gradients, fusion and generated code: slow, plain, and sharing nothing with code generation.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/HostTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace glyptic {

struct InterpreterOptions {
  int64_t batch = 1; ///< what `?` stands for
  graph::HostPrecision precision = graph::HostPrecision::F32;
};

/// The results of `function` for `arguments`, whose shapes are those of the argument types for the batch. Errors are
/// diagnostics at the op that caused them.
mlir::FailureOr<std::vector<graph::HostTensor>> interpret(mlir::func::FuncOp function,
                                                          llvm::ArrayRef<graph::HostTensor> arguments,
                                                          const InterpreterOptions &options);

/// The results of one op, whose operands have the shapes of its operand types for the batch.
mlir::FailureOr<std::vector<graph::HostTensor>> interpret(mlir::Operation *op,
                                                          llvm::ArrayRef<const graph::HostTensor *> operands,
                                                          const InterpreterOptions &options);

} // namespace glyptic
