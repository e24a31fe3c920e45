//===- Inputs.h - Types of a model's inputs ---------------------*- C++ -*-===//
#pragma once

#include "compiler/Import/ModelFile.h"

namespace glyptic {

struct ModelInput {
  std::string name;
  mlir::RankedTensorType type;
};

/// The inputs that are data (not weights), with the batch symbolic: a dynamic first dimension, and every dimension that
/// carries its name. `--shape` fixes any of them; other dynamic dimensions are errors that say so.
llvm::Expected<std::vector<ModelInput>> collectInputs(mlir::MLIRContext &context, const ModelFile &file,
                                                      const CompileOptions &options);

} // namespace glyptic
