//===- ChooseLibrariesTest.cpp - Fallbacks mean what they replace ---------===//
//
// Every sample of a convolution as it stands, and as the matrix products that a target without cuDNN makes of it;
// interpreted in FP64. The convolution's evaluation walks products of elements and knows nothing of windows' copies.
//
//===----------------------------------------------------------------------===//
#include "compiler/Interpreter/Interpreter.h"
#include "compiler/Passes.h"
#include "dialects/Graph/LibraryChoice.h"
#include "test/dialects/Graph/samples/Samples.h"
#include "mlir/Pass/PassManager.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace glyptic;
using namespace glyptic::graph;
using namespace glyptic::test;

namespace {

bool isGrouped(Operation *op) { return op->getAttrOfType<IntegerAttr>("groups").getInt() != 1; }

TEST(ChooseLibraries, ConvolutionsWithoutALibraryAreProducts) {
  Samples samples;
  std::vector<func::FuncOp> convolutions;
  for (const Sample &sample : samples.get())
    if (StringRef(sample.op).starts_with("graph.conv") && sample.op != "graph.convert")
      convolutions.push_back(sample.function);
  ASSERT_GE(convolutions.size(), 12u);
  OwningOpRef<ModuleOp> replaced = convolutions.front()->getParentOfType<ModuleOp>().clone();
  PassManager passes(&samples.getContext());
  passes.addPass(createChooseLibrariesPass({"cuda:sm_90,no-cudnn"}));
  ASSERT_TRUE(succeeded(passes.run(*replaced)));
  unsigned products = 0;
  for (func::FuncOp function : convolutions) {
    SCOPED_TRACE(function.getName().str());
    auto fallback = replaced->lookupSymbol<func::FuncOp>(function.getName());
    bool isConvolution = false;
    fallback.walk([&](DotGeneralOp op) { ++products; });
    fallback.walk([&](Operation *op) { isConvolution |= op->getName().getStringRef().starts_with("graph.conv"); });
    EXPECT_EQ(isConvolution, isGrouped(&function.getBody().front().front()));
    std::vector<HostTensor> arguments = ArgumentMaker(HostPrecision::F64).make(function);
    const InterpreterOptions options = {kSampleBatch, HostPrecision::F64};
    auto got = interpret(fallback, arguments, options), wanted = interpret(function, arguments, options);
    ASSERT_TRUE(succeeded(got) && succeeded(wanted));
    for (int64_t i = 0; i < wanted->front().getNumElements(); ++i)
      ASSERT_NEAR(got->front().at(i), wanted->front().at(i), 1e-12) << "element " << i;
  }
  EXPECT_GE(products, 9u);
  EXPECT_TRUE(replaced->getOperation()->hasAttr(kFallbacksAttr));
}

} // namespace
