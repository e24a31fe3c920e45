//===- Compilation.cpp - One model on its way to a glyph --------===//
#include "compiler/Pipeline/Compilation.h"
#include "codegen/CPU/CompileKernels.h"
#include "codegen/Structured/GenerateKernels.h"
#include "compiler/Glyph/Serialize.h"
#include "compiler/Glyph/WriteGlyph.h"
#include "compiler/Import/Diagnostics.h"
#include "compiler/OptionsJson.h"
#include "compiler/Pipeline/Registration.h"
#include "compiler/Pipeline/Target.h"
#include "compiler/Pipeline/TrainedWeights.h"
#include "compiler/Training/Training.h"
#include "dialects/Graph/NodeLocation.h"
#include "support/glyph/Glyph.h"
#include <chrono>
#include <thread>

using namespace mlir;

namespace glyptic {

static DialectRegistry makeRegistry() {
  DialectRegistry registry;
  registerDialects(registry);
  return registry;
}

/// `model.onnx: node 'conv1' (Conv): what is wrong`; notes follow on lines of their own.
static std::string describe(Diagnostic &diagnostic, const std::string &model) {
  std::string node = graph::describeNode(diagnostic.getLocation());
  std::string text = model + ": " + (node.empty() ? "" : node + ": ") + diagnostic.str();
  for (Diagnostic &note : diagnostic.getNotes())
    text += "\n  " + note.str();
  return text;
}

Compilation::Compilation(const std::string &model, const CompileOptions &options, const std::string &glyph,
                         CompileReport &report)
    // Phases are short and machines few-cored: MLIR's thread pool would cost more than it brings.
    : model(model), glyph(glyph), options(options), report(report),
      context(makeRegistry(), MLIRContext::Threading::DISABLED), handler(&context, [this](Diagnostic &diagnostic) {
        std::string text = describe(diagnostic, this->model);
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
          diagnostics += (diagnostics.empty() ? "" : "\n") + text;
        else
          this->report.remarks.push_back(std::move(text));
      }) {
  // Messages are for the person with the model, who cannot read our ops.
  context.printOpOnDiagnostic(false);
  settings.maxBatch = options.maxBatch;
  settings.threads = options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
}

Outcome Compilation::fail(ErrorCode code, const std::string &message) const { return {false, code, message}; }

Outcome Compilation::failWithDiagnostics(ErrorCode code) {
  if (diagnostics.empty())
    diagnostics = model + ": a phase failed without saying why";
  return fail(code, std::exchange(diagnostics, {}));
}

Outcome Compilation::run() {
  if (Outcome outcome = checkOptions(); !outcome)
    return outcome;
  const PhaseInfo *last = findPhase(options.stopAfter);
  for (const PhaseInfo &info : getPhases()) {
    if (info.phase == Phase::Training && !options.training)
      continue;
    auto start = std::chrono::steady_clock::now();
    if (Outcome outcome = runPhase(info); !outcome)
      return outcome;
    report.phases.push_back(
        {info.name.str(), std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()});
    if (&info == findPhase(options.printAfter))
      imported.module->print(llvm::errs(), OpPrintingFlags().elideLargeElementsAttrs());
    if (&info == last)
      break;
  }
  return {};
}

Outcome Compilation::checkOptions() {
  llvm::Expected<Target> parsed = Target::parse(options.targets);
  if (!parsed)
    return fail(ErrorCode::Unsupported, llvm::toString(parsed.takeError()));
  target = *parsed;
  settings.target = target.getText();
  settings.gpuLibraries = target.isCuda() ? target.getTextWithLibraries() : "";
  if (target.isCuda())
    chooseGpu();
  else if (!options.machine.empty())
    return fail(ErrorCode::Argument, "machine " + quote(options.machine) +
                                         " is a GPU, and the program is compiled for this processor; give --target");
  for (const std::string &name : {options.stopAfter, options.printAfter})
    if (!name.empty() && !findPhase(name)) {
      std::string known;
      for (const PhaseInfo &info : getPhases())
        known += (known.empty() ? "" : ", ") + info.name.str();
      return fail(ErrorCode::Argument, "there is no phase " + quote(name) + "; phases are " + known);
    }
  const PhaseInfo *last = findPhase(options.stopAfter), *printed = findPhase(options.printAfter);
  for (const PhaseInfo *info : {last, printed})
    if (info && info->phase == Phase::Training && !options.training)
      return fail(ErrorCode::Argument, model + ": phase Training belongs to training steps; give --loss");
  if (last && printed && printed->phase > last->phase)
    return fail(ErrorCode::Argument, model + ": phase " + printed->name.str() +
                                         " is not reached: the compilation stops after " + last->name.str());
  if (!last || last->phase >= Phase::Objects)
    if (llvm::Error error = target.checkCompiler())
      return fail(ErrorCode::Unsupported, llvm::toString(std::move(error)));
  if (glyph.empty() && (!last || last->phase == Phase::Glyph))
    return fail(ErrorCode::Argument,
                model + ": there is no file to write the glyph to; give -o, or stop after an earlier phase");
  if (options.maxBatch < 1 || uint64_t(options.maxBatch) > glyph::kMaxBatch)
    return fail(ErrorCode::Argument, "the batch is " + std::to_string(options.maxBatch) + "; it lies between 1 and " +
                                         std::to_string(glyph::kMaxBatch));
  return {};
}

Outcome Compilation::runPhase(const PhaseInfo &info) {
  Outcome outcome;
  switch (info.phase) {
  case Phase::Import:
    outcome = import();
    break;
  case Phase::Training:
    outcome = buildTrainingStep();
    break;
  case Phase::Objects:
    return compileObjects();
  case Phase::Glyph:
    return writeFile();
  default:
    break;
  }
  if (outcome)
    outcome = runPasses(info.phase);
  if (outcome && failed(verifyAfter(*imported.module, info.phase)))
    outcome = failWithDiagnostics(ErrorCode::Internal);
  if (outcome && info.phase == Phase::Fusion && options.memory > 0)
    outcome = fitMemory();
  if (outcome && info.phase == Phase::Planning)
    outcome = makeBill();
  return outcome;
}

Outcome Compilation::import() {
  llvm::Expected<ImportedModel> result = importOnnx(context, model, options);
  if (!result)
    return toOutcome(result.takeError());
  imported = std::move(*result);
  report.trainingForm = imported.trainingForm;
  return {};
}

Outcome Compilation::buildTrainingStep() {
  if (failed(buildTraining(*imported.module, *options.training)))
    return failWithDiagnostics(ErrorCode::Unsupported);
  report.remarks.push_back(summarizeTrained(imported.weights, *imported.module));
  for (std::string &doubt : findDoubtfulWeights(imported.weights, *imported.module))
    report.remarks.push_back(std::move(doubt));
  return {};
}

Outcome Compilation::runPasses(Phase phase) {
  PassManager manager(&context, ModuleOp::getOperationName());
  addPasses(manager, phase, settings);
  if (succeeded(manager.run(*imported.module)))
    return {};
  // Only memory can be too small for a program that came so far; all else the importer should have refused.
  return failWithDiagnostics(phase == Phase::Planning ? ErrorCode::Memory : ErrorCode::Internal);
}

plan::ProgramOp getPlan(ModuleOp module) { return *module.getOps<plan::ProgramOp>().begin(); }

/// The bill in the glyph holds no prediction: times belong to a machine, and would make the bytes of a glyph depend on
/// a stopwatch.
Outcome Compilation::makeBill() {
  plan::ProgramOp program = getPlan(*imported.module);
  planning::Bill bill = planning::makeBill(program);
  bill.unlimited = unlimitedMemory;
  storedBill = toText(bill);
  bill = planning::makeBill(program, getMachine());
  bill.unlimited = unlimitedMemory;
  report.bill = toText(bill);
  report.billJson = toJson(bill);
  return {};
}

const std::optional<Machine> &Compilation::getMachine() {
  if (!machine && !target.isCuda())
    machine = Machine::measure(settings.threads,
                               options.cache ? codegen::ObjectCache::standard().getFolder() : "");
  return machine;
}

/// Which GPU a program will meet is not known here, unless the user says so: no batch is too large until then.
void Compilation::chooseGpu() {
  settings.memoryLimit = std::numeric_limits<int64_t>::max();
  machine = chooseMachine(options.machine, target.architectures);
  if (!options.machine.empty())
    settings.memoryLimit = machine->memoryBytes - machine->reservedBytes;
}

Outcome Compilation::planAt(int64_t batch, OwningOpRef<ModuleOp> &plan) {
  plan = imported.module->clone();
  PassSettings atBatch = settings;
  atBatch.maxBatch = batch;
  PassManager manager(&context, ModuleOp::getOperationName());
  addPasses(manager, Phase::Planning, atBatch);
  return failed(manager.run(*plan)) ? failWithDiagnostics(ErrorCode::Memory) : Outcome();
}

Outcome Compilation::makeBillAt(int64_t batch, planning::Bill &bill) {
  OwningOpRef<ModuleOp> plan;
  Outcome outcome = planAt(batch, plan);
  if (outcome)
    bill = planning::makeBill(getPlan(*plan), getMachine());
  return outcome;
}

Outcome Compilation::compileObjects() {
  if (auto module = imported.module->lookupSymbol<gpu::GPUModuleOp>(codegen::kKernelsModule))
    return module.getBody()->empty() ? Outcome() : compileForCuda(module);
  auto module = imported.module->lookupSymbol<ModuleOp>(codegen::kKernelsModule);
  if (!module || module.getBody()->empty())
    return {};
  const codegen::ObjectCache cache = codegen::ObjectCache::standard();
  codegen::CompileTimes times;
  llvm::Expected<std::vector<char>> result =
      codegen::compileKernels(module, codegen::CpuTarget::host(), options.cache ? &cache : nullptr, &times);
  if (!result)
    return fail(ErrorCode::Internal, model + ": " + llvm::toString(result.takeError()));
  kernels = std::move(*result);
  report.objectsFromCache = times.cached;
  return {};
}

Outcome Compilation::compileForCuda(gpu::GPUModuleOp module) {
  const codegen::ObjectCache cache = codegen::ObjectCache::standard();
  llvm::Expected<codegen::cuda::CudaKernels> result =
      codegen::cuda::compileCudaKernels(module, target.architectures, options.cache ? &cache : nullptr);
  if (!result) {
    std::string text = llvm::toString(result.takeError());
    return diagnostics.empty() ? fail(ErrorCode::Internal, model + ": " + text)
                               : failWithDiagnostics(ErrorCode::Internal);
  }
  cudaKernels = std::move(*result);
  report.objectsFromCache = cudaKernels.compiled.cached;
  for (const codegen::cuda::CodePart &part : cudaKernels.compiled.parts)
    if (!part.code.warnings.empty())
      report.remarks.push_back(part.name + ": " + part.code.warnings);
  return {};
}

Outcome Compilation::writeFile() {
  FailureOr<glyph::ProgramT> program = toGlyphProgram(getPlan(*imported.module));
  if (failed(program))
    return failWithDiagnostics(ErrorCode::Unsupported);
  llvm::Expected<ExportSkeleton> skeleton = buildExportSkeleton(context, imported);
  if (!skeleton)
    return toOutcome(skeleton.takeError());
  if (options.training)
    // Names come from the command line: what is not UTF-8 must not throw.
    program->options = toJson(*options.training, imported.trainingForm)
                           .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  try {
    writeGlyph(glyph, {*program, kernels, imported.weights, storedBill, &*skeleton, &cudaKernels});
  } catch (const Error &error) {
    return fail(error.code(), error.what());
  }
  return {};
}

} // namespace glyptic
