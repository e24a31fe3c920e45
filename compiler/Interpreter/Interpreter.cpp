//===- Interpreter.cpp - The reference interpreter --------------*- C++ -*-===//
#include "compiler/Interpreter/Interpreter.h"
#include "dialects/Graph/GraphDialect.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// One call chain. A value lives until the block that defines it ends.
class Interpreter {
public:
  explicit Interpreter(const InterpreterOptions &options) : options(options) {}

  using Operands = SmallVector<const HostTensor *>;

  /// What the terminator of `block` returns.
  FailureOr<std::vector<HostTensor>> run(Block &block, ArrayRef<const HostTensor *> arguments);
  FailureOr<std::vector<HostTensor>> execute(Operation *op, const Operands &operands);

private:
  FailureOr<std::vector<HostTensor>> evaluate(EvaluableOpInterface op, const Operands &operands);
  FailureOr<std::vector<HostTensor>> call(func::CallOp op, const Operands &operands);

  /// Deeper than any program of ours, and well inside the stack.
  static constexpr int maxDepth = 64;

  const InterpreterOptions &options;
  int depth = 0;
};

} // namespace

static LogicalResult verifyArgument(Operation *at, unsigned index, Type type, const HostTensor &value, int64_t batch) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return at->emitError() << "argument " << index << " is no tensor, but " << type;
  if (value.getElementType() == tensor.getElementType() && value.getShape() == ArrayRef(getShapeAt(tensor, batch)))
    return success();
  return at->emitError() << "argument " << index << " should be a " << tensor << " with a batch of " << batch
                         << ", but is of shape [" << value.getShape() << "] and type " << value.getElementType();
}

FailureOr<std::vector<HostTensor>> Interpreter::run(Block &block, ArrayRef<const HostTensor *> arguments) {
  DenseMap<Value, const HostTensor *> values;
  for (auto [argument, value] : llvm::zip_equal(block.getArguments(), arguments))
    values[argument] = value;

  std::vector<std::vector<HostTensor>> owned; // moving an inner vector leaves its elements in place
  for (Operation &op : block) {
    Operands operands;
    for (Value operand : op.getOperands()) {
      auto found = values.find(operand);
      if (found == values.end())
        return op.emitOpError("reads a value of an enclosing block, which cannot be interpreted");
      operands.push_back(found->second);
    }
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      std::vector<HostTensor> results;
      for (const HostTensor *operand : operands)
        results.push_back(*operand);
      return results;
    }
    FailureOr<std::vector<HostTensor>> results = execute(&op, operands);
    if (failed(results))
      return failure();
    owned.push_back(std::move(*results));
    for (auto [result, value] : llvm::zip_equal(op.getResults(), owned.back()))
      values[result] = &value;
  }
  return block.getParentOp()->emitError("has no terminator, so nothing is returned");
}

FailureOr<std::vector<HostTensor>> Interpreter::execute(Operation *op, const Operands &operands) {
  if (auto evaluable = dyn_cast<EvaluableOpInterface>(op))
    return evaluate(evaluable, operands);
  if (auto batchSize = dyn_cast<BatchSizeOp>(op)) {
    std::vector<HostTensor> results;
    results.emplace_back(batchSize.getType().getElementType(), ArrayRef<int64_t>(), options.precision);
    results[0].set(0, options.batch);
    return results;
  }
  if (auto callOp = dyn_cast<func::CallOp>(op))
    return call(callOp, operands);
  // An op that runs its only block once over its operands: what it is for (a kernel, a scope) changes no value.
  if (op->getNumRegions() == 1 && op->getRegion(0).hasOneBlock() &&
      llvm::equal(op->getRegion(0).getArgumentTypes(), op->getOperandTypes()))
    return run(op->getRegion(0).front(), operands);
  return op->emitOpError("has no meaning that the interpreter could ask for");
}

FailureOr<std::vector<HostTensor>> Interpreter::evaluate(EvaluableOpInterface op, const Operands &operands) {
  std::vector<HostTensor> results;
  for (Type type : op->getResultTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    results.emplace_back(tensor.getElementType(), getShapeAt(tensor, options.batch), options.precision);
  }
  if (failed(op.evaluate(operands, results)))
    return failure();
  return results;
}

FailureOr<std::vector<HostTensor>> Interpreter::call(func::CallOp op, const Operands &operands) {
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, op.getCalleeAttr());
  if (!callee || callee.isExternal())
    return op.emitOpError("calls a function without a body");
  if (depth == maxDepth)
    return op.emitOpError() << "is " << maxDepth << " calls deep; recursion cannot be interpreted";
  ++depth;
  FailureOr<std::vector<HostTensor>> results = run(callee.getBody().front(), operands);
  --depth;
  return results;
}

FailureOr<std::vector<HostTensor>> interpret(Operation *op, ArrayRef<const HostTensor *> operands,
                                             const InterpreterOptions &options) {
  return Interpreter(options).execute(op, llvm::to_vector(operands));
}

FailureOr<std::vector<HostTensor>> interpret(func::FuncOp function, ArrayRef<HostTensor> arguments,
                                             const InterpreterOptions &options) {
  if (function.isExternal() || !function.getBody().hasOneBlock())
    return function.emitError("needs a body of one block to be interpreted");
  if (arguments.size() != function.getNumArguments())
    return function.emitError() << "takes " << function.getNumArguments() << " arguments, but was given "
                                << arguments.size();
  SmallVector<const HostTensor *> pointers;
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    if (failed(verifyArgument(function, i, function.getArgumentTypes()[i], argument, options.batch)))
      return failure();
    pointers.push_back(&argument);
  }
  return Interpreter(options).run(function.getBody().front(), pointers);
}

} // namespace glyptic
