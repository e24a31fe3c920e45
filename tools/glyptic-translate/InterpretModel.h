//===- InterpretModel.h - Runs an imported model ----------------*- C++ -*-===//
#pragma once

#include "compiler/Import/Import.h"
#include "compiler/Interpreter/Interpreter.h"

namespace glyptic {

/// The arguments of `@infer`: weights of the model, and arrays of an .npz file. Sets the batch that the arrays have.
llvm::Expected<std::vector<graph::HostTensor>> readArguments(ImportedModel &model, const std::string &inputPath,
                                                             InterpreterOptions &options);

/// interpret(), with its diagnostics as the error's text.
llvm::Expected<std::vector<graph::HostTensor>> interpretFunction(mlir::func::FuncOp function,
                                                                 llvm::ArrayRef<graph::HostTensor> arguments,
                                                                 const InterpreterOptions &options);

/// Interprets `@infer` on the arrays of an .npz file and writes its outputs to another: floats as float64, with the
/// values of their declared type, all else as int64.
llvm::Error interpretModel(ImportedModel &model, const std::string &inputPath, const std::string &outputPath);

} // namespace glyptic
