//===- ShapeEvaluation.cpp - Meaning of ops that make or move values -*- C++ -*-===//
//
// A moving op is a walk over the result's positions with the operand's position beside it.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/HostTensor.h"

using namespace mlir;
using namespace glyptic::graph;

/// Calls `visit(position, linear index)` for each position of `shape` in row-major order.
template <typename Fn> static void forEachPosition(ArrayRef<int64_t> shape, Fn visit) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  SmallVector<int64_t> position(shape.size(), 0);
  for (int64_t linear = 0; linear < count; ++linear) {
    visit(ArrayRef<int64_t>(position), linear);
    for (int64_t dim = shape.size() - 1; dim >= 0 && ++position[dim] == shape[dim]; --dim)
      position[dim] = 0;
  }
}

static int64_t getLinearIndex(ArrayRef<int64_t> position, ArrayRef<int64_t> strides) {
  int64_t linear = 0;
  for (auto [coordinate, stride] : llvm::zip_equal(position, strides))
    linear += coordinate * stride;
  return linear;
}

static void copyElement(HostTensor &to, int64_t toIndex, const HostTensor &from, int64_t fromIndex) {
  std::visit(
      [&](auto &elements) {
        using T = typename std::decay_t<decltype(elements)>::value_type;
        elements[toIndex] = from.get<T>()[fromIndex];
      },
      to.getStorage());
}

LogicalResult ConstantOp::evaluate(ArrayRef<const HostTensor *>, MutableArrayRef<HostTensor> results) {
  bool isDouble = std::holds_alternative<std::vector<double>>(results[0].getStorage());
  FailureOr<HostTensor> value =
      HostTensor::fromElements(getValue(), isDouble ? HostPrecision::F64 : HostPrecision::F32);
  if (failed(value))
    return emitOpError("holds its elements outside the program, where they cannot be read");
  results[0] = std::move(*value);
  return success();
}

LogicalResult IotaOp::evaluate(ArrayRef<const HostTensor *>, MutableArrayRef<HostTensor> results) {
  forEachPosition(results[0].getShape(), [&](ArrayRef<int64_t> position, int64_t linear) {
    results[0].set(linear, position[getDim()]);
  });
  results[0].wrap();
  return success();
}

LogicalResult BroadcastOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  const HostTensor &input = *operands[0];
  SmallVector<int64_t> strides = input.getStrides();
  forEachPosition(results[0].getShape(), [&](ArrayRef<int64_t> position, int64_t linear) {
    int64_t from = 0;
    for (auto [i, dim] : llvm::enumerate(getDims()))
      from += input.getShape()[i] == 1 ? 0 : position[dim] * strides[i];
    copyElement(results[0], linear, input, from);
  });
  return success();
}

LogicalResult ReshapeOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  results[0].getStorage() = operands[0]->getStorage();
  return success();
}

LogicalResult TransposeOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  SmallVector<int64_t> strides = operands[0]->getStrides();
  forEachPosition(results[0].getShape(), [&](ArrayRef<int64_t> position, int64_t linear) {
    int64_t from = 0;
    for (auto [i, dim] : llvm::enumerate(getPermutation()))
      from += position[i] * strides[dim];
    copyElement(results[0], linear, *operands[0], from);
  });
  return success();
}

LogicalResult SliceOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  SmallVector<int64_t> strides = operands[0]->getStrides();
  forEachPosition(results[0].getShape(), [&](ArrayRef<int64_t> position, int64_t linear) {
    int64_t from = 0;
    for (auto [i, stride] : llvm::enumerate(strides))
      from += (getStarts()[i] + position[i] * getStrides()[i]) * stride;
    copyElement(results[0], linear, *operands[0], from);
  });
  return success();
}

/// Scatters the input over a result full of the value, where the structured form gathers.
LogicalResult PadOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  HostTensor &result = results[0];
  for (int64_t i = 0; i < result.getNumElements(); ++i)
    copyElement(result, i, *operands[1], 0);
  SmallVector<int64_t> strides = result.getStrides();
  forEachPosition(operands[0]->getShape(), [&](ArrayRef<int64_t> position, int64_t linear) {
    int64_t to = 0;
    for (auto [i, stride] : llvm::enumerate(strides)) {
      int64_t coordinate = getLow()[i] + position[i] * (getInterior()[i] + 1);
      if (coordinate < 0 || coordinate >= result.getShape()[i])
        return;
      to += coordinate * stride;
    }
    copyElement(result, to, *operands[0], linear);
  });
  return success();
}

LogicalResult ConcatOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  SmallVector<int64_t> strides = results[0].getStrides();
  int64_t offset = 0;
  for (const HostTensor *input : operands) {
    forEachPosition(input->getShape(), [&](ArrayRef<int64_t> position, int64_t linear) {
      copyElement(results[0], getLinearIndex(position, strides) + offset * strides[getDim()], *input, linear);
    });
    offset += input->getShape()[getDim()];
  }
  return success();
}

LogicalResult ReverseOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  SmallVector<int64_t> strides = operands[0]->getStrides();
  ArrayRef<int64_t> shape = operands[0]->getShape();
  forEachPosition(shape, [&](ArrayRef<int64_t> position, int64_t linear) {
    SmallVector<int64_t> from(position);
    for (int64_t dim : getDims())
      from[dim] = shape[dim] - 1 - position[dim];
    copyElement(results[0], linear, *operands[0], getLinearIndex(from, strides));
  });
  return success();
}

PrecisionClass ConstantOp::getPrecisionClass() { return PrecisionClass::Exact; }
PrecisionClass IotaOp::getPrecisionClass() { return PrecisionClass::Exact; }
PrecisionClass BatchSizeOp::getPrecisionClass() { return PrecisionClass::Exact; }
PrecisionClass BroadcastOp::getPrecisionClass() { return PrecisionClass::Follow; }
PrecisionClass ReshapeOp::getPrecisionClass() { return PrecisionClass::Follow; }
PrecisionClass TransposeOp::getPrecisionClass() { return PrecisionClass::Follow; }
PrecisionClass SliceOp::getPrecisionClass() { return PrecisionClass::Follow; }
PrecisionClass PadOp::getPrecisionClass() { return PrecisionClass::Follow; }
PrecisionClass ConcatOp::getPrecisionClass() { return PrecisionClass::Follow; }
PrecisionClass ReverseOp::getPrecisionClass() { return PrecisionClass::Follow; }
