//===- Spelling.h - Types, constants and expressions in CUDA C++ -*- C++ -*-===//
//
// One table says how each op without side effects is written. MLIR's integers have no sign and wrap: they are unsigned
// in the text, and the ops that read a sign are functions of the prelude.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include <string>

namespace glyptic::codegen::cuda {

/// How strongly an expression holds together, the strongest first. In an operand's place only a stronger expression
/// needs no parentheses.
enum class Precedence { Primary, Unary, Product, Sum, Shift, Relation, Equality, And, Xor, Or, Both, Either, Choice };

struct Expression {
  std::string text;
  Precedence precedence = Precedence::Primary;

  /// The text where an operand may be as weak as `weakest`.
  std::string in(Precedence weakest) const { return precedence <= weakest ? text : "(" + text + ")"; }
};

/// Fails, with an error at `loc`, for a type that CUDA C++ or the prelude does not have.
mlir::FailureOr<std::string> spellType(mlir::Location loc, mlir::Type type);

/// A number, or a vector that repeats one.
mlir::FailureOr<Expression> spellConstant(mlir::Location loc, mlir::TypedAttr value);

/// Is there a way to write `op` as an expression?
bool isExpression(mlir::Operation *op);

/// Fails, with an error at `op`, where the op is known but not in this form (arithmetic on FP16, say).
mlir::FailureOr<Expression> spellOperation(mlir::Operation *op, llvm::ArrayRef<Expression> operands);

} // namespace glyptic::codegen::cuda
