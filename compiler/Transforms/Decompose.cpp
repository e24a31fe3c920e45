//===- Decompose.cpp - Composites into simpler ops --------------*- C++ -*-===//
#include "compiler/Passes.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_DECOMPOSEPASS
#include "compiler/Passes.h.inc"

namespace {

struct DecomposePass : impl::DecomposePassBase<DecomposePass> {
  void runOnOperation() override {
    SmallVector<DecomposableOpInterface> composites;
    do {
      // A decomposition may use another composite (a loss its log_softmax), so repeat until none is left.
      composites.clear();
      getOperation()->walk([&](DecomposableOpInterface op) { composites.push_back(op); });
      for (DecomposableOpInterface op : composites) {
        OpBuilder builder(op);
        FailureOr<SmallVector<Value>> replacement = op.decompose(builder);
        if (failed(replacement))
          return signalPassFailure();
        op->replaceAllUsesWith(*replacement);
        op->erase();
      }
    } while (!composites.empty());
  }
};

} // namespace
} // namespace glyptic
