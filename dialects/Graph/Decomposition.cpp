//===- Decomposition.cpp - What follows from a decomposition ----*- C++ -*-===//
#include "dialects/Graph/Decomposition.h"
#include "dialects/Graph/Builders.h"

using namespace mlir;

namespace glyptic::graph {

namespace {
/// Gradients of values, of which some are not needed.
class Gradients {
public:
  Gradients(Operation *op, const llvm::BitVector &wanted) {
    for (auto [i, operand] : llvm::enumerate(op->getOperands()))
      if (wanted[i])
        varied.insert(operand);
  }

  void follow(Operation &op) {
    if (llvm::any_of(op.getOperands(), [&](Value operand) { return varied.contains(operand); }))
      for (Value result : op.getResults())
        if (isa<FloatType>(getElementTypeOrSelf(result)))
          varied.insert(result);
  }

  void add(OpBuilder &builder, Value value, Value gradient) {
    if (!gradient || !varied.contains(value))
      return;
    Value &sum = sums[value];
    sum = sum ? AddOp::create(builder, gradient.getLoc(), sum, gradient).getResult() : gradient;
  }

  LogicalResult propagate(OpBuilder &builder, Operation &op) {
    auto ofResults = llvm::map_to_vector(op.getResults(), [&](Value result) { return sums.lookup(result); });
    if (llvm::none_of(ofResults, [](Value gradient) { return gradient; }))
      return success();
    auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
    if (!differentiable)
      return op.emitError("has no derivative, and is part of an op that has one");
    llvm::BitVector wanted(op.getNumOperands());
    for (auto [i, operand] : llvm::enumerate(op.getOperands()))
      wanted[i] = varied.contains(operand);
    auto ofOperands = differentiable.buildGradients(builder, ofResults, wanted);
    if (failed(ofOperands))
      return failure();
    for (auto [operand, gradient] : llvm::zip_equal(op.getOperands(), *ofOperands))
      add(builder, operand, gradient);
    return success();
  }

  /// Once: a value that is an operand twice has the gradient of both.
  Value take(Value value) {
    Value sum = sums.lookup(value);
    sums.erase(value);
    return sum;
  }

private:
  llvm::DenseSet<Value> varied;
  llvm::DenseMap<Value, Value> sums;
};
} // namespace

FailureOr<SmallVector<Value>> differentiateDecomposition(DecomposableOpInterface op, OpBuilder &builder,
                                                         ValueRange resultGradients, const llvm::BitVector &wanted) {
  Block::iterator end = builder.getInsertionPoint();
  Operation *before = end == builder.getBlock()->begin() ? nullptr : &*std::prev(end);
  FailureOr<SmallVector<Value>> results = op.decompose(builder);
  if (failed(results))
    return failure();
  SmallVector<Operation *> parts;
  Gradients gradients(op, wanted);
  for (Block::iterator it = before ? std::next(before->getIterator()) : builder.getBlock()->begin(); it != end; ++it) {
    gradients.follow(*it);
    parts.push_back(&*it);
  }
  for (auto [result, gradient] : llvm::zip_equal(*results, resultGradients))
    gradients.add(builder, result, gradient);
  for (Operation *part : llvm::reverse(parts))
    if (failed(gradients.propagate(builder, *part)))
      return failure();
  return llvm::map_to_vector(op->getOperands(), [&](Value operand) { return gradients.take(operand); });
}

} // namespace glyptic::graph
