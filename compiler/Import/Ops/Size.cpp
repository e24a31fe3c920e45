//===- Size.cpp - Constants, and sizes as values ------------------------------===//
#include "compiler/Import/Diagnostics.h"
#include "compiler/Import/Registry.h"
#include "compiler/Import/Tensors.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// Stored tensors that are weights were made arguments before; what comes here is small.
LogicalResult setConstant(NodeImporter &node, const onnx::TensorProto &tensor) {
  llvm::Expected<TensorData> data = readTensor(*node.getBuilder().getContext(), node.getFile(), tensor);
  if (!data)
    return node.emitError("its value " + llvm::toString(data.takeError()));
  DenseElementsAttr elements = getComputedElements(getElements(data->type, data->bytes));
  auto shape = ShapeValue::get(elements);
  LogicalResult result = shape ? node.setResult(*shape) : node.setResult(node.createConstant(elements));
  node.setElementType(data->type.getElementType());
  return result;
}

LogicalResult importConstant(NodeImporter &node) {
  onnx::TensorProto storage;
  if (const onnx::TensorProto *tensor = getConstantTensor(*node.getNode().proto, storage))
    return setConstant(node, *tensor);
  return node.emitError("strings and sparse tensors are not supported");
}

LogicalResult importConstantOfShape(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getSizes(0);
  if (failed(dims) || failed(node.checkSizes(*dims)))
    return failure();
  Type stored = node.getBuilder().getF32Type();
  Value scalar = node.createSplat(0.0, {}, stored);
  if (const onnx::TensorProto *value = node.getTensor("value")) {
    llvm::Expected<TensorData> data = readTensor(*node.getBuilder().getContext(), node.getFile(), *value);
    if (!data)
      return node.emitError("its value " + llvm::toString(data.takeError()));
    if (data->type.getNumElements() != 1)
      return node.emitError("its value must have one element");
    stored = data->type.getElementType();
    DenseElementsAttr elements = getComputedElements(getElements(data->type, data->bytes));
    elements = elements.reshape(RankedTensorType::get({}, elements.getElementType()));
    auto shape = ShapeValue::get(elements);
    int64_t count = 1;
    for (Dim dim : *dims)
      count = dim.batched || count > kMaxShapeElements ? kMaxShapeElements + 1 : count * dim.scale;
    if (shape && count <= kMaxShapeElements) {
      SmallVector<int64_t> sizes = llvm::map_to_vector(*dims, [](Dim dim) { return dim.scale; });
      (void)node.setResult(ShapeValue{sizes, SmallVector<Dim>(count, shape->elements[0]), shape->elementType});
      node.setElementType(stored);
      return success();
    }
    scalar = node.createConstant(elements);
  }
  LogicalResult result = node.setResult(node.broadcastTo(scalar, *dims));
  node.setElementType(stored);
  return result;
}

LogicalResult importShape(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  if (failed(dims))
    return failure();
  int64_t rank = dims->size();
  auto clamp = [&](int64_t position) {
    return std::clamp<int64_t>(position < 0 ? position + rank : position, 0, rank);
  };
  int64_t start = clamp(node.getInt("start", 0)), end = clamp(node.getInt("end", rank));
  ArrayRef<Dim> kept = ArrayRef<Dim>(*dims).slice(start, std::max<int64_t>(end - start, 0));
  return node.setResult(ShapeValue::vector(kept, node.getBuilder().getI64Type()));
}

LogicalResult importSize(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  if (failed(dims))
    return failure();
  Dim count{1, false};
  for (Dim dim : *dims)
    count = mulDims(count, dim).value_or(count); // at most one is batched
  return node.setResult(ShapeValue::scalar(count, node.getBuilder().getI64Type()));
}

/// Number of steps from `start` to `limit`; nullopt if it is neither a number nor the batch.
std::optional<Dim> countSteps(Dim start, Dim limit, Dim delta) {
  if (delta.batched || delta.scale == 0)
    return std::nullopt;
  std::optional<Dim> distance = subDims(limit, start);
  if (!distance)
    return std::nullopt;
  if (distance->batched)
    return divDims(*distance, delta);
  int64_t sign = delta.scale < 0 ? -1 : 1;
  return Dim{std::max<int64_t>(llvm::divideCeil(std::max<int64_t>(distance->scale * sign, 0), delta.scale * sign), 0),
             false};
}

