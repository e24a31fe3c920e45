//===- Layout.cpp - The order in which tensors lie in memory ----*- C++ -*-===//
//
// Images are channels-last on every target, and convolution weights lie as their library wants to read them. Three
// steps: state takes the order its users prefer (a changed argument, not a copy); ops with a preference are rebuilt in
// that order between transposes; transposes then move towards results and cancel, or vanish into operands.
//
//===----------------------------------------------------------------------===//
#include "compiler/Layout/Patterns.h"
#include "compiler/Layout/StateLayout.h"
#include "compiler/Passes.h"
#include "dialects/Graph/Permutation.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_LAYOUTPASS
#include "compiler/Passes.h.inc"

namespace {

/// op -> transpose(op over transposed operands)
void rebuildPreferred(LayoutPreferenceOpInterface op) {
  SmallVector<SmallVector<int64_t>> permutations;
  for (unsigned i = 0; i <= op->getNumOperands(); ++i)
    permutations.push_back(op.getPreferredPermutation(i));
  if (llvm::all_of(permutations, [](ArrayRef<int64_t> p) { return isIdentityPermutation(p); }))
    return;
  OpBuilder builder(op);
  SmallVector<Value> operands;
  for (auto [operand, permutation] : llvm::zip(op->getOperands(), permutations))
    operands.push_back(transpose(builder, op.getLoc(), operand, permutation));
  Value preferred = op.buildPreferred(builder, operands);
  op->getResult(0).replaceAllUsesWith(
      transpose(builder, op.getLoc(), preferred, invertPermutation(permutations.back())));
  op->erase();
}

struct LayoutPass : impl::LayoutPassBase<LayoutPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    layout::chooseStateLayouts(module);
    SmallVector<LayoutPreferenceOpInterface> ops;
    module.walk([&](LayoutPreferenceOpInterface op) { ops.push_back(op); });
    for (LayoutPreferenceOpInterface op : ops)
      rebuildPreferred(op);

    // Transposes that meet cancel by folding, which the driver does by itself. What an op beside them can absorb must
    // not move on: a gradient's would go through the whole update of its parameter.
    for (auto populate :
         {layout::populateAbsorbingPatterns, layout::populateTransposePatterns, layout::populateUnitDimPatterns}) {
      RewritePatternSet patterns(&getContext());
      populate(patterns);
      if (failed(applyPatternsGreedily(module, std::move(patterns))))
        return signalPassFailure();
    }
  }
};

} // namespace
} // namespace glyptic
