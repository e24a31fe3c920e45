//===- ShapeTypes.cpp - Types of ops that make or move values ---*- C++ -*-===//
#include "dialects/Graph/GraphDialect.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace glyptic::graph;

static LogicalResult requireCount(Operation *op, StringRef name, ArrayRef<int64_t> numbers, int64_t rank) {
  if (static_cast<int64_t>(numbers.size()) != rank)
    return op->emitOpError() << "has " << numbers.size() << " " << name << " for a tensor of rank " << rank;
  return success();
}

LogicalResult IotaOp::verify() {
  if (getDim() >= 0 && getDim() < static_cast<uint64_t>(getType().getRank()))
    return success();
  return emitOpError() << "counts along dimension " << getDim() << " of " << getType();
}

LogicalResult BatchSizeOp::verify() {
  return getType().getRank() == 0 ? success() : LogicalResult(emitOpError("gives a scalar, not ") << getType());
}

LogicalResult BroadcastOp::verify() {
  RankedTensorType from = getInput().getType(), to = getType();
  if (from.getElementType() != to.getElementType())
    return emitOpError() << "keeps the element type, but turns " << from << " into " << to;
  if (failed(requireCount(*this, "dims", getDims(), from.getRank())))
    return failure();
  int64_t previous = -1;
  for (auto [i, dim] : llvm::enumerate(getDims())) {
    if (dim <= previous || dim >= to.getRank())
      return emitOpError() << "dims must increase and lie below the result's rank " << to.getRank();
    Dim size = getDim(from, i), wanted = getDim(to, dim);
    if (!size.isOne() && size != wanted)
      return emitOpError() << "cannot stretch dimension " << i << " of " << from << " to dimension " << dim << " of "
                           << to << ": it is neither 1 nor the same";
    previous = dim;
  }
  return success();
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType from = getInput().getType(), to = getType();
  if (from.getElementType() != to.getElementType())
    return emitOpError() << "keeps the element type, but turns " << from << " into " << to;
  if (getNumElements(from) != getNumElements(to))
    return emitOpError() << "cannot turn " << from << " into " << to << ": the numbers of elements differ";
  return success();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(adaptor.getInput().getType());
  ArrayRef<int64_t> permutation = adaptor.getPermutation();
  SmallVector<int64_t> sorted(permutation);
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, type.getRank())))
    return emitOptionalError(loc, "permutation [", permutation, "] does not name each dimension of ", type, " once");
  SmallVector<Dim> dims;
  for (int64_t dim : permutation)
    dims.push_back(getDim(type, dim));
  types.push_back(getTensorType(dims, type.getElementType()));
  return success();
}

LogicalResult SliceOp::verify() {
  RankedTensorType from = getInput().getType(), to = getType();
  if (from.getElementType() != to.getElementType() || from.getRank() != to.getRank())
    return emitOpError() << "keeps element type and rank, but turns " << from << " into " << to;
  if (failed(requireCount(*this, "starts", getStarts(), from.getRank())) ||
      failed(requireCount(*this, "strides", getStrides(), from.getRank())))
    return failure();
  for (int64_t i : llvm::seq<int64_t>(0, from.getRank())) {
    Dim size = getDim(from, i), taken = getDim(to, i);
    int64_t start = getStarts()[i], stride = getStrides()[i];
    if (size.batched || taken.batched) {
      if (size != taken || start != 0 || stride != 1)
        return emitOpError() << "must take the batched dimension " << i << " whole";
      continue;
    }
    int64_t end = taken.scale == 0 ? start : start + (taken.scale - 1) * stride + 1;
    if (start < 0 || stride < 1 || end > size.scale)
      return emitOpError() << "takes elements " << start << " to " << end << " by " << stride << " of dimension " << i
                           << ", which has " << size.scale;
  }
  return success();
}

/// Size of a dimension with `low` and `high` elements around it and `interior` ones between its elements. Each may be
/// any 64-bit number; the sum of them is not.
static __int128 getPaddedSize(__int128 size, int64_t low, int64_t high, int64_t interior) {
  return low + size + std::max<__int128>(size - 1, 0) * interior + high;
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(adaptor.getInput().getType());
  if (adaptor.getValue().getType() != RankedTensorType::get({}, type.getElementType()))
    return emitOptionalError(loc, "the padding value must be a scalar of the input's element type");
  size_t rank = type.getRank();
  if (adaptor.getLow().size() != rank || adaptor.getHigh().size() != rank || adaptor.getInterior().size() != rank)
    return emitOptionalError(loc, "low, high and interior need a number for each dimension of ", type);
  SmallVector<Dim> dims = getDims(type);
  for (auto [dim, low, high, interior] : llvm::zip(dims, adaptor.getLow(), adaptor.getHigh(), adaptor.getInterior())) {
    if (dim.batched && (low != 0 || high != 0 || interior != 0))
      return emitOptionalError(loc, "a batched dimension cannot be padded");
    if (interior < 0)
      return emitOptionalError(loc, "interior padding cannot be negative");
    if (dim.batched)
      continue;
    __int128 padded = getPaddedSize(dim.scale, low, high, interior);
    if (padded < 0)
      return emitOptionalError(loc, "crops more elements than ", type, " has");
    if (padded > kMaxElements)
      return emitOptionalError(loc, "pads ", type, " to more elements than any machine holds");
    dim.scale = static_cast<int64_t>(padded);
  }
  types.push_back(getTensorType(dims, type.getElementType()));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  if (adaptor.getInputs().empty())
    return emitOptionalError(loc, "needs at least one tensor");
  auto first = cast<RankedTensorType>(adaptor.getInputs().front().getType());
  int64_t dim = adaptor.getDim();
  if (dim < 0 || dim >= first.getRank())
    return emitOptionalError(loc, "dimension ", dim, " does not exist in ", first);
  SmallVector<Dim> dims = getDims(first);
  dims[dim] = {0, false};
  for (Value input : adaptor.getInputs()) {
    auto type = cast<RankedTensorType>(input.getType());
    if (type.getElementType() != first.getElementType() || type.getRank() != first.getRank())
      return emitOptionalError(loc, "cannot join ", first, " and ", type);
    SmallVector<Dim> others = getDims(type);
    if (others[dim].batched)
      return emitOptionalError(loc, "cannot join along the batched dimension ", dim);
    dims[dim].scale += others[dim].scale;
    others[dim] = dims[dim];
    if (others != dims)
      return emitOptionalError(loc, "cannot join ", first, " and ", type, " along dimension ", dim,
                               ": another dimension differs");
  }
  types.push_back(getTensorType(dims, first.getElementType()));
  return success();
}

LogicalResult ReverseOp::verify() {
  llvm::SmallSet<int64_t, 4> seen;
  for (int64_t dim : getDims()) {
    if (dim < 0 || dim >= getType().getRank() || !seen.insert(dim).second)
      return emitOpError() << "dimension " << dim << " does not exist in " << getType() << " or is named twice";
    if (getDim(getType(), dim).batched)
      return emitOpError() << "cannot reverse the batched dimension " << dim;
  }
  return success();
}
