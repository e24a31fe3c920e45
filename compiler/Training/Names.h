//===- Names.h - What users choose by name ----------------------*- C++ -*-===//
#pragma once

#include "compiler/Globs.h"
#include "mlir/IR/Diagnostics.h"

namespace glyptic {

/// The rule of that name in a table, or null after an error that lists the table.
template <typename Rule>
const Rule *findRule(llvm::ArrayRef<Rule> rules, llvm::StringRef what, llvm::StringRef name, mlir::Location loc) {
  for (const Rule &rule : rules)
    if (rule.name == name)
      return &rule;
  mlir::InFlightDiagnostic error = mlir::emitError(loc) << "unknown " << what << " '" << name << "'; known are";
  for (const Rule &rule : rules)
    error << (&rule == rules.begin() ? " " : ", ") << rule.name;
  return nullptr;
}

} // namespace glyptic
