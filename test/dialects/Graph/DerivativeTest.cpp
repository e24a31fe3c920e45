//===- DerivativeTest.cpp - Every op's gradient against differences -*- C++ -*-===//
//
// For every sample of every differentiable op: the gradient that the op builds, interpreted in FP64, against central
// differences of the interpreted op; then the same for the gradient function itself, so that second derivatives are
// right, too. With a step of 1e-6 the differences are good to about 1e-9 of the function's value (rounding; the error
// of the formula is far below), and samples keep values below some hundreds.
//
//===----------------------------------------------------------------------===//
#include "ReverseMode.h"
#include "compiler/Interpreter/Interpreter.h"
#include "samples/Samples.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSet.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace glyptic;
using namespace glyptic::graph;
using namespace glyptic::test;

namespace {

constexpr double step = 1e-6;
constexpr double tolerance = 1e-6;

const InterpreterOptions options = {kSampleBatch, HostPrecision::F64};

/// The sum of all float results, weighted by `weights`.
double evaluateWeighted(func::FuncOp function, const std::vector<HostTensor> &arguments,
                        const std::vector<HostTensor> &weights) {
  FailureOr<std::vector<HostTensor>> results = interpret(function, arguments, options);
  EXPECT_TRUE(succeeded(results));
  double sum = 0;
  size_t next = 0;
  if (succeeded(results))
    for (const HostTensor &result : *results) {
      if (!isa<FloatType>(result.getElementType()))
        continue;
      const HostTensor &weight = weights[next++];
      for (int64_t i = 0; i < result.getNumElements(); ++i)
        sum += result.at(i) * weight.at(i);
    }
  return sum;
}

/// Checks the gradient function of `function`, and returns it.
FailureOr<func::FuncOp> checkGradients(func::FuncOp function, std::vector<HostTensor> arguments,
                                       const std::vector<HostTensor> &weights) {
  FailureOr<func::FuncOp> gradientFunction = buildGradientFunction(function);
  if (failed(gradientFunction) || failed(verify(*gradientFunction))) {
    ADD_FAILURE() << "no valid gradient";
    return failure();
  }
  std::vector<HostTensor> inputs = arguments;
  inputs.insert(inputs.end(), weights.begin(), weights.end());
  FailureOr<std::vector<HostTensor>> gradients = interpret(*gradientFunction, inputs, options);
  if (failed(gradients)) {
    ADD_FAILURE() << "the gradient cannot be interpreted";
    return failure();
  }
  size_t next = 0;
  for (HostTensor &argument : arguments) {
    if (!isa<FloatType>(argument.getElementType()))
      continue;
    const HostTensor &gradient = (*gradients)[next++];
    for (int64_t i = 0; i < argument.getNumElements(); ++i) {
      double center = argument.at(i);
      argument.set(i, center + step);
      double above = evaluateWeighted(function, arguments, weights);
      argument.set(i, center - step);
      double below = evaluateWeighted(function, arguments, weights);
      argument.set(i, center);
      double expected = (above - below) / (2 * step);
      EXPECT_NEAR(gradient.at(i), expected, tolerance * std::max(1.0, std::abs(expected)))
          << "float argument " << next - 1 << ", element " << i;
    }
  }
  return gradientFunction;
}

std::vector<HostTensor> makeWeights(func::FuncOp function, ArgumentMaker &maker) {
  std::vector<HostTensor> weights;
  for (Type type : function.getResultTypes())
    if (isFloatTensor(type))
      weights.push_back(maker.make(cast<RankedTensorType>(type)));
  return weights;
}

TEST(Derivative, EveryDifferentiableOpHasASample) {
  Samples samples;
  EXPECT_TRUE(samples.getBroken().empty());
  llvm::StringSet<> sampled;
  for (const Sample &sample : samples.get()) {
    sampled.insert(sample.op);
    bool holdsIt = false;
    func::FuncOp(sample.function).walk([&](Operation *op) { holdsIt |= op->getName().getStringRef() == sample.op; });
    EXPECT_TRUE(holdsIt) << func::FuncOp(sample.function).getName().str() << " holds no " << sample.op;
  }
  size_t differentiable = 0;
  for (RegisteredOperationName name : samples.getContext().getRegisteredOperations()) {
    if (name.getDialectNamespace() != "graph" || !name.hasInterface<DifferentiableOpInterface>())
      continue;
    ++differentiable;
    EXPECT_TRUE(sampled.contains(name.getStringRef()))
        << name.getStringRef().str() << " needs a sample in test/dialects/Graph/samples";
  }
  EXPECT_GT(differentiable, 0u);
}

TEST(Derivative, FirstAndSecondAgreeWithDifferences) {
  Samples samples;
  for (const Sample &sample : samples.get()) {
    OperationName name(sample.op, &samples.getContext());
    func::FuncOp function = sample.function;
    if (!name.hasInterface<DifferentiableOpInterface>() || !llvm::any_of(function.getResultTypes(), isFloatTensor))
      continue;
    SCOPED_TRACE(function.getName().str());
    ArgumentMaker maker(HostPrecision::F64);
    std::vector<HostTensor> arguments = maker.make(function), weights = makeWeights(function, maker);
    FailureOr<func::FuncOp> gradient = checkGradients(function, arguments, weights);
    if (failed(gradient))
      continue;
    SCOPED_TRACE("second derivative");
    arguments.insert(arguments.end(), weights.begin(), weights.end());
    (void)checkGradients(*gradient, arguments, makeWeights(*gradient, maker));
  }
}

/// The gradient with respect to all float arguments, for a result gradient of ones, one after another.
std::vector<double> getGradient(MLIRContext &context, StringRef text, std::vector<std::vector<double>> values) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  func::FuncOp function = *module->getOps<func::FuncOp>().begin();
  FailureOr<func::FuncOp> gradient = buildGradientFunction(function);
  std::vector<HostTensor> inputs;
  for (Type type : gradient->getArgumentTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    inputs.emplace_back(tensor.getElementType(), tensor.getShape(), HostPrecision::F64);
    for (int64_t i = 0; i < tensor.getNumElements(); ++i)
      inputs.back().set(i, inputs.size() <= values.size() ? values[inputs.size() - 1][i] : 1);
  }
  FailureOr<std::vector<HostTensor>> gradients = interpret(*gradient, inputs, options);
  std::vector<double> numbers;
  for (const HostTensor &result : *gradients)
    for (int64_t i = 0; i < result.getNumElements(); ++i)
      numbers.push_back(result.at(i));
  return numbers;
}

