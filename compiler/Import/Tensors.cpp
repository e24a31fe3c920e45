//===- Tensors.cpp - ONNX tensors and element types ---------------------------===//
#include "compiler/Import/Tensors.h"
#include "compiler/Errors.h"
#include "compiler/Import/Diagnostics.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using onnx::TensorProto;

namespace glyptic {

Type getElementType(MLIRContext &context, int32_t dataType) {
  Builder b(&context);
  switch (dataType) {
  case TensorProto::FLOAT: return b.getF32Type();
  case TensorProto::DOUBLE: return b.getF64Type();
  case TensorProto::FLOAT16: return b.getF16Type();
  case TensorProto::BFLOAT16: return b.getBF16Type();
  case TensorProto::INT8: return b.getI8Type();
  case TensorProto::INT16: return b.getI16Type();
  case TensorProto::INT32: return b.getI32Type();
  case TensorProto::INT64: return b.getI64Type();
  case TensorProto::BOOL: return b.getI1Type();
  case TensorProto::UINT8: return b.getIntegerType(8, /*isSigned=*/false);
  case TensorProto::UINT16: return b.getIntegerType(16, /*isSigned=*/false);
  case TensorProto::UINT32: return b.getIntegerType(32, /*isSigned=*/false);
  default: return {};
  }
}

Type getComputedType(Type stored) {
  if (!stored.isUnsignedInteger())
    return stored;
  // The least type that holds all values; nothing computes in 16 bits faster.
  return IntegerType::get(stored.getContext(), stored.isUnsignedInteger(32) ? 64 : 32);
}

DenseElementsAttr getComputedElements(DenseElementsAttr stored) {
  Type type = stored.getElementType(), computed = getComputedType(type);
  if (type == computed)
    return stored;
  return stored.mapValues(computed, [&](const APInt &value) { return value.zext(computed.getIntOrFloatBitWidth()); });
}

int32_t getDataType(Type type) {
  if (type.isF32()) return TensorProto::FLOAT;
  if (type.isF64()) return TensorProto::DOUBLE;
  if (type.isF16()) return TensorProto::FLOAT16;
  if (type.isBF16()) return TensorProto::BFLOAT16;
  bool isUnsigned = type.isUnsignedInteger();
  switch (type.getIntOrFloatBitWidth()) {
  case 1: return TensorProto::BOOL;
  case 8: return isUnsigned ? TensorProto::UINT8 : TensorProto::INT8;
  case 16: return isUnsigned ? TensorProto::UINT16 : TensorProto::INT16;
  case 32: return isUnsigned ? TensorProto::UINT32 : TensorProto::INT32;
  default: return TensorProto::INT64;
  }
}

std::string getDataTypeName(int32_t dataType) {
  if (!onnx::TensorProto_DataType_IsValid(dataType))
    return "unknown type " + std::to_string(dataType);
  return StringRef(onnx::TensorProto_DataType_Name(onnx::TensorProto_DataType(dataType))).lower();
}

namespace {

llvm::Error fail(const Twine &message) { return makeError(ErrorCode::Format, message); }

unsigned getByteWidth(Type type) { return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8); }

/// Narrow types lie in the field of a wider one; give them their own width.
template <typename T>
ArrayRef<char> narrow(const ModelFile &file, const google::protobuf::RepeatedField<T> &data, unsigned width) {
  std::string &bytes = file.converted.emplace_back();
  bytes.reserve(size_t(data.size()) * width);
  for (T value : data)
    bytes.append(reinterpret_cast<const char *>(&value), width);
  return {bytes.data(), bytes.size()};
}

template <typename T> ArrayRef<char> view(const google::protobuf::RepeatedField<T> &data) {
  return {reinterpret_cast<const char *>(data.data()), size_t(data.size()) * sizeof(T)};
}

ArrayRef<char> getInlineBytes(const ModelFile &file, const TensorProto &tensor, Type type) {
  if (tensor.has_raw_data())
    return {tensor.raw_data().data(), tensor.raw_data().size()};
  if (type.isF32())
    return view(tensor.float_data());
  if (type.isF64())
    return view(tensor.double_data());
  if (type.isInteger(64))
    return view(tensor.int64_data());
  if (type.isUnsignedInteger(32))
    return narrow(file, tensor.uint64_data(), getByteWidth(type));
  if (type.isInteger(32))
    return view(tensor.int32_data());
  return narrow(file, tensor.int32_data(), getByteWidth(type));
}

struct ExternalRange {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};

llvm::Expected<ExternalRange> getExternalRange(const TensorProto &tensor) {
  ExternalRange range;
  for (const auto &entry : tensor.external_data()) {
    uint64_t number = 0;
    bool isNumber = !StringRef(entry.value()).getAsInteger(10, number);
    if (entry.key() == "location")
      range.location = entry.value();
    else if ((entry.key() == "offset" || entry.key() == "length") && !isNumber)
      return fail("has external data with the " + entry.key() + " " + quote(entry.value()) +
                  ", which is not a number");
    else if (entry.key() == "offset")
      range.offset = number;
    else if (entry.key() == "length")
      range.length = number;
  }
  return range;
}

llvm::Expected<ArrayRef<char>> getExternalBytes(const ModelFile &file, const TensorProto &tensor, uint64_t size) {
  auto range = getExternalRange(tensor);
  if (!range)
    return range.takeError();
  auto found = file.external.find(range->location);
  if (found == file.external.end())
    return fail("has external data without a file");
  StringRef bytes = found->second->getBuffer();
  uint64_t length = range->length.value_or(size);
  if (length != size)
    return fail("needs " + Twine(size) + " bytes, but its external data has " + Twine(length));
  if (range->offset > bytes.size() || length > bytes.size() - range->offset)
    return fail("has external data past the end of " + quote(range->location) + ": bytes " + Twine(range->offset) +
                " to " + Twine(range->offset + length) + " of " + Twine(bytes.size()) + "; copy the file again");
  return ArrayRef<char>(bytes.data() + range->offset, length);
}

} // namespace

