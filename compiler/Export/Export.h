//===- Export.h - The trained model as ONNX ---------------------*- C++ -*-===//
//
// A trained model is the original file with other weights: everything that training did not change stays byte for byte
// (names, metadata, unknown fields). So the exporter knows where in the file the bytes of each weight lie, and fills
// these holes. The same table goes into a glyph, where the runtime writes the model without any ONNX library.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Import/Import.h"
#include <functional>

namespace glyptic {

/// Where the bytes of a weight lie in a model's file.
struct ExportHole {
  std::string state;
  uint64_t offset = 0, size = 0;
};

/// The bytes of a model around its weights.
struct ExportSkeleton {
  llvm::StringRef bytes;
  std::vector<ExportHole> holes;     ///< by ascending offset, one for each weight that may change
  std::shared_ptr<const void> owner; ///< of `bytes`
};

/// The skeleton is the model's own file if every weight lies in it as plain bytes. Otherwise (external data, numbers
/// in unpacked or converted form, text) those weights are rewritten as plain bytes and the file is serialised again.
/// The same for `inferenceForm` if the file has nodes in training form: those are turned.
llvm::Expected<ExportSkeleton> buildExportSkeleton(mlir::MLIRContext &context, const ImportedModel &model,
                                                   bool inferenceForm = false);

/// Bytes of a state tensor in the ONNX shape and type; empty if there is none of that name.
using StateLookup = std::function<llvm::ArrayRef<char>(llvm::StringRef name)>;

/// Writes the model with the weights that `state` gives; those that it lacks keep their values unless they are
/// parameters, whose absence is an error. The file appears whole or not at all.
llvm::Error writeTrainedModel(mlir::MLIRContext &context, const ImportedModel &model, const StateLookup &state,
                              const std::string &path, bool inferenceForm = false);

/// `glyptic export`: the model at `modelPath` with the parameters and buffers of a safetensors file, or its own if that
/// path is empty. Returns what is in training form in the file that was written.
llvm::Expected<std::string> exportModel(mlir::MLIRContext &context, const std::string &modelPath,
                                        const std::string &statePath, const std::string &outputPath,
                                        bool inferenceForm = false);

} // namespace glyptic
