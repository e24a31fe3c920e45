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
    getOperation().walk([&](LibraryCallOpInterface op) {
      std::optional<LibraryCall> call = op.getLibraryCall();
      if (!call)
        return;
      if (std::optional<Workspace> workspace = libraries.findWorkspace(*call, op))
        setWorkspace(op, *workspace);
      else
        op->setAttr(kGeneratedAttr, UnitAttr::get(&getContext()));
    });
  }
};

} // namespace
} // namespace glyptic
