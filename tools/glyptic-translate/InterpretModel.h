//===- InterpretModel.h - Runs an imported model ----------------*- C++ -*-===//
#pragma once

#include "compiler/Import/Import.h"

namespace glyptic {

/// Runs the model in the reference interpreter on arrays named as its inputs and writes its outputs under their names.
/// The batch is that of the arrays.
llvm::Error interpretModel(ImportedModel &model, const std::string &inputPath, const std::string &outputPath);

} // namespace glyptic
