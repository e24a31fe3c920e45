//===- Permutation.h - Orders of dimensions ---------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
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

/// The type with its dimensions in another order.
mlir::RankedTensorType permuteType(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> permutation);

/// An elementwise op over operands that are transposed alike; its result is the transposed result.
mlir::Value permuteElementwise(mlir::Operation *op, mlir::OpBuilder &builder, llvm::ArrayRef<int64_t> permutation);

} // namespace glyptic::graph
