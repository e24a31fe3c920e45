//===- Networks.cpp - linear, mlp, lenet --------------------------------------===//
#include "compiler/Models/Networks.h"
#include "compiler/Errors.h"
#include "compiler/Models/ModelBuilder.h"

using namespace llvm;
using onnx::MakeAttribute;
using onnx::TensorProto;

namespace glyptic {

namespace {

constexpr int64_t kBatch = ModelBuilder::kBatch;

/// One output is a probability; several are logits, which cross-entropy takes.
void addHead(ModelBuilder &builder, const std::string &x, int64_t inputs, int64_t outputs) {
  std::string y = builder.addLinear("head", x, inputs, outputs);
  if (outputs == 1)
    y = builder.add("probability", "Sigmoid", {y});
  builder.addOutput(y, {kBatch, outputs});
}

llvm::Error buildLinear(ModelBuilder &builder, const Sizes &sizes) {
  std::string x = builder.addInput("x", TensorProto::FLOAT, {kBatch, sizes.at("inputs")});
  addHead(builder, x, sizes.at("inputs"), sizes.at("outputs"));
  return llvm::Error::success();
}

llvm::Error buildMlp(ModelBuilder &builder, const Sizes &sizes) {
  int64_t inputs = sizes.at("inputs"), hidden = sizes.at("hidden");
  std::string x = builder.addInput("x", TensorProto::FLOAT, {kBatch, inputs});
  for (int64_t i = 0; i < sizes.at("layers"); ++i) {
    std::string layer = "layers." + std::to_string(i);
    x = builder.add(layer + ".relu", "Relu", {builder.addLinear(layer, x, i ? hidden : inputs, hidden)});
  }
  addHead(builder, x, hidden, sizes.at("outputs"));
  return llvm::Error::success();
}

/// 3x3 convolution with padding, ReLU, 2x2 maximum.
std::string addConvBlock(ModelBuilder &builder, const std::string &name, const std::string &x, int64_t inputs,
                         int64_t outputs) {
  auto [weight, bias] = builder.addWeights(name, {outputs, inputs, 3, 3}, inputs * 9, outputs);
  std::vector<int64_t> two{2, 2};
  std::string y = builder.add(name, "Conv", {x, weight, bias},
                              {MakeAttribute("kernel_shape", std::vector<int64_t>{3, 3}),
                               MakeAttribute("pads", std::vector<int64_t>{1, 1, 1, 1})});
  y = builder.add(name + ".relu", "Relu", {y});
  return builder.add(name + ".pool", "MaxPool", {y},
                     {MakeAttribute("kernel_shape", two), MakeAttribute("strides", two)});
}

llvm::Error buildLenet(ModelBuilder &builder, const Sizes &sizes) {
  int64_t image = sizes.at("image"), filters = sizes.at("filters"), hidden = sizes.at("hidden");
  if (image < 4)
    return makeError(ErrorCode::Argument, "--image must be at least 4: two poolings halve it twice");
  std::string x = builder.addInput("image", TensorProto::FLOAT, {kBatch, sizes.at("channels"), image, image});
  x = addConvBlock(builder, "conv1", x, sizes.at("channels"), filters);
  x = addConvBlock(builder, "conv2", x, filters, 2 * filters);
  x = builder.add("flatten", "Flatten", {x});
  int64_t pooled = image / 2 / 2;
  x = builder.add("hidden.relu", "Relu", {builder.addLinear("hidden", x, 2 * filters * pooled * pooled, hidden)});
  builder.addOutput(builder.addLinear("logits", x, hidden, sizes.at("classes")), {kBatch, sizes.at("classes")});
  return llvm::Error::success();
}

constexpr SizeFlag kLinearFlags[] = {
    {"inputs", 10, "features of a sample"},
    {"outputs", 1, "1 gives a probability, more give logits"},
};
constexpr SizeFlag kMlpFlags[] = {
    {"inputs", 10, "features of a sample"},
    {"hidden", 10, "width of the hidden layers"},
    {"layers", 1, "number of hidden layers"},
    {"outputs", 1, "1 gives a probability, more give logits"},
};
constexpr SizeFlag kLenetFlags[] = {
    {"image", 28, "height and width of the image"},
    {"channels", 1, "channels of the image"},
    {"filters", 32, "filters of the first convolution; the second has twice as many"},
    {"hidden", 128, "width of the dense layer"},
    {"classes", 10, "number of classes"},
};

} // namespace

const Architecture kLinear = {"linear", "one dense layer with a sigmoid", kLinearFlags, buildLinear};
const Architecture kMlp = {"mlp", "dense layers with ReLU, then one with a sigmoid", kMlpFlags, buildMlp};
const Architecture kLenet = {"lenet", "two convolutions and two dense layers, for small images", kLenetFlags,
                             buildLenet};

} // namespace glyptic
