//===- Simplify.cpp - Cleaning of an emitted kernel -------------===//
#include "codegen/Structured/Simplify.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

using namespace mlir;

namespace glyptic::codegen {

LogicalResult simplifyKernel(FunctionOpInterface kernel) {
  MLIRContext *context = kernel->getContext();
  auto setFlags = [&](arith::FastMathFlags flags) {
    kernel->walk([&](arith::ArithFastMathInterface op) {
      op->setAttr(op.getFastMathAttrName(), arith::FastMathFlagsAttr::get(context, flags));
    });
  };
  setFlags(arith::FastMathFlags::contract);
  RewritePatternSet patterns(context);
  scf::ForOp::getCanonicalizationPatterns(patterns, context);
  populateUpliftToFMAPatterns(patterns);
  if (failed(applyPatternsGreedily(kernel, std::move(patterns))))
    return kernel->emitError("generated code does not simplify");
  setFlags(arith::FastMathFlags::none);
  kernel->walk([](LoopLikeOpInterface loop) { moveLoopInvariantCode(loop); });
  DominanceInfo dominance(kernel);
  IRRewriter rewriter(context);
  eliminateCommonSubExpressions(rewriter, dominance, kernel);
  return success();
}

} // namespace glyptic::codegen
