//===- Structure.cpp - Every op in structured form --------------*- C++ -*-===//
#include "compiler/Passes.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_STRUCTUREPASS
#include "compiler/Passes.h.inc"

namespace {

struct StructurePass : impl::StructurePassBase<StructurePass> {
  void runOnOperation() override {
    // Collected first: the form of an op may contain graph.batch_size, which is its own.
    SmallVector<StructuredOpInterface> ops;
    getOperation()->walk([&](StructuredOpInterface op) { ops.push_back(op); });
    for (StructuredOpInterface op : ops) {
      OpBuilder builder(op);
      FailureOr<SmallVector<Value>> values = op.buildStructured(builder, op->getOperands());
      if (failed(values))
        return signalPassFailure();
      op->replaceAllUsesWith(*values);
      op->erase();
    }
  }
};

} // namespace
} // namespace glyptic
