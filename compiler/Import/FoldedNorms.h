//===- FoldedNorms.h - Normalisations that an exporter merged ---*- C++ -*-===//
//
// Exporters fold a BatchNormalization into the convolution before it. The result is right for inference, but trains
// another network than the one that was exported, and nothing in the file says so for certain. What tells it are names
// that PyTorch's exporters make up where they fold, and weights that have kept their names but not the mark of a
// parameter, which those have that the exporter did not change.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Import/FlatGraph.h"
#include "compiler/Import/ModelFile.h"
#include "mlir/IR/MLIRContext.h"

namespace glyptic {

/// A remark at the first convolution that looks folded.
void remarkFoldedNorms(mlir::MLIRContext &context, const ModelFile &file, const FlatGraph &graph);

} // namespace glyptic
