//===- CompileKernels.cpp - Kernels to a shared object ----------===//
#include "codegen/CPU/CompileKernels.h"
#include "codegen/CPU/Link.h"
#include "codegen/CPU/Lowering.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Threading.h"
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
constexpr llvm::StringLiteral kCodeVersion = "2";

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

/// The standard pipeline less the vectorisers: schedules emit vectors, and scalar loops are short remainders.
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

/// One object file, made independently of others.
struct Unit {
  OwningOpRef<ModuleOp> kernels;
  llvm::SmallVector<char, 0> object;
  std::string error;
  CompileTimes times;
};

/// Kernels in groups of equal number, each with the tables it may use. The number of groups depends on the kernels
/// alone, so that the bytes of the result do not depend on the machine's cores.
std::vector<Unit> split(ModuleOp kernels) {
  SmallVector<func::FuncOp> functions(kernels.getOps<func::FuncOp>());
  std::vector<Unit> units(std::clamp<size_t>(functions.size() / 3, 1, 4));
  for (auto [i, unit] : llvm::enumerate(units)) {
    unit.kernels = ModuleOp::create(kernels.getLoc());
    OpBuilder builder = OpBuilder::atBlockEnd(unit.kernels->getBody());
    for (auto table : kernels.getOps<memref::GlobalOp>())
      builder.clone(*table);
    for (size_t j = i; j < functions.size(); j += units.size())
      builder.clone(*functions[j]);
  }
  return units;
}

void compile(Unit &unit, const CpuTarget &target) {
  Stopwatch watch;
  std::unique_ptr<llvm::TargetMachine> machine = target.createMachine();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
  if (succeeded(lowerToLlvm(*unit.kernels)))
    module = translate(*unit.kernels, context, *machine, target);
  if (!module) {
    unit.error = "the kernels do not lower to LLVM";
    return;
  }
  unit.times.lowering = watch.lap();
  optimise(*module, *machine);
  unit.times.optimising = watch.lap();
  auto object = generate(*module, *machine);
  unit.times.generating = watch.lap();
  if (object)
    unit.object = std::move(*object);
  else
    unit.error = llvm::toString(object.takeError());
}

} // namespace

llvm::Expected<std::vector<char>> compileKernels(ModuleOp kernels, const CpuTarget &target, const ObjectCache *cache,
                                                 CompileTimes *times) {
  CompileTimes unused;
  CompileTimes &time = times ? *times : unused;
  std::string text;
  llvm::raw_string_ostream(text) << kernels;
  std::string key =
      getCacheKey({text, target.triple, target.tuning, target.features, LLVM_VERSION_STRING, kCodeVersion});
  if (cache)
    if (std::optional<std::vector<char>> known = cache->load(key)) {
      time.cached = true;
      return std::move(*known);
    }
  if (!target.createMachine())
    return llvm::createStringError("this LLVM knows no target " + target.triple);

  MLIRContext *context = kernels.getContext();
  registerBuiltinDialectTranslation(*context);
  registerLLVMDialectTranslation(*context);
  context->loadDialect<LLVM::LLVMDialect, cf::ControlFlowDialect>();
  std::vector<Unit> units = split(kernels);
  parallelForEach(context, units, [&](Unit &unit) { compile(unit, target); });

  std::vector<llvm::StringRef> objects;
  for (const Unit &unit : units) {
    if (!unit.error.empty())
      return llvm::createStringError(unit.error);
    objects.push_back({unit.object.data(), unit.object.size()});
    time.lowering += unit.times.lowering;
    time.optimising += unit.times.optimising;
    time.generating += unit.times.generating;
  }
  Stopwatch watch;
  auto linked = linkSharedObject(objects);
  time.linking = watch.lap();
  if (linked && cache)
    cache->save(key, *linked);
  return linked;
}

} // namespace glyptic::codegen
