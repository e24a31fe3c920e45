//===- Indexing.cpp - Elements found by computed positions ------*- C++ -*-===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/HostTensor.h"
#include "dialects/Graph/Ops/Reduction/Combination.h"
#include "dialects/Graph/StructuredUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace glyptic::graph;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// The dimensions of what gather reads from a tensor of `type`; scatter's updates have them, too.
static FailureOr<SmallVector<Dim>> getSliceDims(std::optional<Location> loc, StringRef op, RankedTensorType type,
                                                RankedTensorType indices, int64_t dim) {
  if (dim < 0 || dim >= type.getRank())
    return emitOptionalError(loc, op, ": dimension ", dim, " does not exist in ", type);
  if (indices.getElementType().isInteger(1))
    return emitOptionalError(loc, op, ": booleans are no indices");
  if (getDim(type, dim).scale == 0 && getNumElements(indices).scale != 0)
    return emitOptionalError(loc, op, ": dimension ", dim, " of ", type, " has no element to find");
  SmallVector<Dim> dims = getDims(type), picked = getDims(indices);
  dims.erase(dims.begin() + dim);
  dims.insert(dims.begin() + dim, picked.begin(), picked.end());
  if (llvm::count_if(dims, [](Dim size) { return size.batched; }) > 1)
    return emitOptionalError(loc, op, ": slices of ", type, " at ", indices,
                             " would depend on the batch in two dimensions");
  return dims;
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(adaptor.getInput().getType());
  auto indices = cast<RankedTensorType>(adaptor.getIndices().getType());
  FailureOr<SmallVector<Dim>> dims = getSliceDims(loc, "gather", type, indices, adaptor.getDim());
  if (failed(dims))
    return failure();
  types.push_back(getTensorType(*dims, type.getElementType()));
  return success();
}

LogicalResult ScatterOp::verify() {
  if (getType().getElementType().isInteger(1) || getKind() == ReductionKind::And || getKind() == ReductionKind::Or)
    return emitOpError() << "combines numbers, not " << getType() << " by " << stringifyReductionKind(getKind());
  FailureOr<SmallVector<Dim>> dims = getSliceDims(getLoc(), "scatter", getType(), getIndices().getType(), getDim());
  if (failed(dims))
    return failure();
  RankedTensorType expected = getTensorType(*dims, getType().getElementType());
  if (getUpdates().getType() != expected)
    return emitOpError() << "combines slices of " << getType() << " at " << getIndices().getType()
                         << ", so its updates must be " << expected << ", not " << getUpdates().getType();
  return success();
}

/// Negative indices count from the end.
IndexUse GatherOp::getIndexUse() {
  const int64_t size = getDims(getInput().getType())[getDim()].scale;
  return {getIndices(), -size, size, std::nullopt};
}

PrecisionClass GatherOp::getPrecisionClass() { return PrecisionClass::Follow; }
/// Many slices may be combined with one.
PrecisionClass ScatterOp::getPrecisionClass() {
  bool isExact = getKind() == ReductionKind::Max || getKind() == ReductionKind::Min;
  return isExact ? PrecisionClass::Follow : PrecisionClass::Statistics;
}

//===----------------------------------------------------------------------===//
// Meaning
//===----------------------------------------------------------------------===//

/// Calls visit(table, slice) with the positions of each element of the table tensor and of the tensor of slices that
/// meet, in row-major order of the slices.
template <typename Visit>
static void forEachMeeting(const HostTensor &table, const HostTensor &indices, int64_t dim, Visit visit) {
  const int64_t size = table.getShape()[dim], inner = table.getStrides()[dim], count = indices.getNumElements();
  const int64_t outer = llvm::product_of(table.getShape().take_front(dim));
  for (int64_t i = 0; i < outer; ++i)
    for (int64_t j = 0; j < count; ++j) {
      int64_t index = indices.get<int64_t>()[j];
      index = std::clamp<int64_t>(index < 0 ? index + size : index, 0, size - 1);
      for (int64_t k = 0; k < inner; ++k)
        visit((i * size + index) * inner + k, (i * count + j) * inner + k);
    }
}

LogicalResult GatherOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  std::visit(
      [&](auto &result) {
        using T = typename std::decay_t<decltype(result)>::value_type;
        ArrayRef<T> input = operands[0]->get<T>();
        forEachMeeting(*operands[0], *operands[1], getDim(),
                       [&](int64_t from, int64_t to) { result[to] = input[from]; });
      },
      results[0].getStorage());
  return success();
}

