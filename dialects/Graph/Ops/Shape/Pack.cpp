//===- Pack.cpp - Tensors side by side in a flat one ------------*- C++ -*-===//
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/HostTensor.h"
#include "dialects/Graph/Packing.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::graph {

SmallVector<int64_t> getPackedOffsets(TypeRange types) {
  SmallVector<int64_t> offsets{0};
  for (Type type : types)
    offsets.push_back(offsets.back() + llvm::alignTo(cast<RankedTensorType>(type).getNumElements(), kPackAlignment));
  return offsets;
}

} // namespace glyptic::graph

static FailureOr<RankedTensorType> getPackedType(std::optional<Location> loc, TypeRange types) {
  if (types.empty())
    return emitOptionalError(loc, "needs at least one tensor");
  Type elementType = getElementTypeOrSelf(types.front());
  for (Type type : types)
    if (getElementTypeOrSelf(type) != elementType || !cast<RankedTensorType>(type).hasStaticShape())
      return emitOptionalError(loc, "packs tensors of one element type and of static shape, not ", type);
  return RankedTensorType::get({getPackedOffsets(types).back()}, elementType);
}

LogicalResult PackOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  FailureOr<RankedTensorType> type = getPackedType(loc, adaptor.getInputs().getTypes());
  if (succeeded(type))
    types.push_back(*type);
  return type;
}

LogicalResult UnpackOp::verify() {
  FailureOr<RankedTensorType> type = getPackedType(getLoc(), getResultTypes());
  if (succeeded(type) && *type != getInput().getType())
    return emitOpError() << "takes apart " << getInput().getType() << ", but a pack of its results is " << *type;
  return type;
}

static void copyElements(const HostTensor &from, int64_t fromIndex, HostTensor &to, int64_t toIndex, int64_t count) {
  std::visit(
      [&](auto &elements) {
        using Elements = std::decay_t<decltype(elements)>;
        std::copy_n(std::get<Elements>(from.getStorage()).begin() + fromIndex, count, elements.begin() + toIndex);
      },
      to.getStorage());
}

/// Results arrive as zeros, so the gaps are.
LogicalResult PackOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  SmallVector<int64_t> offsets = getPackedOffsets(getInputs().getTypes());
  for (auto [input, offset] : llvm::zip(operands, offsets))
    copyElements(*input, 0, results[0], offset, input->getNumElements());
  return success();
}

LogicalResult UnpackOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  SmallVector<int64_t> offsets = getPackedOffsets(getResultTypes());
  for (auto [result, offset] : llvm::zip(results, offsets))
    copyElements(*operands[0], offset, result, 0, result.getNumElements());
  return success();
}

PrecisionClass PackOp::getPrecisionClass() { return PrecisionClass::Follow; }
PrecisionClass UnpackOp::getPrecisionClass() { return PrecisionClass::Follow; }
