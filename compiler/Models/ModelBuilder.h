//===- ModelBuilder.h - Writes ONNX graphs ----------------------*- C++ -*-===//
#pragma once

#include "onnx/defs/attr_proto_util.h"
#include "onnx/onnx_pb.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace glyptic {

/// A graph under construction. Values are known by name; a node's first output has the name of the node.
class ModelBuilder {
public:
  using Attributes = std::vector<onnx::AttributeProto>;
  static constexpr int64_t kBatch = -1; ///< the symbolic size N

  ModelBuilder(llvm::StringRef name, uint64_t seed);

  std::string addInput(llvm::StringRef name, onnx::TensorProto::DataType type, llvm::ArrayRef<int64_t> shape);
  void addOutput(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);

  /// Elements uniform in [-bound, bound).
  std::string addUniform(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, double bound);
  std::string addFilled(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, float value);
  /// Integers that are no weights: shapes, axes. Equal lists share one tensor.
  std::string addIntegers(llvm::ArrayRef<int64_t> values);
  std::string addScalar(llvm::StringRef name, float value);

  std::string add(llvm::StringRef name, llvm::StringRef op, llvm::ArrayRef<std::string> inputs,
                  const Attributes &attributes = {}, int outputs = 1);
  /// `name.weight` of a shape and `name.bias` of `outputs` elements, initialised as PyTorch does: uniform within
  /// scale / sqrt(inputs), where `inputs` is how many numbers make one of a layer's outputs.
  std::pair<std::string, std::string> addWeights(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, int64_t inputs,
                                                 int64_t outputs, double scale = 1.0);
  /// x * W^T + b with a weight of shape [outputs, inputs].
  std::string addLinear(llvm::StringRef name, const std::string &x, int64_t inputs, int64_t outputs);

  const onnx::ModelProto &getModel() const { return model; }

private:
  onnx::TensorProto *addTensor(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, onnx::TensorProto::DataType type);

  onnx::ModelProto model;
  uint64_t seed;
  uint32_t drawn = 0; ///< tensors drawn so far; each has its own stream of random numbers
};

} // namespace glyptic
