//===- Serialize.h - plan.program to program.fb and back --------*- C++ -*-===//
#pragma once

#include "dialects/Plan/PlanDialect.h"
#include "support/DataType.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace glyptic {

/// The element type as files know it; nullopt where they do not.
std::optional<DType> toDataType(mlir::Type type);

/// Every fact of the plan. The other fields of a glyph's program (bill, options, export) are left to the caller.
mlir::FailureOr<glyph::ProgramT> toGlyphProgram(plan::ProgramOp program);

/// The plan of a program, in a module of its own: the same text as the plan that the program was written from.
mlir::OwningOpRef<mlir::ModuleOp> fromGlyphProgram(mlir::MLIRContext &context, const glyph::Program &program);

/// The bytes of program.fb.
std::string pack(const glyph::ProgramT &program);

} // namespace glyptic
