//===- DotGeneral.cpp - Products summed over shared dimensions --*- C++ -*-===//
#include "dialects/Graph/Ops/Contraction/DotGeneral.h"
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/Ops/Contraction/Accumulation.h"
#include "dialects/Graph/Ops/Elementwise/Scalar.h"
#include "support/glyph/Names.h"

using namespace mlir;
using namespace glyptic::graph;
namespace names = glyptic::names;

SmallVector<int64_t> glyptic::graph::getFreeDims(int64_t rank, ArrayRef<int64_t> batch, ArrayRef<int64_t> contracting) {
  SmallVector<int64_t> free;
  for (int64_t dim : llvm::seq<int64_t>(0, rank))
    if (!llvm::is_contained(batch, dim) && !llvm::is_contained(contracting, dim))
      free.push_back(dim);
  return free;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

void DotGeneralOp::build(OpBuilder &builder, OperationState &state, Value lhs, Value rhs, ArrayRef<int64_t> lhsBatch,
                         ArrayRef<int64_t> rhsBatch, ArrayRef<int64_t> lhsContracting,
                         ArrayRef<int64_t> rhsContracting) {
  build(builder, state, lhs, rhs, builder.getDenseI64ArrayAttr(lhsBatch), builder.getDenseI64ArrayAttr(rhsBatch),
        builder.getDenseI64ArrayAttr(lhsContracting), builder.getDenseI64ArrayAttr(rhsContracting),
        /*result_type=*/TypeAttr(), /*accumulate_type=*/TypeAttr());
}

/// Every number names a dimension of the operand, and none twice.
static LogicalResult verifyNumbers(std::optional<Location> loc, StringRef operand, RankedTensorType type,
                                   ArrayRef<int64_t> batch, ArrayRef<int64_t> contracting) {
  SmallVector<bool> used(type.getRank());
  for (int64_t dim : llvm::concat<const int64_t>(batch, contracting)) {
    if (dim < 0 || dim >= type.getRank())
      return emitOptionalError(loc, "dot_general: dimension ", dim, " does not exist in ", operand, ", which is ",
                               type);
    if (used[dim])
      return emitOptionalError(loc, "dot_general: dimension ", dim, " of ", operand, " is named twice");
    used[dim] = true;
  }
  return success();
}

/// Paired dimensions have one size.
static LogicalResult verifyPairs(std::optional<Location> loc, StringRef kind, RankedTensorType lhs,
                                 ArrayRef<int64_t> lhsDims, RankedTensorType rhs, ArrayRef<int64_t> rhsDims) {
  if (lhsDims.size() != rhsDims.size())
    return emitOptionalError(loc, "dot_general: ", lhsDims.size(), " ", kind, " dimensions of lhs meet ",
                             rhsDims.size(), " of rhs");
  for (auto [l, r] : llvm::zip(lhsDims, rhsDims))
    if (getDim(lhs, l) != getDim(rhs, r))
      return emitOptionalError(loc, "dot_general: ", kind, " dimension ", l, " of ", lhs, " and ", r, " of ", rhs,
                               " differ in size");
  return success();
}

LogicalResult DotGeneralOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  auto lhs = cast<RankedTensorType>(adaptor.getLhs().getType());
  auto rhs = cast<RankedTensorType>(adaptor.getRhs().getType());
  Type elementType = lhs.getElementType();
  if (elementType != rhs.getElementType())
    return emitOptionalError(loc, "dot_general: element types of ", lhs, " and ", rhs, " differ; convert one of them");
  if (failed(verifyNumbers(loc, "lhs", lhs, adaptor.getLhsBatch(), adaptor.getLhsContracting())) ||
      failed(verifyNumbers(loc, "rhs", rhs, adaptor.getRhsBatch(), adaptor.getRhsContracting())) ||
      failed(verifyPairs(loc, "batch", lhs, adaptor.getLhsBatch(), rhs, adaptor.getRhsBatch())) ||
      failed(verifyPairs(loc, "contracting", lhs, adaptor.getLhsContracting(), rhs, adaptor.getRhsContracting())))
    return failure();
  for (std::optional<Type> other : {adaptor.getResultType(), adaptor.getAccumulateType()})
    if (other && isa<FloatType>(*other) != isa<FloatType>(elementType))
      return emitOptionalError(loc, "dot_general: products of ", elementType, " cannot be summed as ", *other);

  SmallVector<Dim> dims;
  for (int64_t dim : adaptor.getLhsBatch())
    dims.push_back(getDim(lhs, dim));
  for (int64_t dim : getFreeDims(lhs.getRank(), adaptor.getLhsBatch(), adaptor.getLhsContracting()))
    dims.push_back(getDim(lhs, dim));
  for (int64_t dim : getFreeDims(rhs.getRank(), adaptor.getRhsBatch(), adaptor.getRhsContracting()))
    dims.push_back(getDim(rhs, dim));
  if (llvm::count_if(dims, [](Dim dim) { return dim.batched; }) > 1)
    return emitOptionalError(loc, "dot_general: the product of ", lhs, " and ", rhs,
                             " would depend on the batch in two dimensions");
  types.push_back(getTensorType(dims, adaptor.getResultType().value_or(elementType)));
  return success();
}

