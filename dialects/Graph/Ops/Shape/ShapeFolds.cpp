//===- ShapeFolds.cpp - Moves that are none, or that follow each other -*- C++ -*-===//
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/Permutation.h"

using namespace mlir;
using namespace glyptic::graph;

static bool areAll(ArrayRef<int64_t> numbers, int64_t value) {
  return llvm::all_of(numbers, [=](int64_t number) { return number == value; });
}

/// A splat constant under another shape, null if it is none or its new shape is not static.
static Attribute resizeSplat(Attribute constant, RankedTensorType type) {
  auto elements = dyn_cast_or_null<DenseElementsAttr>(constant);
  if (!elements || !elements.isSplat() || !type.hasStaticShape())
    return nullptr;
  return elements.resizeSplat(type);
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

/// Where the dimensions of `reshape`'s operand go in the result of a broadcast with `dims`; nothing unless the reshape
/// only adds or drops dimensions of size 1.
static std::optional<SmallVector<int64_t>> composeDims(ReshapeOp reshape, ArrayRef<int64_t> dims) {
  SmallVector<Dim> from = getDims(reshape.getInput().getType()), to = getDims(reshape.getType());
  SmallVector<int64_t> composed;
  size_t next = 0;
  for (Dim dim : from) {
    if (dim.isOne()) {
      // Any free place will do: a stretched dimension of size 1 is read at 0.
      composed.push_back(composed.empty() ? 0 : composed.back() + 1);
      continue;
    }
    while (next < to.size() && to[next].isOne())
      ++next;
    if (next == to.size() || to[next] != dim || (!composed.empty() && composed.back() >= dims[next]))
      return std::nullopt;
    composed.push_back(dims[next++]);
  }
  bool restIsOnes = llvm::all_of(ArrayRef(to).drop_front(next), [](Dim dim) { return dim.isOne(); });
  return restIsOnes ? std::optional(composed) : std::nullopt;
}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  if (Attribute constant = resizeSplat(adaptor.getInput(), getType()))
    return constant;
  if (auto inner = getInput().getDefiningOp<BroadcastOp>()) {
    auto dims = llvm::map_to_vector(inner.getDims(), [&](int64_t dim) { return getDims()[dim]; });
    setDims(dims);
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  if (auto reshape = getInput().getDefiningOp<ReshapeOp>()) {
    std::optional<SmallVector<int64_t>> dims = composeDims(reshape, getDims());
    if (!dims || (!dims->empty() && dims->back() >= getType().getRank()))
      return nullptr;
    setDims(*dims);
    getInputMutable().assign(reshape.getInput());
    return getResult();
  }
  return nullptr;
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  if (auto elements = dyn_cast_or_null<DenseElementsAttr>(adaptor.getInput()); elements && getType().hasStaticShape())
    return elements.reshape(getType());
  if (auto inner = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return nullptr;
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  if (isIdentityPermutation(getPermutation()))
    return getInput();
  if (Attribute constant = resizeSplat(adaptor.getInput(), getType()))
    return constant;
  if (auto inner = getInput().getDefiningOp<TransposeOp>()) {
    setPermutation(composePermutations(inner.getPermutation(), getPermutation()));
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return nullptr;
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType() && areAll(getStrides(), 1))
    return getInput();
  return resizeSplat(adaptor.getInput(), getType());
}

OpFoldResult PadOp::fold(FoldAdaptor) {
  bool isNone = areAll(getLow(), 0) && areAll(getHigh(), 0) && areAll(getInterior(), 0);
  return isNone ? OpFoldResult(getInput()) : nullptr;
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 ? OpFoldResult(getInputs().front()) : nullptr;
}

OpFoldResult ReverseOp::fold(FoldAdaptor adaptor) {
  bool changesNothing = llvm::all_of(getDims(), [&](int64_t dim) { return getType().getDimSize(dim) == 1; });
  return changesNothing ? OpFoldResult(getInput()) : resizeSplat(adaptor.getInput(), getType());
}