LogicalResult ScatterOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  std::visit(
      [&](auto &result) {
        using T = typename std::decay_t<decltype(result)>::value_type;
        ArrayRef<T> updates = operands[1]->get<T>();
        llvm::fill(result, getIdentity<T>(getKind(), getType().getElementType()));
        forEachMeeting(results[0], *operands[0], getDim(), [&](int64_t to, int64_t from) {
          result[to] = combine<T>(getKind(), result[to], updates[from]);
        });
      },
      results[0].getStorage());
  results[0].wrap();
  return success();
}

//===----------------------------------------------------------------------===//
// Derivative
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> GatherOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                       const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(2);
  if (resultGradients[0] && wanted[0])
    gradients[0] = ScatterOp::create(builder, getLoc(), getInput().getType(), ReductionKind::Sum, getIndices(),
                                     resultGradients[0], getDim());
  return gradients;
}

/// With r the product of the updates x that go to one place, dr/dx_i is r / x_i where none of them is zero; at the only
/// zero it is the product of the others, elsewhere beside one zero, or with two, it is zero. The extremum's gradient is
/// shared by those that attain it.
FailureOr<SmallVector<Value>> ScatterOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                        const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(2);
  if (!resultGradients[0] || !wanted[1])
    return gradients;
  Location loc = getLoc();
  auto gather = [&](Value table) {
    return Expr(builder, loc, GatherOp::create(builder, loc, table, getIndices(), getDimAttr()));
  };
  // What all updates of a place make together, at each of them.
  auto together = [&](ReductionKind kind, Expr updates) {
    return gather(ScatterOp::create(builder, loc, getType(), kind, getIndices(), updates, getDim()));
  };
  Expr x(builder, loc, getUpdates()), g = gather(resultGradients[0]);
  auto toNumber = [&](Expr condition) {
    return Expr(builder, loc, convertTo(builder, loc, condition, x.getType().getElementType()));
  };
  switch (getKind()) {
  case ReductionKind::Sum: gradients[1] = g; break;
  case ReductionKind::Prod: {
    Expr isZero = equal(x, 0), others = glyptic::graph::select(isZero, 1, x);
    Expr otherZeros = together(ReductionKind::Sum, toNumber(isZero)) - toNumber(isZero);
    Expr product = together(ReductionKind::Prod, others);
    gradients[1] = glyptic::graph::select(otherZeros > 0, 0, g * product / others);
    break;
  }
  default: {
    Expr attains = equal(x, gather(getResult()));
    Expr count = together(ReductionKind::Sum, toNumber(attains));
    gradients[1] = glyptic::graph::select(attains, g / count, 0);
  }
  }
  return gradients;
}

//===----------------------------------------------------------------------===//
// Structured form
//===----------------------------------------------------------------------===//

/// The position that an index means: negative ones count from the end, and what is out of range is clamped.
static Value buildPosition(OpBuilder &b, Location loc, Value index, Value size) {
  index = convertScalar(b, loc, index, b.getIndexType());
  Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
  Value isNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index, zero);
  Value fromEnd = arith::AddIOp::create(b, loc, index, size);
  index = arith::SelectOp::create(b, loc, isNegative, fromEnd, index);
  index = arith::MaxSIOp::create(b, loc, index, zero);
  return arith::MinSIOp::create(b, loc, index, arith::SubIOp::create(b, loc, size, one));
}

FailureOr<SmallVector<Value>> GatherOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  const int64_t dim = getDim(), indexRank = getIndices().getType().getRank(), rank = getType().getRank();
  AffineMap indexMap = builder.getMultiDimIdentityMap(rank).getSliceMap(dim, indexRank);
  auto body = [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
    Value size = dimIndex(b, loc, glyptic::graph::getDim(getInput().getType(), dim));
    SmallVector<Value> position;
    for (int64_t i = 0; i < rank; ++i)
      if (i < dim || i >= dim + indexRank)
        position.push_back(linalg::IndexOp::create(b, loc, i));
    position.insert(position.begin() + dim, buildPosition(b, loc, x[0], size));
    return tensor::ExtractOp::create(b, loc, operands[0], position);
  };
  return SmallVector<Value>{buildParallel(builder, getLoc(), getType(), operands[1], indexMap, body)};
}

//===----------------------------------------------------------------------===//
// Kernel
//===----------------------------------------------------------------------===//

Value ScatterOp::buildInitial(OpBuilder &builder) {
  return buildIdentity(builder, getLoc(), getKind(), getType().getElementType());
}

Value ScatterOp::buildUpdated(OpBuilder &builder, Value before, Value update) {
  return buildCombination(builder, getLoc(), getKind(), before, update);
}
