//===- Accumulation.h - Sums of products in structured form -----*- C++ -*-===//
#pragma once

#include "dialects/Graph/StructuredUtils.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"

namespace glyptic::graph {

/// Type in which a sum of `elementType` is kept: FP32 or wider for floats.
mlir::Type getAccumulateType(mlir::Type elementType);

/// The sum of what `body` gives for each iteration, in a tensor of `type`. `maps` are those of the operands, then that
/// of the result; loops that the result's map lacks are summed over, in `accumulateType`, starting from zero.
mlir::Value buildSum(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type,
                     mlir::Type accumulateType, mlir::ValueRange operands, llvm::ArrayRef<mlir::AffineMap> maps,
                     ElementBuilder body);

/// Parallel for the loops in `resultMap`, reduction for the others.
llvm::SmallVector<mlir::utils::IteratorType> getIterators(mlir::AffineMap resultMap);

} // namespace glyptic::graph
