//===- Accumulation.cpp - Sums of products in structured form ---*- C++ -*-===//
#include "dialects/Graph/Ops/Contraction/Accumulation.h"
#include "dialects/Graph/Ops/Elementwise/Scalar.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace glyptic::graph {

Type getAccumulateType(Type elementType) {
  bool isNarrowFloat = isa<FloatType>(elementType) && elementType.getIntOrFloatBitWidth() < 32;
  return isNarrowFloat ? Float32Type::get(elementType.getContext()) : elementType;
}

SmallVector<utils::IteratorType> getIterators(AffineMap resultMap) {
  return llvm::map_to_vector(llvm::seq(0u, resultMap.getNumDims()), [&](unsigned dim) {
    return resultMap.isFunctionOfDim(dim) ? utils::IteratorType::parallel : utils::IteratorType::reduction;
  });
}

Value buildSum(OpBuilder &builder, Location loc, RankedTensorType type, Type accumulateType, ValueRange operands,
               ArrayRef<AffineMap> maps, ElementBuilder body) {
  auto sumType = cast<RankedTensorType>(type.clone(accumulateType));
  Value init = filledTensor(builder, loc, sumType, scalarNumber(builder, loc, accumulateType, 0));
  auto generic = linalg::GenericOp::create(
      builder, loc, TypeRange(sumType), operands, init, maps, getIterators(maps.back()),
      [&](OpBuilder &b, Location l, ValueRange elements) {
        Value term = convertScalar(b, l, body(b, l, elements.drop_back()), accumulateType);
        linalg::YieldOp::create(b, l, (Scalar(b, l, elements.back()) + Scalar(b, l, term)).getValue());
      });
  Value sum = generic.getResult(0);
  if (sumType == type)
    return sum;
  return buildPointwise(builder, loc, type, sum, [&](OpBuilder &b, Location l, ValueRange x) {
    return convertScalar(b, l, x[0], type.getElementType());
  });
}

} // namespace glyptic::graph
