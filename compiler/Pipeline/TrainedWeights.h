//===- TrainedWeights.h - What a step trains, and why -----------*- C++ -*-===//
#pragma once

#include "compiler/Import/Import.h"
#include "llvm/ADT/StringSet.h"

namespace glyptic {

/// Names of the parameters that the training step of `module` changes; empty where there is no step.
llvm::StringSet<> getTrainedParameters(mlir::ModuleOp module);

/// One sentence: `trains 61 of 66 tensors, 1.83 M elements (weight 30, bias 30, scale 1); keeps running statistics 5`..
std::string summarizeTrained(llvm::ArrayRef<Weight> weights, mlir::ModuleOp module);

/// What exporters do to weights, a sentence for each. Matrices that are trained apart although they hold the same
/// numbers: an embedding and the head that shared it, written twice. And weights that are trained as one, although each
/// of several nodes may have had its own: equal tensors are merged, as scales and biases are before any training.
std::vector<std::string> findDoubtfulWeights(llvm::ArrayRef<Weight> weights, mlir::ModuleOp module);

} // namespace glyptic