PrecisionClass DotGeneralOp::getPrecisionClass() { return PrecisionClass::Contraction; }

//===----------------------------------------------------------------------===//
// Derivative
//===----------------------------------------------------------------------===//

/// The gradient of one operand is the result's gradient times the other operand, summed over the other's free
/// dimensions. Its dimensions come out in the operand's own order for one order of the factors in nearly all products
/// met in practice (x w, q k^T, p v); a transpose serves the rest.
static Value buildOperandGradient(OpBuilder &builder, DotGeneralOp op, Value gradient, bool isLhs) {
  Value own = isLhs ? op.getLhs() : op.getRhs(), other = isLhs ? op.getRhs() : op.getLhs();
  auto ownType = cast<RankedTensorType>(own.getType()), otherType = cast<RankedTensorType>(other.getType());
  ArrayRef<int64_t> ownBatch = isLhs ? op.getLhsBatch() : op.getRhsBatch();
  ArrayRef<int64_t> otherBatch = isLhs ? op.getRhsBatch() : op.getLhsBatch();
  ArrayRef<int64_t> ownContracting = isLhs ? op.getLhsContracting() : op.getRhsContracting();
  ArrayRef<int64_t> otherContracting = isLhs ? op.getRhsContracting() : op.getLhsContracting();
  SmallVector<int64_t> ownFree = getFreeDims(ownType.getRank(), ownBatch, ownContracting);
  SmallVector<int64_t> otherFree = getFreeDims(otherType.getRank(), otherBatch, otherContracting);

  const int64_t numBatch = ownBatch.size(), start = numBatch + (isLhs ? ownFree.size() : 0);
  auto gradientBatch = llvm::to_vector(llvm::seq<int64_t>(0, numBatch));
  auto gradientContracting = llvm::to_vector(llvm::seq<int64_t>(start, start + otherFree.size()));

  // The operand's dimensions in the order in which the product has them. Contracted dimensions stay free in the other
  // operand, hence appear in its order.
  SmallVector<int64_t> summed = llvm::to_vector(llvm::seq<int64_t>(0, ownContracting.size()));
  llvm::sort(summed, [&](int64_t a, int64_t b) { return otherContracting[a] < otherContracting[b]; });
  summed = llvm::map_to_vector(summed, [&](int64_t i) { return ownContracting[i]; });
  auto getOrder = [&](bool gradientFirst) {
    SmallVector<int64_t> order(ownBatch);
    llvm::append_range(order, gradientFirst ? ownFree : summed);
    llvm::append_range(order, gradientFirst ? summed : ownFree);
    return order;
  };
  bool gradientFirst = isIdentityPermutation(getOrder(true)) || !isIdentityPermutation(getOrder(false));

  Location loc = op.getLoc();
  gradient = convertTo(builder, loc, gradient, ownType.getElementType());
  auto array = [&](ArrayRef<int64_t> dims) { return builder.getDenseI64ArrayAttr(dims); };
  Value product =
      gradientFirst
          ? DotGeneralOp::create(builder, loc, gradient, other, array(gradientBatch), array(otherBatch),
                                 array(gradientContracting), array(otherFree), TypeAttr(), op.getAccumulateTypeAttr())
          : DotGeneralOp::create(builder, loc, other, gradient, array(otherBatch), array(gradientBatch),
                                 array(otherFree), array(gradientContracting), TypeAttr(), op.getAccumulateTypeAttr());
  return transpose(builder, loc, product, invertPermutation(getOrder(gradientFirst)));
}

