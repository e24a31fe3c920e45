//===- Boundaries.cpp - What may remain after each phase --------===//
#include "compiler/Passes.h"
#include "compiler/Pipeline/Pipeline.h"
#include "dialects/Graph/LibraryChoice.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_VERIFYBOUNDARYPASS
#include "compiler/Passes.h.inc"

namespace {

bool isView(Operation *op) { return op->hasTrait<trait::View>() || op->hasTrait<trait::SideBySide>(); }
bool isConstant(Operation *op) { return matchPattern(op, m_Constant()); }
bool isLibraryCall(Operation *op) { return findLibraryCall(op).has_value(); }
bool isRegion(Operation *op) { return isa<RegionOp>(op); }
bool isRegionWithKernels(Operation *op) {
  auto region = dyn_cast<RegionOp>(op);
  return region && region.getLaunches();
}
bool isGraphOp(Operation *op) { return isa<GraphDialect>(op->getDialect()) && !isRegion(op); }
bool isSimpleGraphOp(Operation *op) { return isGraphOp(op) && !isa<DecomposableOpInterface>(op); }

/// A kind of op that may stand in a function.
struct Allowed {
  llvm::StringLiteral what;
  bool (*holds)(Operation *);
};

ArrayRef<Allowed> getAllowed(Phase phase) {
  static constexpr Allowed graphOps[] = {{"graph ops", isGraphOp}};
  static constexpr Allowed simpleOps[] = {{"graph ops that are no composites", isSimpleGraphOp}};
  static constexpr Allowed fused[] = {
      {"regions", isRegion}, {"library calls", isLibraryCall}, {"views", isView}, {"constants", isConstant}};
  static constexpr Allowed generated[] = {{"regions with kernels", isRegionWithKernels},
                                          {"library calls", isLibraryCall},
                                          {"views", isView},
                                          {"constants", isConstant}};
  switch (phase) {
  case Phase::Import:
  case Phase::Recognise:
  case Phase::Training:
    return graphOps;
  case Phase::Decompose:
  case Phase::Layout:
    return simpleOps;
  case Phase::Fusion:
    return fused;
  case Phase::Kernels:
    return generated;
  case Phase::Planning:
  case Phase::Objects:
  case Phase::Glyph:
    return {};
  }
  return {};
}

LogicalResult fail(Operation *op, Phase phase, const Twine &allowed) {
  return op->emitError() << "'" << op->getName() << "' is left after phase " << getInfo(phase).name << ", where only "
                         << allowed << " may be";
}

LogicalResult verifyFunction(func::FuncOp function, Phase phase) {
  ArrayRef<Allowed> allowed = getAllowed(phase);
  for (Operation &op : function.getBody().front().without_terminator())
    if (llvm::none_of(allowed, [&](const Allowed &kind) { return kind.holds(&op); }))
      return fail(&op, phase,
                  llvm::join(llvm::map_range(allowed, [](const Allowed &kind) { return kind.what.str(); }), ", "));
  return success();
}

struct VerifyBoundaryPass : impl::VerifyBoundaryPassBase<VerifyBoundaryPass> {
  using VerifyBoundaryPassBase::VerifyBoundaryPassBase;

  void runOnOperation() override {
    const PhaseInfo *info = findPhase(after);
    if (!info) {
      getOperation().emitError() << "there is no phase '" << after << "'";
      return signalPassFailure();
    }
    if (failed(verifyAfter(getOperation(), info->phase)))
      signalPassFailure();
  }
};

} // namespace

LogicalResult verifyAfter(ModuleOp module, Phase phase) {
  for (Operation &op : *module.getBody()) {
    if (phase >= Phase::Planning ? isa<plan::ProgramOp>(op) : isa<func::FuncOp>(op)) {
      if (auto function = dyn_cast<func::FuncOp>(op); function && failed(verifyFunction(function, phase)))
        return failure();
    } else if (!(phase >= Phase::Kernels && isa<ModuleOp, gpu::GPUModuleOp>(op))) {
      return fail(&op, phase, phase >= Phase::Planning ? "a plan and its kernels" : "functions");
    }
  }
  return success();
}

} // namespace glyptic