// Where there is no derivative, or a formula would divide by zero, the choice is documented with the op.
TEST(Derivative, AtKinksAndZeros) {
  Samples samples;
  auto unary = [&](StringRef op, std::vector<double> x) {
    return getGradient(samples.getContext(), ("func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> { %r = graph." + op +
                       " %x : tensor<2xf32> return %r : tensor<2xf32> }").str(), {x});
  };
  auto binary = [&](StringRef op, std::vector<double> x, std::vector<double> y) {
    return getGradient(samples.getContext(), ("func.func @f(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> { "
                       "%r = graph." + op + " %x, %y : tensor<2xf32> return %r : tensor<2xf32> }").str(), {x, y});
  };
  auto reduced = [&](StringRef kind, std::vector<double> x) {
    return getGradient(samples.getContext(), ("func.func @f(%x: tensor<4xf32>) -> tensor<f32> { %r = graph.reduce " +
                       kind + " %x dims = [0] : (tensor<4xf32>) -> tensor<f32> return %r : tensor<f32> }").str(), {x});
  };
  using Numbers = std::vector<double>;
  EXPECT_EQ(unary("relu", {0, 1}), (Numbers{0, 1}));
  EXPECT_EQ(unary("abs", {0, -1}), (Numbers{0, -1}));
  EXPECT_EQ(binary("max", {2, 1}, {2, 3}), (Numbers{0.5, 0, 0.5, 1}));
  EXPECT_EQ(binary("min", {2, 1}, {2, 3}), (Numbers{0.5, 1, 0.5, 0}));
  EXPECT_EQ(binary("pow", {0, 0}, {0, 2}), (Numbers{0, 0, 0, 0}));
  EXPECT_EQ(reduced("max", {3, 1, 3, 2}), (Numbers{0.5, 0, 0.5, 0}));
  EXPECT_EQ(reduced("prod", {2, 3, 0, 5}), (Numbers{0, 0, 30, 0}));
  EXPECT_EQ(reduced("prod", {2, 0, 0, 5}), (Numbers{0, 0, 0, 0}));
}

} // namespace
