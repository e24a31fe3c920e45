//===- ModelBuilder.cpp - Writes ONNX graphs ----------------------------------===//
#include "compiler/Models/ModelBuilder.h"
#include "support/Philox.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace llvm;

namespace glyptic {

ModelBuilder::ModelBuilder(StringRef name, uint64_t seed) : seed(seed) {
  model.set_ir_version(9);
  model.set_producer_name("glyptic");
  model.mutable_graph()->set_name(name.str());
  auto *opset = model.add_opset_import();
  opset->set_domain("");
  opset->set_version(20);
}

static void setType(onnx::ValueInfoProto &info, StringRef name, int32_t type, ArrayRef<int64_t> shape) {
  info.set_name(name.str());
  auto *tensor = info.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  for (int64_t size : shape) {
    auto *dim = tensor->mutable_shape()->add_dim();
    if (size == ModelBuilder::kBatch)
      dim->set_dim_param("N");
    else
      dim->set_dim_value(size);
  }
}

std::string ModelBuilder::addInput(StringRef name, onnx::TensorProto::DataType type, ArrayRef<int64_t> shape) {
  setType(*model.mutable_graph()->add_input(), name, type, shape);
  return name.str();
}

void ModelBuilder::addOutput(StringRef name, ArrayRef<int64_t> shape) {
  setType(*model.mutable_graph()->add_output(), name, onnx::TensorProto::FLOAT, shape);
}

onnx::TensorProto *ModelBuilder::addTensor(StringRef name, ArrayRef<int64_t> shape, onnx::TensorProto::DataType type) {
  onnx::TensorProto *tensor = model.mutable_graph()->add_initializer();
  tensor->set_name(name.str());
  tensor->set_data_type(type);
  tensor->mutable_dims()->Assign(shape.begin(), shape.end());
  return tensor;
}

static void setBytes(onnx::TensorProto &tensor, ArrayRef<float> elements) {
  tensor.set_raw_data(elements.data(), elements.size() * sizeof(float));
}

std::string ModelBuilder::addUniform(StringRef name, ArrayRef<int64_t> shape, double bound) {
  std::vector<float> elements(product_of(shape));
  uint32_t stream = drawn++;
  for (uint64_t i = 0; i < elements.size(); ++i) {
    uint64_t block = i / 4;
    uint32_t bits = philox({uint32_t(block), uint32_t(block >> 32), stream, 0},
                           {uint32_t(seed), uint32_t(seed >> 32)})[i % 4];
    // 24 bits make both steps but the last exact, so every machine rounds alike.
    float unit = float(bits >> 8) * 0x1p-23f - 1.0f;
    elements[i] = unit * float(bound);
  }
  setBytes(*addTensor(name, shape, onnx::TensorProto::FLOAT), elements);
  return name.str();
}

std::string ModelBuilder::addFilled(StringRef name, ArrayRef<int64_t> shape, float value) {
  setBytes(*addTensor(name, shape, onnx::TensorProto::FLOAT), std::vector<float>(product_of(shape), value));
  return name.str();
}

std::string ModelBuilder::addIntegers(ArrayRef<int64_t> values) {
  std::string name = "ints";
  for (int64_t value : values)
    name += "_" + std::to_string(value);
  if (any_of(model.graph().initializer(), [&](const onnx::TensorProto &tensor) { return tensor.name() == name; }))
    return name;
  onnx::TensorProto *tensor = addTensor(name, {int64_t(values.size())}, onnx::TensorProto::INT64);
  tensor->mutable_int64_data()->Assign(values.begin(), values.end());
  return name;
}

std::string ModelBuilder::addScalar(StringRef name, float value) {
  setBytes(*addTensor(name, {}, onnx::TensorProto::FLOAT), value);
  return name.str();
}

std::string ModelBuilder::add(StringRef name, StringRef op, ArrayRef<std::string> inputs, const Attributes &attributes,
                              int outputs) {
  onnx::NodeProto *node = model.mutable_graph()->add_node();
  node->set_name(name.str());
  node->set_op_type(op.str());
  for (const std::string &input : inputs)
    node->add_input(input);
  for (int i = 0; i < outputs; ++i)
    node->add_output(i ? (name + "." + Twine(i)).str() : name.str());
  for (const onnx::AttributeProto &attribute : attributes)
    *node->add_attribute() = attribute;
  return name.str();
}

std::pair<std::string, std::string> ModelBuilder::addWeights(StringRef name, ArrayRef<int64_t> shape, int64_t inputs,
                                                             int64_t outputs, double scale) {
  double bound = scale / std::sqrt(double(inputs));
  std::string weight = addUniform((name + ".weight").str(), shape, bound);
  return {weight, addUniform((name + ".bias").str(), {outputs}, bound)};
}

std::string ModelBuilder::addLinear(StringRef name, const std::string &x, int64_t inputs, int64_t outputs) {
  auto [weight, bias] = addWeights(name, {outputs, inputs}, inputs, outputs);
  return add(name, "Gemm", {x, weight, bias}, {onnx::MakeAttribute("transB", int64_t(1))});
}

} // namespace glyptic
