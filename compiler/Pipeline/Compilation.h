//===- Compilation.h - One model on its way to a glyph ----------*- C++ -*-===//
#pragma once

#include "codegen/CUDA/CudaKernels.h"
#include "compiler/Compiler.h"
#include "compiler/Import/Import.h"
#include "compiler/Pipeline/Pipeline.h"
#include "compiler/Pipeline/Target.h"
#include "compiler/Planning/Bill.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

namespace glyptic {

/// Runs the phases in order. Each leaves its result here for the next.
class Compilation {
public:
  Compilation(const std::string &model, const CompileOptions &options, const std::string &glyph, CompileReport &report);

  Outcome run();

  /// After the kernels: the plan of this program for batches of up to `batch`. The program stays as it is.
  Outcome planAt(int64_t batch, mlir::OwningOpRef<mlir::ModuleOp> &plan);
  /// The bill of that plan, with times of the machine that it is for.
  Outcome makeBillAt(int64_t batch, planning::Bill &bill);

private:
  Outcome checkOptions();
  Outcome runPhase(const PhaseInfo &info);
  /// What a phase does besides its passes.
  Outcome import();
  Outcome buildTrainingStep();
  Outcome runPasses(Phase phase);
  Outcome makeBill();
  /// After fusion: computes activations again as far as the user's limit of memory asks for.
  Outcome fitMemory();
  Outcome planFused(mlir::ModuleOp fused, planning::Bill &bill);
  /// What times are predicted for; null where nothing is known of it.
  const std::optional<Machine> &getMachine();
  void chooseGpu();
  Outcome compileObjects();
  Outcome compileForCuda(mlir::gpu::GPUModuleOp kernels);
  Outcome writeFile();

  Outcome fail(ErrorCode code, const std::string &message) const;
  /// The diagnostics since the last call, as one error.
  Outcome failWithDiagnostics(ErrorCode code);

  const std::string model, glyph;
  const CompileOptions options;
  CompileReport &report;
  PassSettings settings;

  mlir::MLIRContext context;
  ImportedModel imported;
  mlir::ScopedDiagnosticHandler handler; ///< collects errors
  std::string diagnostics;
  Target target;
  std::vector<char> kernels; ///< for this processor
  codegen::cuda::CudaKernels cudaKernels;
  std::string storedBill;
  int64_t unlimitedMemory = 0; ///< what the program would take without what fitMemory() did; 0 for nothing
  std::optional<Machine> machine;
};

/// The plan in a module.
plan::ProgramOp getPlan(mlir::ModuleOp module);

} // namespace glyptic
