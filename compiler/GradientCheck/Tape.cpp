//===- Tape.cpp - The values of a block at a point and beside it ------------===//
#include "compiler/GradientCheck/Tape.h"

using namespace mlir;
using glyptic::graph::HostTensor;

namespace glyptic {

Tape::Tape(Block &block, std::vector<HostTensor> arguments, int64_t batch)
    : block(block), options{batch, graph::HostPrecision::F64} {
  for (auto [argument, tensor] : llvm::zip_equal(block.getArguments(), arguments))
    values[argument] = std::move(tensor);
}

/// `find(operand)` gives the tensor of an operand.
static LogicalResult evaluate(Operation &op, const InterpreterOptions &options,
                              llvm::function_ref<const HostTensor &(Value)> find, HostValues &values) {
  SmallVector<const HostTensor *> operands;
  for (Value operand : op.getOperands())
    operands.push_back(&find(operand));
  FailureOr<std::vector<HostTensor>> results = interpret(&op, operands, options);
  if (failed(results))
    return failure();
  for (auto [result, tensor] : llvm::zip_equal(op.getResults(), *results))
    values[result] = std::move(tensor);
  return success();
}

LogicalResult Tape::run() {
  for (Operation &op : block.without_terminator()) {
    if (op.getNumResults() && values.contains(op.getResult(0)))
      continue;
    auto find = [&](Value value) -> const HostTensor & { return get(value); };
    if (failed(evaluate(op, options, find, values)))
      return failure();
  }
  return success();
}

LogicalResult Tape::move(HostValues &moved, Operation *last) const {
  auto find = [&](Value value) -> const HostTensor & {
    auto found = moved.find(value);
    return found == moved.end() ? get(value) : found->second;
  };
  for (Operation &op : block.without_terminator()) {
    if (llvm::any_of(op.getOperands(), [&](Value operand) { return moved.contains(operand); }) &&
        failed(evaluate(op, options, find, moved)))
      return failure();
    if (&op == last)
      break;
  }
  return success();
}

} // namespace glyptic
