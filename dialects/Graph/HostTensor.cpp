//===- HostTensor.cpp - A tensor value in the interpreter -------*- C++ -*-===//
#include "dialects/Graph/HostTensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace glyptic::graph {

HostTensor::HostTensor(Type elementType, ArrayRef<int64_t> shape, HostPrecision precision)
    : elementType(elementType), shape(shape) {
  int64_t count = getNumElements();
  if (!isa<FloatType>(elementType))
    storage = std::vector<int64_t>(count);
  else if (precision == HostPrecision::F64)
    storage = std::vector<double>(count);
  else
    storage = std::vector<float>(count);
}

FailureOr<HostTensor> HostTensor::fromElements(ElementsAttr elements, HostPrecision precision) {
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense)
    return failure();
  HostTensor tensor(elements.getElementType(), elements.getShapedType().getShape(), precision);
  if (isa<FloatType>(tensor.elementType)) {
    for (auto [i, value] : llvm::enumerate(dense.getValues<APFloat>()))
      tensor.set(i, value.convertToDouble());
    return tensor;
  }
  const bool hasSign = !tensor.elementType.isInteger(1) && !tensor.elementType.isUnsignedInteger();
  for (auto [i, value] : llvm::enumerate(dense.getValues<APInt>()))
    tensor.get<int64_t>()[i] = hasSign ? value.getSExtValue() : value.getZExtValue();
  return tensor;
}

static APFloat round(FloatType type, double value) {
  APFloat rounded(value);
  bool losesInfo;
  rounded.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
  return rounded;
}

double roundTo(FloatType type, double value) { return round(type, value).convertToDouble(); }

DenseElementsAttr HostTensor::toElements(RankedTensorType type) const {
  if (auto floatType = dyn_cast<FloatType>(elementType)) {
    SmallVector<APFloat> values;
    for (int64_t i : llvm::seq<int64_t>(0, getNumElements()))
      values.push_back(round(floatType, at(i)));
    return DenseElementsAttr::get(type, values);
  }
  unsigned width = elementType.getIntOrFloatBitWidth();
  auto values = llvm::map_to_vector(get<int64_t>(), [&](int64_t value) {
    return APInt(width, static_cast<uint64_t>(value), /*isSigned=*/true, /*implicitTrunc=*/true);
  });
  return DenseElementsAttr::get(type, values);
}

int64_t HostTensor::getNumElements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

SmallVector<int64_t> HostTensor::getStrides() const {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = getRank() - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

double HostTensor::at(int64_t linearIndex) const {
  return std::visit([&](const auto &elements) { return static_cast<double>(elements[linearIndex]); }, storage);
}

void HostTensor::set(int64_t linearIndex, double value) {
  std::visit([&](auto &elements) { elements[linearIndex] = value; }, storage);
}

void HostTensor::wrap() {
  auto *integers = std::get_if<std::vector<int64_t>>(&storage);
  if (!integers)
    return;
  unsigned width = elementType.getIntOrFloatBitWidth();
  for (int64_t &value : *integers)
    value = width == 1 || elementType.isUnsignedInteger() ? value & int64_t(llvm::maxUIntN(width))
                                                          : llvm::SignExtend64(value, width);
}

} // namespace glyptic::graph
