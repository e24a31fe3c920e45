//===- RecogniseTest.cpp - Recognised programs mean the same --------*- C++ -*-===//
//
// Every function of the .mlir files beside this one, as it stands and recognised: results and gradients, interpreted in
// FP64 on random data. Both sides have derivatives that their ops state, and share no formula.
//
//===----------------------------------------------------------------------===//
#include "compiler/Interpreter/Interpreter.h"
#include "compiler/Passes.h"
#include "test/dialects/Graph/ReverseMode.h"
#include "test/dialects/Graph/samples/Samples.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/Pass/PassManager.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace glyptic;
using namespace glyptic::graph;
using namespace glyptic::test;

namespace {

/// Models keep numbers such as 1 / sqrt(2) with the digits of FP32; composites have all of them.
double getTolerance(func::FuncOp function) {
  auto isDouble = [](Type type) { return getElementTypeOrSelf(type).isF64(); };
  return llvm::all_of(function.getArgumentTypes(), isDouble) ? 1e-11 : 1e-6;
}

class Recognition : public testing::TestWithParam<const char *> {
protected:
  Recognition() : context(makeRegistry()) {
    context.allowUnregisteredDialects(); // sample.low, sample.high
    context.loadAllAvailableDialects();
  }

  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registerDialects(registry);
    return registry;
  }

  OwningOpRef<ModuleOp> parse() {
    std::string path = std::string(GLYPTIC_SOURCE_DIR "/test/compiler/Recognise/") + GetParam();
    return parseSourceFile<ModuleOp>(path, &context);
  }

  static void recognise(ModuleOp module) {
    PassManager passes(module.getContext());
    passes.addNestedPass<func::FuncOp>(createRecognisePass());
    ASSERT_TRUE(succeeded(passes.run(module)));
  }

  MLIRContext context;
};

bool areAlike(func::FuncOp a, func::FuncOp b) {
  return OperationEquivalence::isRegionEquivalentTo(&a.getBody(), &b.getBody(), OperationEquivalence::IgnoreLocations);
}

void expectSame(func::FuncOp actual, func::FuncOp expected) {
  const InterpreterOptions options = {kSampleBatch, HostPrecision::F64};
  std::vector<HostTensor> arguments = ArgumentMaker(HostPrecision::F64).make(expected);
  auto got = interpret(actual, arguments, options), wanted = interpret(expected, arguments, options);
  ASSERT_TRUE(succeeded(got) && succeeded(wanted));
  ASSERT_EQ(got->size(), wanted->size());
  double tolerance = getTolerance(expected);
  for (auto [a, e] : llvm::zip(*got, *wanted)) {
    ASSERT_EQ(a.getShape(), e.getShape());
    for (int64_t i = 0; i < a.getNumElements(); ++i)
      if (std::isfinite(e.at(i))) {
        EXPECT_NEAR(a.at(i), e.at(i), tolerance * std::max(1.0, std::abs(e.at(i)))) << "element " << i;
      } else {
        EXPECT_FALSE(std::isfinite(a.at(i))) << "element " << i;
      }
  }
}

TEST_P(Recognition, KeepsResultsAndGradients) {
  OwningOpRef<ModuleOp> plain = parse(), recognised = parse();
  ASSERT_TRUE(plain && recognised);
  recognise(*recognised);
  size_t found = 0;
  for (auto function : llvm::make_early_inc_range(plain->getOps<func::FuncOp>())) {
    SCOPED_TRACE(function.getName().str());
    auto replaced = recognised->lookupSymbol<func::FuncOp>(function.getName());
    bool isNearMiss = function.getName().starts_with("no_");
    EXPECT_EQ(areAlike(replaced, function), isNearMiss);
    found += !isNearMiss;
    expectSame(replaced, function);
    auto gradient = buildGradientFunction(function), replacedGradient = buildGradientFunction(replaced);
    ASSERT_TRUE(succeeded(gradient) && succeeded(replacedGradient));
    expectSame(*replacedGradient, *gradient);
  }
  EXPECT_GT(found, 0u);
}

INSTANTIATE_TEST_SUITE_P(Files, Recognition,
                         testing::Values("gates.mlir", "softmax.mlir", "norms.mlir", "attention.mlir"),
                         [](const auto &info) { return llvm::StringRef(info.param).split('.').first.str(); });

} // namespace
