//===- Weights.h - Which tensors of a model are state -----------*- C++ -*-===//
//
// A trainable weight is not always an initializer (PaddlePaddle writes Constant nodes), nor is every float initializer
// a weight (masks, tables of cosines). What the exporter says wins; otherwise the use decides, and the reason is kept.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Import/FlatGraph.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace glyptic {

struct ModelTensors {
  std::vector<Weight> weights; ///< state: initializers in the file's order, then Constant nodes
  /// Small integers and scalars: values of the program itself.
  std::vector<std::pair<std::string, mlir::DenseElementsAttr>> constants;
  /// Tensors that cannot be read, and why; an error only where a node needs them.
  std::vector<std::pair<std::string, std::string>> unreadable;
};

ModelTensors collectTensors(mlir::MLIRContext &context, const ModelFile &file, const FlatGraph &graph,
                            const CompileOptions &options);

} // namespace glyptic
