//===- Pipeline.cpp - The phases of a compilation ---------------===//
#include "compiler/Pipeline/Pipeline.h"
#include "compiler/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace glyptic {

ArrayRef<PhaseInfo> getPhases() {
  static constexpr PhaseInfo phases[] = {
      {Phase::Import, "Import", "reads the model, checks it, and turns its nodes into graph ops"},
      {Phase::Recognise, "Recognise", "finds norms, softmax and activations that nodes spell out"},
      {Phase::Training, "Training", "adds loss, derivatives and optimizer: evaluate, grad, apply and step"},
      {Phase::Decompose, "Decompose", "expands norms, softmax and losses into simpler ops"},
      {Phase::Layout, "Layout", "chooses the order of dimensions in memory"},
      {Phase::Fusion, "Fusion", "groups ops into regions that become one kernel each"},
      {Phase::Kernels, "Kernels", "generates the loops of each region"},
      {Phase::Planning, "Planning", "places every value in memory, and writes the program as instructions"},
      {Phase::Objects, "Objects", "compiles the kernels to machine code"},
      {Phase::Glyph, "Glyph", "writes program, code and weights into one file"},
  };
  return phases;
}

const PhaseInfo *findPhase(StringRef name) {
  const auto *info = llvm::find_if(getPhases(), [&](const PhaseInfo &p) { return p.name.equals_insensitive(name); });
  return info == getPhases().end() ? nullptr : info;
}

const PhaseInfo &getInfo(Phase phase) { return getPhases()[static_cast<size_t>(phase)]; }

void addPasses(OpPassManager &manager, Phase phase, const PassSettings &settings) {
  auto simplify = [&] {
    manager.addPass(createCanonicalizerPass());
    manager.addPass(createCSEPass());
  };
  switch (phase) {
  case Phase::Import:
  case Phase::Training:
    return simplify();
  case Phase::Recognise:
    manager.addNestedPass<func::FuncOp>(createRecognisePass());
    return simplify();
  case Phase::Decompose:
    manager.addPass(createIndexRangesPass()); // while composites still say what they index
    manager.addPass(createDecomposePass({settings.gpuLibraries}));
    simplify();
    manager.addPass(createSampleMixingPass());
    return;
  case Phase::Layout:
    manager.addPass(createLayoutPass());
    return simplify();
  case Phase::Fusion:
    if (settings.isCuda())
      manager.addPass(createChooseLibrariesPass({settings.gpuLibraries}));
    manager.addPass(createFlatStatePass());
    manager.addNestedPass<func::FuncOp>(createFusionPass());
    return;
  case Phase::Kernels: {
    GenerateKernelsPassOptions options;
    options.forGpu = settings.isCuda();
    manager.addPass(createGenerateKernelsPass(options));
    return;
  }
  case Phase::Planning:
    manager.addPass(createPlanningPass({settings.maxBatch, settings.threads, settings.target, settings.memoryLimit}));
    return;
  case Phase::Objects:
  case Phase::Glyph:
    return;
  }
}

LogicalResult prepareTraining(ModuleOp module) {
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  for (Phase phase : {Phase::Import, Phase::Recognise})
    addPasses(manager, phase, {});
  return manager.run(module);
}

} // namespace glyptic
