//===- BatchDims.cpp - The symbolic batch in tensor types -------*- C++ -*-===//
#include "dialects/Graph/BatchDims.h"
#include "dialects/Graph/GraphDialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace glyptic::graph {

int64_t getBatchedDim(RankedTensorType type) {
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    if (ShapedType::isDynamic(size))
      return i;
  return -1;
}

Dim getDim(RankedTensorType type, unsigned index) {
  if (!type.isDynamicDim(index))
    return {type.getDimSize(index), false};
  auto batch = dyn_cast_or_null<BatchAttr>(type.getEncoding());
  return {batch ? batch.getTimes() : 1, true};
}

SmallVector<Dim> getDims(RankedTensorType type) {
  return llvm::map_to_vector(llvm::seq<unsigned>(0, type.getRank()), [&](unsigned i) { return getDim(type, i); });
}

RankedTensorType getTensorType(ArrayRef<Dim> dims, Type elementType) {
  SmallVector<int64_t> shape;
  Attribute encoding;
  for (Dim dim : dims) {
    shape.push_back(dim.batched ? ShapedType::kDynamic : dim.scale);
    if (dim.batched && dim.scale != 1)
      encoding = BatchAttr::get(elementType.getContext(), dim.scale);
  }
  return RankedTensorType::get(shape, elementType, encoding);
}

Dim getNumElements(RankedTensorType type) {
  Dim count{1, false};
  for (Dim dim : getDims(type))
    count = {count.scale * dim.scale, count.batched || dim.batched};
  return count;
}

bool isCountable(ArrayRef<Dim> dims) {
  int64_t count = 1;
  for (Dim dim : dims)
    if (dim.scale < 0 || llvm::MulOverflow(count, std::max<int64_t>(dim.scale, 1), count) || count > kMaxElements)
      return false;
  return true;
}

SmallVector<int64_t> getShapeAt(RankedTensorType type, int64_t batch) {
  return llvm::map_to_vector(getDims(type), [&](Dim dim) { return dim.at(batch); });
}

LogicalResult verifySameDims(Operation *op) {
  auto dims = getDims(cast<RankedTensorType>(op->getResult(0).getType()));
  for (Value operand : op->getOperands())
    if (getDims(cast<RankedTensorType>(operand.getType())) != dims)
      return op->emitOpError() << "requires operands and result of one shape, but has " << operand.getType()
                               << " beside " << op->getResult(0).getType() << "; broadcast explicitly";
  return success();
}

} // namespace glyptic::graph
