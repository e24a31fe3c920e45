//===- ShapeValue.h - Integer tensors known at import -----------*- C++ -*-===//
//
// Exporters compute shapes in the graph: Shape, Gather, Concat, Reshape. Those small integer tensors are evaluated at
// import, over sizes that may be a multiple of the batch; what cannot be said so becomes ordinary computation.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/BatchDims.h"
#include "mlir/IR/BuiltinAttributes.h"
#include <optional>

namespace glyptic {

/// Larger tensors are tables, not shapes.
inline constexpr int64_t kMaxShapeElements = 64;

/// An integer or boolean tensor with known elements, row-major; each a number or a multiple of the batch.
struct ShapeValue {
  llvm::SmallVector<int64_t> shape;
  llvm::SmallVector<graph::Dim> elements;
  mlir::Type elementType;

  static ShapeValue scalar(graph::Dim element, mlir::Type elementType) { return {{}, {element}, elementType}; }
  static ShapeValue vector(llvm::ArrayRef<graph::Dim> elements, mlir::Type elementType) {
    return {{int64_t(elements.size())}, llvm::SmallVector<graph::Dim>(elements), elementType};
  }
  static std::optional<ShapeValue> get(mlir::DenseElementsAttr elements);

  bool isStatic() const;
  /// The plain numbers, if no element depends on the batch.
  std::optional<llvm::SmallVector<int64_t>> getStatic() const;
};

/// Arithmetic on sizes; nullopt where the result is neither a number nor a multiple of the batch, or overflows.
using DimFunction = std::optional<graph::Dim> (*)(graph::Dim, graph::Dim);
std::optional<graph::Dim> addDims(graph::Dim a, graph::Dim b);
std::optional<graph::Dim> subDims(graph::Dim a, graph::Dim b);
std::optional<graph::Dim> mulDims(graph::Dim a, graph::Dim b);
std::optional<graph::Dim> divDims(graph::Dim a, graph::Dim b);
std::optional<graph::Dim> modDims(graph::Dim a, graph::Dim b); ///< with the sign of b
std::optional<graph::Dim> maxDims(graph::Dim a, graph::Dim b);
std::optional<graph::Dim> minDims(graph::Dim a, graph::Dim b);
/// Comparisons hold for every batch of at least one sample, or are unknown.
std::optional<graph::Dim> equalDims(graph::Dim a, graph::Dim b);
std::optional<graph::Dim> lessDims(graph::Dim a, graph::Dim b);

/// `function` over broadcast operands.
std::optional<ShapeValue> combine(const ShapeValue &a, const ShapeValue &b, mlir::Type elementType,
                                  DimFunction function);
/// Picks from `onTrue` and `onFalse` by `condition`, over broadcast operands.
std::optional<ShapeValue> select(const ShapeValue &condition, const ShapeValue &onTrue, const ShapeValue &onFalse);

} // namespace glyptic
