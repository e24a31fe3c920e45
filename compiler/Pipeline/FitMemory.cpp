//===- FitMemory.cpp - A program within the memory that a user allows -------===//
//
// What a program takes is known when it is planned, and planning needs kernels, which may need memory of their own. So
// the fused program is planned as it is; where it takes too much, as much work memory as is too much is asked of
// rematerialisation, the result is planned, and so on, a few times: what the kernels add hardly changes.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "compiler/Pipeline/Compilation.h"
#include "compiler/Planning/Units.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace glyptic {

/// What `fused` costs. It stays as it is.
Outcome Compilation::planFused(ModuleOp fused, planning::Bill &bill) {
  OwningOpRef<ModuleOp> plan = fused.clone();
  PassSettings unlimited = settings;
  unlimited.memoryLimit = std::numeric_limits<int64_t>::max();
  PassManager manager(&context, ModuleOp::getOperationName());
  addPasses(manager, Phase::Kernels, unlimited);
  addPasses(manager, Phase::Planning, unlimited);
  if (failed(manager.run(*plan)))
    return failWithDiagnostics(ErrorCode::Internal);
  bill = planning::makeBill(getPlan(*plan));
  return {};
}

Outcome Compilation::fitMemory() {
  constexpr int kMaxAttempts = 5;
  planning::Bill bill;
  if (Outcome outcome = planFused(*imported.module, bill); !outcome || bill.total <= options.memory)
    return outcome;
  const int64_t unlimited = bill.total, fixed = bill.total - bill.work;
  int64_t budget = options.memory - fixed;
  OwningOpRef<ModuleOp> fitted;
  for (int attempt = 1; attempt <= kMaxAttempts && bill.total > options.memory; ++attempt) {
    // The last attempt gives what can be given.
    budget = attempt == kMaxAttempts ? 0 : std::max<int64_t>(budget, 0);
    fitted = imported.module->clone();
    PassManager manager(&context, ModuleOp::getOperationName());
    manager.addNestedPass<func::FuncOp>(createRematerialisePass({budget, settings.maxBatch}));
    if (failed(manager.run(*fitted)))
      return failWithDiagnostics(ErrorCode::Internal);
    if (Outcome outcome = planFused(*fitted, bill); !outcome)
      return outcome;
    budget -= bill.total - options.memory;
  }
  if (bill.total > options.memory)
    return fail(ErrorCode::Memory,
                model + ": a batch of " + std::to_string(settings.maxBatch) + " needs " +
                    planning::formatBytes(bill.total) + " of memory at least, " + planning::formatBytes(unlimited) +
                    " without computing activations again, and " + planning::formatBytes(options.memory) +
                    " are allowed; " + planning::formatBytes(fixed) +
                    " of it do not depend on the batch: give a smaller --batch, --accumulate, or more --memory");
  imported.module = std::move(fitted);
  unlimitedMemory = unlimited;
  return {};
}

} // namespace glyptic
