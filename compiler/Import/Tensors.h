//===- Tensors.h - ONNX tensors and element types ---------------*- C++ -*-===//
#pragma once

#include "compiler/Import/ModelFile.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace glyptic {

/// The element type, or null if programs know no such elements. Unsigned integers are types of memory only.
mlir::Type getElementType(mlir::MLIRContext &context, int32_t dataType);

/// The type in which a program computes with elements of a type: unsigned integers become wider signed ones.
mlir::Type getComputedType(mlir::Type stored);
mlir::DenseElementsAttr getComputedElements(mlir::DenseElementsAttr stored);

/// ONNX's number for an element type.
int32_t getDataType(mlir::Type elementType);

/// ONNX's name of an element type, such as `float16`.
std::string getDataTypeName(int32_t dataType);

/// Shape and elements of a tensor of the model.
struct TensorData {
  mlir::RankedTensorType type;
  llvm::ArrayRef<char> bytes; ///< row-major, little-endian; owned by the file
};

/// Checks shape, type and size of `tensor` and finds its bytes. The error says what is wrong with it, without its name.
llvm::Expected<TensorData> readTensor(mlir::MLIRContext &context, const ModelFile &file,
                                      const onnx::TensorProto &tensor);

/// A constant attribute of a Constant node (`value`, `value_float`, `value_ints`, ...) as a tensor in `storage`, or
/// null if the node has none that is a tensor.
const onnx::TensorProto *getConstantTensor(const onnx::NodeProto &node, onnx::TensorProto &storage);

} // namespace glyptic
