//===- GradientTest.cpp - Gradients of whole models against differences -----===//
#include "TrainingProgram.h"

#include <cstring>

using namespace glyptic;
using namespace glyptic::test;

namespace {

/// Central differences of the loss's sum, in FP64, for each element of each parameter that has a gradient.
void expectGradients(llvm::StringRef model, const TrainingOptions &options, unsigned parameters) {
  Program program(model, options, graph::HostPrecision::F64);
  ASSERT_TRUE(program.isBuilt());
  const int64_t batch = 3;
  Tensors inputs = program.randomInputs(batch);
  unsigned checked = 0;
  for (auto &[name, gradient] : program.run("grad", inputs, batch)) {
    if (name.rfind("gradient.", 0) != 0)
      continue;
    ++checked;
    graph::HostTensor &parameter = inputs.at(name.substr(9));
    for (int64_t i = 0; i < parameter.getNumElements(); ++i) {
      double value = parameter.at(i), h = 1e-5;
      parameter.set(i, value + h);
      double above = program.run("evaluate", inputs, batch).at("loss").at(0);
      parameter.set(i, value - h);
      double below = program.run("evaluate", inputs, batch).at("loss").at(0);
      parameter.set(i, value);
      EXPECT_NEAR(gradient.at(i), (above - below) / (2 * h), 1e-7) << name << "[" << i << "]";
    }
  }
  EXPECT_EQ(checked, parameters);
}

TEST(Gradient, OfAnMlpThroughSoftmaxCrossEntropy) {
  TrainingOptions options;
  options.labelSmoothing = 0.1;
  expectGradients(kMlp, options, 3);
}

/// The same from the log-softmax's input and, behind two negations, from log-probabilities;
/// a label in the batch does not count.
TEST(Gradient, OfNegativeLogLikelihood) {
  TrainingOptions options;
  options.loss = "nll";
  options.ignoreIndex = 1;
  std::string model = kMlp.str();
  model.replace(model.find("graph.softmax"), strlen("graph.softmax"), "graph.log_softmax");
  expectGradients(model, options, 3);
  model.replace(model.find("return %5"), strlen("return %5"),
                "%6 = graph.neg %5 : tensor<?x3xf32>\n%7 = graph.neg %6 : tensor<?x3xf32>\nreturn %7");
  expectGradients(model, options, 3);

  Program direct(model, options, graph::HostPrecision::F64);
  options.loss = "cross-entropy";
  Program fused(kMlp, options, graph::HostPrecision::F64);
  // Types belong to a program's own context; the values are the same.
  Tensors inputs = direct.randomInputs(6), expected = fused.run("grad", fused.randomInputs(6), 6);
  for (auto &[name, value] : direct.run("grad", inputs, 6))
    for (int64_t i = 0; i < value.getNumElements(); ++i)
      EXPECT_NEAR(value.at(i), expected.at(name).at(i), 1e-14) << name;
}

TEST(Gradient, OfAConvolutionThroughPoolingAndSigmoid) {
  TrainingOptions options;
  options.loss = "bce";
  expectGradients(R"(
    func.func @infer(%w: tensor<2x1x3x3xf32> {graph.name = "w", graph.role = "parameter"},
                     %v: tensor<8x1xf32> {graph.name = "v", graph.role = "parameter"},
                     %x: tensor<?x1x4x4xf32> {graph.name = "x", graph.role = "input"})
        -> (tensor<?x1xf32> {graph.name = "y", graph.role = "output"}) {
      %0 = graph.conv %x, %w {dims = #graph.conv_dims<[0, 1, 2, 3] x [0, 1, 2, 3] -> [0, 1, 2, 3]>, strides = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x1x4x4xf32>, tensor<2x1x3x3xf32>) -> tensor<?x2x4x4xf32>
      %1 = graph.tanh %0 : tensor<?x2x4x4xf32>
      %2 = graph.pool %1 {kind = #graph.pool<max>, window = array<i64: 1, 1, 2, 2>, strides = array<i64: 1, 1, 2, 2>, pads_low = array<i64: 0, 0, 0, 0>, pads_high = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1, 1>} : (tensor<?x2x4x4xf32>) -> tensor<?x2x2x2xf32>
      %3 = graph.reshape %2 : (tensor<?x2x2x2xf32>) -> tensor<?x8xf32>
      %4 = graph.dot_general %3, %v batch = [] x [] contracting = [1] x [0] : (tensor<?x8xf32>, tensor<8x1xf32>) -> tensor<?x1xf32>
      %5 = graph.logistic %4 : tensor<?x1xf32>
      return %5 : tensor<?x1xf32>
    })",
                  options, 2);
}

/// Probabilities whose origin is no sigmoid, and a parameter with two uses.
TEST(Gradient, OfBceOnProbabilities) {
  TrainingOptions options;
  options.loss = "bce";
  expectGradients(R"(
    func.func @infer(%w: tensor<4xf32> {graph.name = "w", graph.role = "parameter"},
                     %x: tensor<?x4xf32> {graph.name = "x", graph.role = "input"})
        -> (tensor<?x4xf32> {graph.name = "y", graph.role = "output"}) {
      %0 = graph.broadcast %w dims = [1] : (tensor<4xf32>) -> tensor<?x4xf32>
      %1 = graph.mul %0, %x : tensor<?x4xf32>
      %2 = graph.add %1, %0 : tensor<?x4xf32>
      %3 = graph.logistic %2 : tensor<?x4xf32>
      %4 = graph.mul %3, %3 : tensor<?x4xf32>
      return %4 : tensor<?x4xf32>
    })",
                  options, 1);
}

/// Differences on both sides of one, by hand: |-0.5|, |3|, |-2|, |0.25|.
TEST(Gradient, OfDistances) {
  const std::map<std::string, std::pair<double, std::array<double, 4>>> expected{
      {"mse", {0.25 + 9 + 4 + 0.0625, {-1.0, 6.0, -4.0, 0.5}}},
      {"l1", {5.75, {-1.0, 1.0, -1.0, 1.0}}},
      {"huber", {0.125 + 2.5 + 1.5 + 0.03125, {-0.5, 1.0, -1.0, 0.25}}}};
  for (auto &[loss, values] : expected) {
    TrainingOptions options;
    options.loss = loss;
    Program program(R"(
      func.func @infer(%w: tensor<4xf32> {graph.name = "w", graph.role = "parameter"},
                       %x: tensor<?x4xf32> {graph.name = "x", graph.role = "input"})
          -> (tensor<?x4xf32> {graph.name = "y", graph.role = "output"}) {
        %0 = graph.broadcast %w dims = [1] : (tensor<4xf32>) -> tensor<?x4xf32>
        %1 = graph.add %0, %x : tensor<?x4xf32>
        return %1 : tensor<?x4xf32>
      })",
                    options, graph::HostPrecision::F64);
    ASSERT_TRUE(program.isBuilt());
    Tensors tensors = program.randomInputs(1);
    const double differences[] = {-0.5, 3.0, -2.0, 0.25};
    for (int i = 0; i < 4; ++i) {
      tensors.at("w").set(i, differences[i]);
      tensors.at("x").set(i, 0.125);
      tensors.at("label").set(i, 0.125);
    }
    Tensors sums = program.run("grad", tensors, 1);
    EXPECT_EQ(sums.at("total.loss").at(0), values.first) << loss;
    EXPECT_EQ(sums.at("total.weight").at(0), 4.0);
    for (int i = 0; i < 4; ++i)
      EXPECT_EQ(sums.at("gradient.w").at(i), values.second[i]) << loss;
  }
}

