//===- Permutation.h - Orders of dimensions ---------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"

namespace glyptic::graph {

bool isIdentityPermutation(llvm::ArrayRef<int64_t> permutation);
llvm::SmallVector<int64_t> invertPermutation(llvm::ArrayRef<int64_t> permutation);
/// The permutation of transposing by `first`, then by `second`.
llvm::SmallVector<int64_t> composePermutations(llvm::ArrayRef<int64_t> first, llvm::ArrayRef<int64_t> second);

/// `value` transposed, or itself where the permutation is the identity.
mlir::Value transpose(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                      llvm::ArrayRef<int64_t> permutation);

} // namespace glyptic::graph