llvm::Expected<TensorData> readTensor(MLIRContext &context, const ModelFile &file, const TensorProto &tensor) {
  Type elementType = getElementType(context, tensor.data_type());
  if (!elementType)
    return fail("has the element type " + getDataTypeName(tensor.data_type()) +
                ", which is not supported; convert it to float, int64 or bool");
  if (tensor.has_segment())
    return fail("is stored in segments, which is not supported");
  int64_t size = getByteWidth(elementType);
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  for (int64_t dim : shape) {
    if (dim < 0)
      return fail("has the negative dimension " + Twine(dim));
    if (llvm::MulOverflow(size, dim, size))
      return fail("has more elements than can be counted");
  }
  auto type = RankedTensorType::get(shape, elementType);
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    auto bytes = getExternalBytes(file, tensor, size);
    if (!bytes)
      return bytes.takeError();
    return TensorData{type, *bytes};
  }
  ArrayRef<char> bytes = getInlineBytes(file, tensor, elementType);
  if (bytes.size() != size_t(size))
    return fail("needs " + Twine(size) + " bytes for its shape, but holds " + Twine(bytes.size()) +
                "; export the model again");
  return TensorData{type, bytes};
}

DenseElementsAttr getElements(RankedTensorType type, ArrayRef<char> bytes) {
  // Raw booleans of MLIR are packed by bits, so they go through a list.
  if (type.getElementType().isInteger(1)) {
    auto bits = llvm::map_to_vector(bytes, [](char c) { return c != 0; });
    return DenseElementsAttr::get(type, ArrayRef<bool>(bits));
  }
  return DenseElementsAttr::getFromRawBuffer(type, bytes);
}

const TensorProto *getConstantTensor(const onnx::NodeProto &node, TensorProto &storage) {
  auto store = [&](int32_t type, std::optional<int64_t> size) {
    storage.set_data_type(type);
    if (size)
      storage.add_dims(*size);
    return &storage;
  };
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    StringRef name = attribute.name();
    if (name == "value")
      return &attribute.t();
    if (name == "value_float") {
      storage.add_float_data(attribute.f());
      return store(TensorProto::FLOAT, std::nullopt);
    }
    if (name == "value_int") {
      storage.add_int64_data(attribute.i());
      return store(TensorProto::INT64, std::nullopt);
    }
    if (name == "value_floats") {
      *storage.mutable_float_data() = attribute.floats();
      return store(TensorProto::FLOAT, attribute.floats_size());
    }
    if (name == "value_ints") {
      *storage.mutable_int64_data() = attribute.ints();
      return store(TensorProto::INT64, attribute.ints_size());
    }
  }
  return nullptr;
}

} // namespace glyptic