/// An output of exactly 0 or 1 costs 100 (PyTorch's bound) and must not poison the gradient.
TEST(Gradient, OfBceAtTheEdges) {
  TrainingOptions options;
  options.loss = "bce";
  Program program(R"(
    func.func @infer(%w: tensor<2xf32> {graph.name = "w", graph.role = "parameter"},
                     %x: tensor<?x2xf32> {graph.name = "x", graph.role = "input"})
        -> (tensor<?x2xf32> {graph.name = "y", graph.role = "output"}) {
      %0 = graph.broadcast %w dims = [1] : (tensor<2xf32>) -> tensor<?x2xf32>
      %1 = graph.mul %0, %x : tensor<?x2xf32>
      return %1 : tensor<?x2xf32>
    })",
                  options, graph::HostPrecision::F64);
  ASSERT_TRUE(program.isBuilt());
  Tensors tensors = program.randomInputs(1);
  for (auto [name, values] :
       {std::pair<const char *, std::array<double, 2>>{"w", {0.0, 1.0}}, {"x", {1.0, 1.0}}, {"label", {1.0, 0.0}}})
    for (int i : {0, 1})
      tensors.at(name).set(i, values[i]);
  Tensors sums = program.run("grad", tensors, 1);
  EXPECT_EQ(sums.at("total.loss").at(0), 200.0);
  for (int i : {0, 1})
    EXPECT_TRUE(std::isfinite(sums.at("gradient.w").at(i)));
}

} // namespace
