//===- Dropout.cpp - Elements left out while a model trains -----*- C++ -*-===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/HostTensor.h"

using namespace mlir;
using namespace glyptic::graph;

PrecisionClass DropoutOp::getPrecisionClass() { return PrecisionClass::Follow; }

LogicalResult DropoutOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  for (int64_t i = 0; i < operands[0]->getNumElements(); ++i) {
    results[0].set(i, operands[0]->at(i));
    results[1].set(i, 1);
  }
  return success();
}

FailureOr<SmallVector<Value>> DropoutOp::buildGradients(OpBuilder &, ValueRange resultGradients,
                                                        const llvm::BitVector &) {
  return SmallVector<Value>{resultGradients[0]};
}

FailureOr<SmallVector<Value>> DropoutOp::decompose(OpBuilder &builder) {
  Value mask = splat(builder, getLoc(), cast<RankedTensorType>(getMask().getType()), 1.0);
  return SmallVector<Value>{getInput(), mask};
}

llvm::StringRef DropoutOp::describeTrainingForm() { return "sets elements to 0 at random"; }

FailureOr<SmallVector<Value>> DropoutOp::buildTrainingForm(OpBuilder &builder, TrainingScope &scope) {
  double ratio = getRatio().convertToDouble();
  if (ratio == 0)
    return SmallVector<Value>{getResult(), getMask()};
  Value mask = RandomMaskOp::create(builder, getLoc(), cast<RankedTensorType>(getMask().getType()),
                                    scope.getRandomSource(), 1 - ratio);
  // All are dropped at a ratio of 1: there, any finite factor does.
  Expr scaled = Expr(builder, getLoc(), getInput()) * (ratio < 1 ? 1 / (1 - ratio) : 0.0);
  return SmallVector<Value>{select(Expr(builder, getLoc(), mask), scaled, 0.0), mask};
}
