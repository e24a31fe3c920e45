//===- ChooseLibraries.cpp - What a GPU's libraries do ----------===//
#include "compiler/Fusion/GpuLibraries.h"
#include "compiler/Passes.h"
#include "dialects/Graph/LibraryChoice.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_CHOOSELIBRARIESPASS
#include "compiler/Passes.h.inc"

namespace {

struct ChooseLibrariesPass : impl::ChooseLibrariesPassBase<ChooseLibrariesPass> {
  using ChooseLibrariesPassBase::ChooseLibrariesPassBase;

  void runOnOperation() override {
    fusion::GpuLibraries libraries(target);
    replaceByFallbacks(libraries);
    getOperation().walk([&](LibraryCallOpInterface op) {
      std::optional<LibraryCall> call = op.getLibraryCall();
      if (!call)
        return;
      fusion::LibraryAnswer answer = libraries.ask(*call, op);
      if (answer.workspace)
        return setWorkspace(op, *answer.workspace);
      op->setAttr(kGeneratedAttr, UnitAttr::get(&getContext()));
      if (!answer.reason.empty())
        recordFallback(op, answer.reason);
    });
  }

private:
  /// What no library does itself, by ops that one may do.
  void replaceByFallbacks(const fusion::GpuLibraries &libraries) {
    getOperation().walk([&](LibraryCallOpInterface op) {
      std::optional<LibraryCall> call = op.getLibraryCall();
      if (!call)
        return;
      fusion::LibraryAnswer answer = libraries.ask(*call, op);
      OpBuilder builder(op);
      if (answer.workspace)
        return;
      FailureOr<Value> fallback = op.buildFallback(builder);
      if (failed(fallback))
        return;
      if (!answer.reason.empty())
        recordFallback(op, answer.reason);
      op->getResult(0).replaceAllUsesWith(*fallback);
      op->erase();
    });
  }
};

} // namespace
} // namespace glyptic
