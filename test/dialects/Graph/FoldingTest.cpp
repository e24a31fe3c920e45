//===- FoldingTest.cpp - Folded programs mean the same ----------*- C++ -*-===//
//
// Every sample, and the gradient of every differentiable one, is interpreted as it stands and after canonicalisation;
// those of static shape also with their arguments turned into constants, which folds them away.
//
//===----------------------------------------------------------------------===//
#include "ReverseMode.h"
#include "compiler/Interpreter/Interpreter.h"
#include "samples/Samples.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace glyptic;
using namespace glyptic::graph;
using namespace glyptic::test;

namespace {

/// Folded constants are rounded to their declared type, and sums may be kept in another order.
constexpr double tolerance = 1e-5;

const InterpreterOptions options = {kSampleBatch, HostPrecision::F32};

void expectSame(const std::vector<HostTensor> &actual, const std::vector<HostTensor> &expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (auto [a, e] : llvm::zip(actual, expected)) {
    ASSERT_EQ(a.getShape(), e.getShape());
    bool isNarrow = isa<FloatType>(a.getElementType()) && a.getElementType().getIntOrFloatBitWidth() < 32;
    for (int64_t i = 0; i < a.getNumElements(); ++i)
      if (a.at(i) != e.at(i)) // infinities have no difference
        EXPECT_NEAR(a.at(i), e.at(i), (isNarrow ? 1e-2 : tolerance) * std::max(1.0, std::abs(e.at(i))))
            << "element " << i;
  }
}

LogicalResult canonicalize(ModuleOp module) {
  PassManager passes(module.getContext());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  return passes.run(module);
}

/// A function alone in a module, so that the samples stay as they are.
func::FuncOp isolate(func::FuncOp function, OwningOpRef<ModuleOp> &module) {
  module = ModuleOp::create(function.getLoc());
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  return cast<func::FuncOp>(builder.clone(*function));
}

void bindArguments(func::FuncOp function, ArrayRef<HostTensor> arguments) {
  OpBuilder builder = OpBuilder::atBlockBegin(&function.front());
  for (auto [argument, value] : llvm::zip(function.getArguments(), arguments)) {
    auto type = cast<RankedTensorType>(argument.getType());
    if (type.hasStaticShape())
      argument.replaceAllUsesWith(ConstantOp::create(builder, function.getLoc(), value.toElements(type)));
  }
}

TEST(Folding, KeepsTheMeaningOfSamplesAndTheirGradients) {
  Samples samples;
  for (const Sample &sample : samples.get()) {
    func::FuncOp function = sample.function;
    SCOPED_TRACE(function.getName().str());
    bool isDifferentiable = OperationName(sample.op, &samples.getContext()).hasInterface<DifferentiableOpInterface>();
    for (bool ofGradient : {false, true}) {
      OwningOpRef<ModuleOp> module;
      func::FuncOp subject = isolate(function, module);
      if (ofGradient) {
        if (!isDifferentiable)
          continue;
        FailureOr<func::FuncOp> gradient = buildGradientFunction(subject);
        ASSERT_TRUE(succeeded(gradient));
        subject = *gradient;
      }
      std::vector<HostTensor> arguments = ArgumentMaker(HostPrecision::F32).make(subject);
      FailureOr<std::vector<HostTensor>> expected = interpret(subject, arguments, options);
      ASSERT_TRUE(succeeded(expected));
      for (bool bound : {false, true}) {
        if (bound)
          bindArguments(subject, arguments);
        ASSERT_TRUE(succeeded(canonicalize(*module)));
        FailureOr<std::vector<HostTensor>> actual = interpret(subject, arguments, options);
        ASSERT_TRUE(succeeded(actual));
        expectSame(*actual, *expected);
      }
    }
  }
}

} // namespace
