//===- Compilation.h - One model on its way to a glyph ----------*- C++ -*-===//
#pragma once

#include "compiler/Compiler.h"
#include "compiler/Import/Import.h"
#include "compiler/Pipeline/Pipeline.h"
#include "mlir/IR/MLIRContext.h"

namespace glyptic {

/// Runs the phases in order. Each leaves its result here for the next.
class Compilation {
public:
  Compilation(const std::string &model, const CompileOptions &options, const std::string &glyph, CompileReport &report);

  Outcome run();

private:
  Outcome checkOptions();
  Outcome runPhase(const PhaseInfo &info);
  /// What a phase does besides its passes.
  Outcome import();
  Outcome buildTrainingStep();
  Outcome runPasses(Phase phase);
  Outcome makeBill();
  Outcome compileObjects();
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
  std::string diagnostics;
  std::vector<char> kernels;
  std::string storedBill;
};

} // namespace glyptic
