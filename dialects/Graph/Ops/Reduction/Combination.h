//===- Combination.h - How elements combine ---------------------*- C++ -*-===//
//
// Of reductions and of what is written to one place several times. The interpreter's meaning and the code that is
// generated are written apart: a mistake in one shows against the other.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/GraphDialect.h"
#include <limits>

namespace glyptic::graph {

/// What an empty reduction gives.
template <typename T> T getIdentity(ReductionKind kind, mlir::Type type) {
  bool isInteger = mlir::isa<mlir::IntegerType>(type);
  unsigned width = isInteger ? type.getIntOrFloatBitWidth() : 64;
  switch (kind) {
  case ReductionKind::Sum:
  case ReductionKind::Or: return 0;
  case ReductionKind::Prod:
  case ReductionKind::And: return 1;
  case ReductionKind::Max: return isInteger ? T(llvm::minIntN(width)) : -std::numeric_limits<T>::infinity();
  case ReductionKind::Min: return isInteger ? T(llvm::maxIntN(width)) : std::numeric_limits<T>::infinity();
  }
  llvm_unreachable("all kinds handled");
}

template <typename T> T combine(ReductionKind kind, T x, T y) {
  switch (kind) {
  case ReductionKind::Sum: return x + y;
  case ReductionKind::Prod: return x * y;
  case ReductionKind::Max: return x > y || x != x ? x : y;
  case ReductionKind::Min: return x < y || x != x ? x : y;
  case ReductionKind::And: return x != 0 && y != 0;
  case ReductionKind::Or: return x != 0 || y != 0;
  }
  llvm_unreachable("all kinds handled");
}

/// The same in generated code. Infinities, not the largest finite numbers: a maximum over -infinities is -infinity.
mlir::Value buildIdentity(mlir::OpBuilder &builder, mlir::Location loc, ReductionKind kind, mlir::Type elementType);
/// Of elements or of vectors of them.
mlir::Value buildCombination(mlir::OpBuilder &builder, mlir::Location loc, ReductionKind kind, mlir::Value x,
                             mlir::Value y);

} // namespace glyptic::graph
