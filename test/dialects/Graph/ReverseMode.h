//===- ReverseMode.h - Gradients of a function, for tests -------*- C++ -*-===//
//
// Reverse mode in its plainest form: no pass, no roles, every float argument. Tests of ops must not depend on the
// training pass.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/Builders.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace glyptic::test {

inline bool isFloatTensor(mlir::Type type) {
  return mlir::isa<mlir::FloatType>(mlir::cast<mlir::RankedTensorType>(type).getElementType());
}

namespace detail {

using Gradients = llvm::DenseMap<mlir::Value, mlir::Value>;

inline void accumulate(mlir::OpBuilder &builder, mlir::Value value, mlir::Value gradient, Gradients &gradients) {
  mlir::Value &sum = gradients[value];
  sum = sum ? graph::AddOp::create(builder, value.getLoc(), sum, gradient) : gradient;
}

/// Carries the gradients of `op`'s results to its operands.
inline mlir::LogicalResult visit(mlir::OpBuilder &builder, mlir::Operation *op, Gradients &gradients) {
  auto incoming = llvm::map_to_vector(op->getResults(), [&](mlir::Value result) { return gradients.lookup(result); });
  if (llvm::none_of(incoming, [](mlir::Value gradient) { return gradient; }) || op->getNumOperands() == 0)
    return mlir::success();
  auto differentiable = mlir::dyn_cast<graph::DifferentiableOpInterface>(op);
  if (!differentiable)
    return op->emitOpError("has no derivative");
  llvm::BitVector wanted(op->getNumOperands());
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    wanted[i] = isFloatTensor(operand.getType());
  auto outgoing = differentiable.buildGradients(builder, incoming, wanted);
  if (failed(outgoing) || outgoing->size() != op->getNumOperands())
    return mlir::failure();
  for (auto [operand, gradient] : llvm::zip(op->getOperands(), *outgoing)) {
    if (!gradient)
      continue;
    if (gradient.getType() != operand.getType())
      return op->emitOpError() << "has an operand of type " << operand.getType() << " with a gradient of type "
                               << gradient.getType();
    accumulate(builder, operand, gradient, gradients);
  }
  return mlir::success();
}

} // namespace detail

/// Adds to the module a function of `function`'s arguments and a gradient for each float result, which gives the
/// gradient of each float argument.
inline mlir::FailureOr<mlir::func::FuncOp> buildGradientFunction(mlir::func::FuncOp function) {
  mlir::OpBuilder builder(function);
  mlir::Location loc = function.getLoc();
  llvm::SmallVector<mlir::Type> inputs(function.getArgumentTypes()), outputs;
  llvm::copy_if(function.getResultTypes(), std::back_inserter(inputs), isFloatTensor);
  llvm::copy_if(function.getArgumentTypes(), std::back_inserter(outputs), isFloatTensor);
  auto gradient = mlir::func::FuncOp::create(builder, loc, (function.getName() + "_gradient").str(),
                                             builder.getFunctionType(inputs, outputs));
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    gradient.setArgAttrs(i, function.getArgAttrDict(i)); // the ranges of samples
  mlir::Block *body = gradient.addEntryBlock();
  builder.setInsertionPointToStart(body);

  mlir::IRMapping mapping;
  mapping.map(function.getArguments(), body->getArguments().take_front(function.getNumArguments()));
  llvm::SmallVector<mlir::Operation *> forward;
  for (mlir::Operation &op : function.front().without_terminator())
    forward.push_back(builder.clone(op, mapping));

  detail::Gradients gradients;
  const mlir::BlockArgument *seed = body->getArguments().begin() + function.getNumArguments();
  for (mlir::Value result : function.front().getTerminator()->getOperands())
    if (isFloatTensor(result.getType()))
      detail::accumulate(builder, mapping.lookup(result), *seed++, gradients);
  for (mlir::Operation *op : llvm::reverse(forward))
    if (failed(detail::visit(builder, op, gradients)))
      return mlir::failure();

  llvm::SmallVector<mlir::Value> results;
  for (mlir::Value argument : body->getArguments().take_front(function.getNumArguments())) {
    if (!isFloatTensor(argument.getType()))
      continue;
    mlir::Value found = gradients.lookup(argument);
    auto type = mlir::cast<mlir::RankedTensorType>(argument.getType());
    results.push_back(found ? found : graph::splat(builder, loc, type, 0));
  }
  mlir::func::ReturnOp::create(builder, loc, results);
  return gradient;
}

} // namespace glyptic::test
