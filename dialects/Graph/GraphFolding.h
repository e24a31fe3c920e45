//===- GraphFolding.h - Constant folding of every op ------------*- C++ -*-===//
#pragma once

#include "mlir/Interfaces/FoldInterfaces.h"

namespace glyptic::graph {

/// Folds any evaluable op whose operands are constants and whose results are small, after the op's own folder declined.
struct GraphFolding : mlir::DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;

  mlir::LogicalResult fold(mlir::Operation *op, llvm::ArrayRef<mlir::Attribute> operands,
                           llvm::SmallVectorImpl<mlir::OpFoldResult> &results) const override;
};

} // namespace glyptic::graph
