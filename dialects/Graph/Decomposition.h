//===- Decomposition.h - What follows from a decomposition ------*- C++ -*-===//
#pragma once

#include "dialects/Graph/Interfaces/GraphInterfaces.h"

namespace glyptic::graph {

/// The gradients of a composite (DifferentiableOpInterface::buildGradients) by way of the ops that it is made of; for
/// composites whose derivative no library has.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> differentiateDecomposition(DecomposableOpInterface op,
                                                                            mlir::OpBuilder &builder,
                                                                            mlir::ValueRange resultGradients,
                                                                            const llvm::BitVector &wanted);

} // namespace glyptic::graph