/// start, start + delta, ... below `limit`: as numbers if they are few, else computed from the index.
LogicalResult importIntegerRange(NodeImporter &node, Dim start, Dim limit, Dim delta, Type elementType) {
  if (!delta.batched && delta.scale == 0)
    return node.emitError("its step is 0");
  std::optional<Dim> count = countSteps(start, limit, delta);
  if (!count)
    return node.emitError("its length must be known at compile time or be a multiple of the batch; fix the inputs' "
                          "shapes with --shape");
  if (!count->batched && count->scale <= kMaxShapeElements && !start.batched) {
    SmallVector<Dim> elements;
    for (int64_t i = 0; i < count->scale; ++i)
      elements.push_back({start.scale + i * delta.scale, false});
    return node.setResult(ShapeValue::vector(elements, elementType));
  }
  Value index = node.createAs<IotaOp>(getTensorType({*count}, elementType), 0);
  Value first = node.broadcastTo(node.materialize(ShapeValue::scalar(start, elementType)), {*count});
  Value step = node.createSplat(delta.scale, {*count}, elementType);
  return node.setResult(node.create<AddOp>(first, node.create<MulOp>(index, step)));
}

LogicalResult importFloatRange(NodeImporter &node) {
  double values[3];
  for (int i = 0; i < 3; ++i) {
    std::optional<double> value = node.getNumber(i);
    if (!value)
      return node.emitError("its bounds must be known at compile time");
    values[i] = *value;
  }
  if (values[2] == 0)
    return node.emitError("its step is 0");
  double count = std::ceil((values[1] - values[0]) / values[2]);
  if (!(count < double(1 << 30)))
    return node.emitError("is too long");
  Type elementType = node.getType(0).getElementType();
  Dim size{std::max<int64_t>(int64_t(count), 0), false};
  Value index = node.createAs<IotaOp>(getTensorType({size}, node.getBuilder().getI64Type()), 0);
  Value step = node.createSplat(values[2], {size}, elementType);
  Value scaled = node.create<MulOp>(node.createConvert(index, elementType), step);
  return node.setResult(node.create<AddOp>(scaled, node.createSplat(values[0], {size}, elementType)));
}

LogicalResult importRange(NodeImporter &node) {
  std::optional<Dim> start = node.getScalar(0), limit = node.getScalar(1), delta = node.getScalar(2);
  if (start && limit && delta)
    return importIntegerRange(node, *start, *limit, *delta, node.getShapeValue(0)->elementType);
  return importFloatRange(node);
}

/// Ones where column - row is k.
LogicalResult importEyeLike(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  if (failed(dims))
    return failure();
  if (dims->size() != 2)
    return node.emitError("its input must be a matrix");
  Type indexType = node.getBuilder().getI64Type(), elementType = node.getType(0).getElementType();
  if (node.has("dtype"))
    elementType = getElementType(*node.getBuilder().getContext(), node.getInt("dtype", 0));
  if (!elementType)
    return node.emitError("makes elements of type " + getDataTypeName(node.getInt("dtype", 0)) +
                          ", which is not supported");
  RankedTensorType positions = getTensorType(*dims, indexType);
  Value distance = node.create<SubOp>(node.createAs<IotaOp>(positions, 1), node.createAs<IotaOp>(positions, 0));
  Value diagonal = node.createSplat(node.getInt("k", 0), *dims, indexType);
  Value isOn = node.create<CompareOp>(Comparison::EQ, distance, diagonal);
  LogicalResult result = node.setResult(node.createConvert(isOn, getComputedType(elementType)));
  node.setElementType(elementType);
  return result;
}

const OpImporter kImporters[] = {
    {"Constant", 1, importConstant},
    {"ConstantOfShape", 9, importConstantOfShape},
    {"EyeLike", 9, importEyeLike},
    {"Range", 11, importRange},
    {"Shape", 1, importShape},
    {"Size", 1, importSize},
};

} // namespace

ArrayRef<OpImporter> getSizeImporters() { return kImporters; }

} // namespace glyptic
