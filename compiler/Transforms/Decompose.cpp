//===- Decompose.cpp - Composites into simpler ops --------------*- C++ -*-===//
#include "compiler/Fusion/GpuLibraries.h"
#include "compiler/Passes.h"
#include "dialects/Graph/LibraryChoice.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_DECOMPOSEPASS
#include "compiler/Passes.h.inc"

namespace {

struct DecomposePass : impl::DecomposePassBase<DecomposePass> {
  using DecomposePassBase::DecomposePassBase;

  void runOnOperation() override {
    SmallVector<DecomposableOpInterface> composites;
    do {
      // A decomposition may use another composite (a loss its log_softmax), so repeat until none is left.
      composites.clear();
      getOperation()->walk([&](DecomposableOpInterface op) { composites.push_back(op); });
      for (DecomposableOpInterface op : composites) {
        nameFallback(op);
        OpBuilder builder(op);
        FailureOr<SmallVector<Value>> replacement = op.decompose(builder);
        if (failed(replacement))
          return signalPassFailure();
        op->replaceAllUsesWith(*replacement);
        op->erase();
      }
    } while (!composites.empty());
  }

private:
  /// No library of a GPU does a composite as a whole so far. Of those that one might do it is said why.
  void nameFallback(Operation *op) {
    auto whole = dyn_cast<LibraryCallOpInterface>(op);
    std::optional<LibraryCall> call = whole && !target.empty() ? whole.getLibraryCall() : std::nullopt;
    if (call)
      recordFallback(op, fusion::GpuLibraries(target).ask(*call, op).reason);
  }
};

} // namespace
} // namespace glyptic
