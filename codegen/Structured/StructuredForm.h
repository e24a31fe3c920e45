//===- StructuredForm.h - A region as linalg on tensors ---------*- C++ -*-===//
//
// What every schedule starts from: the ops of a graph.region, each replaced by its structured form (`linalg.generic`,
// that is: indexing maps and a scalar body). The graph region itself stays as it is.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/GraphDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace glyptic::codegen {

/// On the structured form of an op that has the trait Costly.
inline constexpr llvm::StringLiteral kCostlyAttr = "graph.costly";

class StructuredForm {
public:
  /// Emits an error at the op that has no structured form.
  static mlir::FailureOr<StructuredForm> build(graph::RegionOp region);

  mlir::Block::BlockArgListType getInputs() { return body->getArguments(); }
  mlir::ValueRange getResults() { return body->getTerminator()->getOperands(); }
  mlir::Block &getBody() { return *body; }

private:
  mlir::OwningOpRef<mlir::ModuleOp> module; ///< owns the ops
  mlir::Block *body = nullptr;
};

} // namespace glyptic::codegen
