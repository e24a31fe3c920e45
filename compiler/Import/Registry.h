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

#define GLYPTIC_IMPORT_TABLE(NAME) llvm::ArrayRef<OpImporter> get##NAME##Importers();
#include "compiler/Import/ImportTables.def"

/// The rule of an operator that is one op of one operand.
template <typename OpT> mlir::LogicalResult importUnary(NodeImporter &node) {
  return node.setResult(node.create<OpT>(node.getInput(0)));
}

} // namespace glyptic
