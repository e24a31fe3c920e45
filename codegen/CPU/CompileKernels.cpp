//===- CompileKernels.cpp - Kernels to a shared object ----------===//
#include "codegen/CPU/CompileKernels.h"
#include "codegen/CPU/Link.h"
#include "codegen/CPU/Lowering.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"
#include <chrono>

using namespace mlir;

namespace glyptic::codegen {
namespace {

/// Changes whenever equal kernels would compile to other code, other than by LLVM's own version.
constexpr llvm::StringLiteral kCodeVersion = "1";

class Stopwatch {
public:
  double lap() {
    auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(last, now)).count();
  }

private:
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};

std::unique_ptr<llvm::Module> translate(ModuleOp kernels, llvm::LLVMContext &context, llvm::TargetMachine &machine,
                                        const CpuTarget &target) {
  std::unique_ptr<llvm::Module> module = translateModuleToLLVMIR(kernels, context, "kernels");
  if (!module)
    return nullptr;
  module->setTargetTriple(machine.getTargetTriple());
  module->setDataLayout(machine.createDataLayout());
  for (llvm::Function &function : *module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr(llvm::Attribute::NoUnwind);
    function.addFnAttr("tune-cpu", target.tuning);
    // Schedules choose the vectors' width; a processor's preference for half of it would only split them.
    function.addFnAttr("prefer-vector-width", "512");
    function.addFnAttr("min-legal-vector-width", "512");
  }
  return module;
}

/// The standard pipeline less the vectorisers: schedules emit vectors themselves, and scalar loops are short remainders.
void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = tuning.LoopInterleaving = false;
  tuning.LoopUnrolling = false;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

llvm::Expected<llvm::SmallVector<char, 0>> generate(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile))
    return llvm::createStringError("this LLVM cannot write object files for the target");
  passes.run(module);
  return object;
}

} // namespace

llvm::Expected<std::vector<char>> compileKernels(ModuleOp kernels, const CpuTarget &target, const ObjectCache *cache,
                                                 CompileTimes *times) {
  CompileTimes unused;
  CompileTimes &time = times ? *times : unused;
  std::string text;
  llvm::raw_string_ostream(text) << kernels;
  std::string key = getCacheKey({text, target.triple, target.tuning, target.features, LLVM_VERSION_STRING, kCodeVersion});
  if (cache)
    if (std::optional<std::vector<char>> known = cache->load(key)) {
      time.cached = true;
      return std::move(*known);
    }

  std::unique_ptr<llvm::TargetMachine> machine = target.createMachine();
  if (!machine)
    return llvm::createStringError("this LLVM knows no target " + target.triple);
  Stopwatch watch;
  MLIRContext *mlirContext = kernels.getContext();
  registerBuiltinDialectTranslation(*mlirContext);
  registerLLVMDialectTranslation(*mlirContext);
  mlirContext->loadDialect<LLVM::LLVMDialect>();
  OwningOpRef<ModuleOp> lowered = kernels.clone();
  if (failed(lowerToLlvm(*lowered)))
    return llvm::createStringError("the kernels do not lower to LLVM");
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = translate(*lowered, context, *machine, target);
  if (!module)
    return llvm::createStringError("the kernels do not translate to LLVM");
  time.lowering = watch.lap();
  optimise(*module, *machine);
  time.optimising = watch.lap();
  auto object = generate(*module, *machine);
  if (!object)
    return object.takeError();
  time.generating = watch.lap();
  auto linked = linkSharedObject({llvm::StringRef(object->data(), object->size())});
  time.linking = watch.lap();
  if (linked && cache)
    cache->save(key, *linked);
  return linked;
}

} // namespace glyptic::codegen