FailureOr<SmallVector<Value>> DotGeneralOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                           const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(2);
  for (unsigned i : {0, 1})
    if (wanted[i] && resultGradients[0])
      gradients[i] = buildOperandGradient(builder, *this, resultGradients[0], /*isLhs=*/i == 0);
  return gradients;
}

//===----------------------------------------------------------------------===//
// Structured form
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> DotGeneralOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  RankedTensorType lhsType = getLhs().getType(), rhsType = getRhs().getType();
  SmallVector<AffineExpr> lhs(lhsType.getRank()), rhs(rhsType.getRank()), result;
  unsigned loops = 0;
  auto newLoop = [&] { return builder.getAffineDimExpr(loops++); };
  for (auto [l, r] : llvm::zip(getLhsBatch(), getRhsBatch()))
    result.push_back(lhs[l] = rhs[r] = newLoop());
  for (int64_t l : getFreeDims(lhsType.getRank(), getLhsBatch(), getLhsContracting()))
    result.push_back(lhs[l] = newLoop());
  for (int64_t r : getFreeDims(rhsType.getRank(), getRhsBatch(), getRhsContracting()))
    result.push_back(rhs[r] = newLoop());
  for (auto [l, r] : llvm::zip(getLhsContracting(), getRhsContracting()))
    lhs[l] = rhs[r] = newLoop();

  Type accumulateType = getAccumulateType().value_or(glyptic::graph::getAccumulateType(getType().getElementType()));
  auto map = [&](ArrayRef<AffineExpr> exprs) { return AffineMap::get(loops, 0, exprs, builder.getContext()); };
  return SmallVector<Value>{buildSum(builder, getLoc(), getType(), accumulateType, operands,
                                     {map(lhs), map(rhs), map(result)}, [&](OpBuilder &b, Location loc, ValueRange x) {
                                       return (Scalar(b, loc, convertScalar(b, loc, x[0], accumulateType)) *
                                               Scalar(b, loc, convertScalar(b, loc, x[1], accumulateType)))
                                           .getValue();
                                     })};
}

//===----------------------------------------------------------------------===//
// Library
//===----------------------------------------------------------------------===//

/// Whether the dimensions, in this order, can be walked as one: row-major memory merges neighbours only.
static bool isOneDimension(RankedTensorType type, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> walked, neighbours;
  for (int64_t dim : dims)
    if (!getDim(type, dim).isOne())
      walked.push_back(dim);
  if (walked.empty())
    return true;
  for (int64_t dim : llvm::seq(walked.front(), walked.back() + 1))
    if (!getDim(type, dim).isOne())
      neighbours.push_back(dim);
  return walked == neighbours;
}

static bool isEmpty(RankedTensorType type) { return getNumElements(type).scale == 0; }

/// oneDNN's matmul multiplies [batch..., M, K] by [batch..., K, N] through any strides, so each operand's free and
/// contracting dimensions must merge into one. It has no FP64 and no wide integers, and its half types need AVX-512.
std::optional<LibraryCall> DotGeneralOp::getLibraryCall() {
  RankedTensorType lhs = getLhs().getType(), rhs = getRhs().getType();
  if (!lhs.getElementType().isF32() || !getType().getElementType().isF32() || isEmpty(lhs) || isEmpty(rhs))
    return std::nullopt;
  SmallVector<int64_t> lhsFree = getFreeDims(lhs.getRank(), getLhsBatch(), getLhsContracting());
  SmallVector<int64_t> rhsFree = getFreeDims(rhs.getRank(), getRhsBatch(), getRhsContracting());
  if (!isOneDimension(lhs, lhsFree) || !isOneDimension(lhs, getLhsContracting()) || !isOneDimension(rhs, rhsFree) ||
      !isOneDimension(rhs, getRhsContracting()))
    return std::nullopt;
  LibraryCall call;
  call.routine = names::kMatmul;
  call.parameters = {{names::kLhsBatch, llvm::to_vector(getLhsBatch())},
                     {names::kRhsBatch, llvm::to_vector(getRhsBatch())},
                     {names::kLhsContracting, llvm::to_vector(getLhsContracting())},
                     {names::kRhsContracting, llvm::to_vector(getRhsContracting())}};
  return call;
}

Dim DotGeneralOp::getFlops() {
  Dim flops = getNumElements(getType());
  flops.scale *= 2;
  for (int64_t dim : getLhsContracting()) {
    Dim size = getDim(getLhs().getType(), dim);
    flops = {flops.scale * size.scale, flops.batched || size.batched};
  }
  return flops;
}
