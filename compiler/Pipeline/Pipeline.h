//===- Pipeline.h - The phases of a compilation -----------------*- C++ -*-===//
#pragma once

#include "compiler/Options.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/ArrayRef.h"
#include <optional>

namespace glyptic {

/// In the order in which they run.
enum class Phase { Import, Recognise, Training, Decompose, Layout, Fusion, Kernels, Planning, Objects, Glyph };

struct PhaseInfo {
  Phase phase;
  llvm::StringLiteral name, description;
};

llvm::ArrayRef<PhaseInfo> getPhases();

/// By name, in any case of letters.
const PhaseInfo *findPhase(llvm::StringRef name);
const PhaseInfo &getInfo(Phase phase);

/// What phases that are sequences of passes need to know.
struct PassSettings {
  int64_t maxBatch = 32, threads = 1, memoryLimit = 0;
  std::string target = "cpu";
  std::string gpuLibraries; ///< the target of a GPU with what it lacks; empty: this processor

  bool isCuda() const { return !gpuLibraries.empty(); }
};

/// The passes that make up the phase or, of phases that do more, that run at its end.
void addPasses(mlir::OpPassManager &manager, Phase phase, const PassSettings &settings);

/// Runs the phases between import and training: brings the program to where its training step is built.
mlir::LogicalResult prepareTraining(mlir::ModuleOp module);

/// Checks that nothing but what may remain after `phase` is in the module. A violation is a defect of the compiler,
/// reported at the op that should be gone.
mlir::LogicalResult verifyAfter(mlir::ModuleOp module, Phase phase);

} // namespace glyptic
