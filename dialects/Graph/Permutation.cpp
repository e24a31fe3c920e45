//===- Permutation.cpp - Orders of dimensions -------------------*- C++ -*-===//
#include "dialects/Graph/Permutation.h"
#include "dialects/Graph/GraphDialect.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace glyptic::graph {

bool isIdentityPermutation(ArrayRef<int64_t> permutation) {
  return llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size()));
}

SmallVector<int64_t> invertPermutation(ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> inverse(permutation.size());
  for (auto [i, dim] : llvm::enumerate(permutation))
    inverse[dim] = i;
  return inverse;
}

SmallVector<int64_t> composePermutations(ArrayRef<int64_t> first, ArrayRef<int64_t> second) {
  return llvm::map_to_vector(second, [&](int64_t dim) { return first[dim]; });
}

Value transpose(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> permutation) {
  if (isIdentityPermutation(permutation))
    return value;
  return builder.createOrFold<TransposeOp>(loc, value, builder.getDenseI64ArrayAttr(permutation));
}

RankedTensorType permuteType(RankedTensorType type, ArrayRef<int64_t> permutation) {
  return getTensorType(llvm::map_to_vector(permutation, [&](int64_t dim) { return getDim(type, dim); }),
                       type.getElementType());
}

Value permuteElementwise(Operation *op, OpBuilder &builder, ArrayRef<int64_t> permutation) {
  IRMapping mapping;
  for (Value operand : op->getOperands())
    mapping.map(operand, transpose(builder, op->getLoc(), operand, permutation));
  Operation *permuted = builder.clone(*op, mapping);
  Value result = permuted->getResult(0);
  result.setType(permuteType(cast<RankedTensorType>(result.getType()), permutation));
  return result;
}

} // namespace glyptic::graph
