//===- StructuredUtils.h - Pieces of structured form ------------*- C++ -*-===//
//
// The structured form of an op consists of
//   - `linalg.generic` on tensors: affine indexing maps (projected permutations, constants for repeated dimensions,
//     strided or reversed dimensions of inputs), a scalar body of `arith` and `math`, and, where an input is read at a
//     place that no affine map describes, `linalg.index` + `tensor.extract` in the body;
//   - `tensor.empty` for what a generic writes, `linalg.fill` for what a reduction starts from;
//   - `arith.constant` for tables and scalars;
//   - one leaf of the `graph` dialect: `graph.batch_size : tensor<i64>`, read with `tensor.extract` and cast to index.
//     Whoever generates a kernel replaces it by the kernel's batch argument.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/GraphDialect.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace glyptic::graph {

/// The batch as an `index`.
mlir::Value batchIndex(mlir::OpBuilder &builder, mlir::Location loc);
/// A dimension's size as an `index`.
mlir::Value dimIndex(mlir::OpBuilder &builder, mlir::Location loc, Dim dim);
/// An uninitialised tensor; its batched dimension's size is scale * batch.
mlir::Value emptyTensor(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type);
/// A tensor whose elements all are `scalar`.
mlir::Value filledTensor(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type, mlir::Value scalar);

/// Builds one element of the result from one element of each operand.
using ElementBuilder =
    llvm::function_ref<mlir::Value(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange elements)>;

/// A generic with one parallel loop per dimension of `type`, that reads operand i through `maps[i]`.
mlir::Value buildParallel(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type,
                          mlir::ValueRange operands, llvm::ArrayRef<mlir::AffineMap> maps, ElementBuilder body);
/// The same, where every operand is read at the result's own position.
mlir::Value buildPointwise(mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type,
                           mlir::ValueRange operands, ElementBuilder body);

/// A scalar constant of float, integer or index type.
mlir::Value scalarNumber(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, double value);
/// Conversion with the meaning of `graph.convert`.
mlir::Value convertScalar(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value scalar, mlir::Type type);

} // namespace glyptic::graph
