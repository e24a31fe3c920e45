//===- Registration.h - Dialects and passes in one place --------*- C++ -*-===//
#pragma once

#include "mlir/IR/DialectRegistry.h"

namespace glyptic {

/// Every dialect the compiler reads or produces, with the external models of their interfaces.
void registerDialects(mlir::DialectRegistry &registry);

/// Every pass, under the names that `glyptic-opt` takes.
void registerPasses();

} // namespace glyptic
