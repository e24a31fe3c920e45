//===- DerivativeTest.cpp - Every op's gradient against differences -*- C++ -*-===//
//
// For every sample of every differentiable op: the gradient that the op builds, interpreted in FP64, against central
// differences of the interpreted op; then the same for the gradient function itself, so that second derivatives are
// right, too. With a step of 1e-6 the differences are good to about 1e-9 of the function's value (rounding; the error of
// the formula is far below), and samples keep values below some hundreds.
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

} // namespace
