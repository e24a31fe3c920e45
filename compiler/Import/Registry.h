//===- Registry.h - Which function imports which operator -------*- C++ -*-===//
#pragma once

#include "compiler/Import/NodeImporter.h"

namespace glyptic {

/// Imports one node; a failure has been reported through the NodeImporter.
using ImportFunction = mlir::LogicalResult (*)(NodeImporter &);

struct OpImporter {
  llvm::StringLiteral op;
  int64_t sinceVersion; ///< the first opset whose meaning it implements
  ImportFunction import;
  llvm::StringLiteral domain = "";
};

/// The importer for `op` in version `opset` of `domain`, or null.
const OpImporter *lookupImporter(llvm::StringRef domain, llvm::StringRef op, int64_t opset);

/// Every importer, sorted by domain, operator and version: the table of supported operators.
llvm::ArrayRef<OpImporter> getImporters();

// One table for each file of Ops/.
llvm::ArrayRef<OpImporter> getActivationImporters();
llvm::ArrayRef<OpImporter> getContractionImporters();
llvm::ArrayRef<OpImporter> getConvolutionImporters();
llvm::ArrayRef<OpImporter> getElementsImporters();
llvm::ArrayRef<OpImporter> getElementwiseImporters();
llvm::ArrayRef<OpImporter> getIndexingImporters();
llvm::ArrayRef<OpImporter> getNormalisationImporters();
llvm::ArrayRef<OpImporter> getOrderingImporters();
llvm::ArrayRef<OpImporter> getReductionImporters();
llvm::ArrayRef<OpImporter> getSequenceImporters();
llvm::ArrayRef<OpImporter> getShapeImporters();
llvm::ArrayRef<OpImporter> getSizeImporters();

} // namespace glyptic
