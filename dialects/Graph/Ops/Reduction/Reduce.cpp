//===- Reduce.cpp - Many elements to one ------------------------*- C++ -*-===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/HostTensor.h"
#include "dialects/Graph/Ops/Reduction/Combination.h"
#include "dialects/Graph/StructuredUtils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace glyptic::graph;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

static bool isBoolKind(ReductionKind kind) { return kind == ReductionKind::And || kind == ReductionKind::Or; }

static LogicalResult verifyDims(std::optional<Location> loc, RankedTensorType type, ArrayRef<int64_t> dims) {
  int64_t previous = -1;
  for (int64_t dim : dims) {
    if (dim <= previous || dim >= type.getRank())
      return emitOptionalError(loc, "dims [", dims, "] must increase and exist in ", type);
    previous = dim;
  }
  return success();
}

static RankedTensorType dropDims(RankedTensorType type, ArrayRef<int64_t> dims, Type elementType) {
  SmallVector<Dim> kept;
  for (auto [i, dim] : llvm::enumerate(getDims(type)))
    if (!llvm::is_contained(dims, i))
      kept.push_back(dim);
  return getTensorType(kept, elementType);
}

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(adaptor.getInput().getType());
  if (isBoolKind(adaptor.getKind()) != type.getElementType().isInteger(1))
    return emitOptionalError(loc, "cannot combine elements of ", type, " by ",
                             stringifyReductionKind(adaptor.getKind()));
  if (failed(verifyDims(loc, type, adaptor.getDims())))
    return failure();
  types.push_back(dropDims(type, adaptor.getDims(), type.getElementType()));
  return success();
}

OpFoldResult ReduceOp::fold(FoldAdaptor) { return getDims().empty() ? OpFoldResult(getInput()) : nullptr; }

Value ReduceOp::getReducedOperand() { return getInput(); }
SmallVector<int64_t> ReduceOp::getReducedDims() { return SmallVector<int64_t>(getDims()); }

PrecisionClass ReduceOp::getPrecisionClass() {
  switch (getKind()) {
  case ReductionKind::Sum:
  case ReductionKind::Prod: return PrecisionClass::Statistics;
  case ReductionKind::Max:
  case ReductionKind::Min: return PrecisionClass::Follow;
  case ReductionKind::And:
  case ReductionKind::Or: return PrecisionClass::Exact;
  }
  llvm_unreachable("all kinds handled");
}

//===----------------------------------------------------------------------===//
// Meaning
//===----------------------------------------------------------------------===//

LogicalResult ReduceOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  const HostTensor &input = *operands[0];
  // Strides of the result for the input's dimensions: 0 for those that disappear.
  SmallVector<int64_t> inStrides = input.getStrides(), outStrides = results[0].getStrides(), strides;
  for (int64_t dim = 0, next = 0; dim < input.getRank(); ++dim)
    strides.push_back(llvm::is_contained(getDims(), dim) ? 0 : outStrides[next++]);
  std::visit(
      [&](auto &result) {
        using T = typename std::decay_t<decltype(result)>::value_type;
        llvm::fill(result, getIdentity<T>(getKind(), getType().getElementType()));
        for (auto [linear, element] : llvm::enumerate(input.get<T>())) {
          int64_t to = 0;
          for (int64_t dim = 0; dim < input.getRank(); ++dim)
            to += static_cast<int64_t>(linear) / inStrides[dim] % input.getShape()[dim] * strides[dim];
          result[to] = combine<T>(getKind(), element, result[to]);
        }
      },
      results[0].getStorage());
  results[0].wrap();
  return success();
}

//===----------------------------------------------------------------------===//
// Derivative
//===----------------------------------------------------------------------===//

/// With r = x_1 * ... * x_n, dr/dx_i is r / x_i where nothing is zero; at the only zero it is the product of the
/// others, elsewhere beside one zero, or with two, it is zero. (Second derivatives are exact where no element is zero.)
static Value buildProductGradient(OpBuilder &builder, ReduceOp op, Expr x, Expr g) {
  Location loc = op.getLoc();
  auto type = x.getType();
  auto spread = [&](Value value) {
    return Expr(builder, loc, broadcastAlong(builder, loc, value, type, op.getDims()));
  };
  Expr isZero = equal(x, 0);
  Expr others = glyptic::graph::select(isZero, 1, x);
  Value zeros = reduceSum(builder, loc, convertTo(builder, loc, isZero, type.getElementType()), op.getDims());
  Value product = reduce(builder, loc, ReductionKind::Prod, others, op.getDims());
  // Zeros besides the element itself.
  Expr otherZeros = spread(zeros) - Expr(builder, loc, convertTo(builder, loc, isZero, type.getElementType()));
  return glyptic::graph::select(otherZeros > 0, 0, g * spread(product) / others);
}

FailureOr<SmallVector<Value>> ReduceOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                                       const llvm::BitVector &wanted) {
  RankedTensorType type = getInput().getType();
  if (!resultGradients[0] || !wanted[0] || getNumElements(type).scale == 0)
    return SmallVector<Value>{Value()};
  Location loc = getLoc();
  auto spread = [&](Value value) { return Expr(builder, loc, broadcastAlong(builder, loc, value, type, getDims())); };
  Expr x(builder, loc, getInput()), g(builder, loc, resultGradients[0]);
  switch (getKind()) {
  case ReductionKind::Sum: return SmallVector<Value>{spread(g)};
  case ReductionKind::Prod: return SmallVector<Value>{buildProductGradient(builder, *this, x, spread(g))};
  case ReductionKind::Max:
  case ReductionKind::Min: {
    // Those that attain the extremum share its gradient.
    Expr attains = equal(x, spread(getResult()));
    Value count = reduceSum(builder, loc, convertTo(builder, loc, attains, type.getElementType()), getDims());
    return SmallVector<Value>{glyptic::graph::select(attains, spread(g / Expr(builder, loc, count)), 0)};
  }
  case ReductionKind::And:
  case ReductionKind::Or: return SmallVector<Value>{Value()};
  }
  llvm_unreachable("all kinds handled");
}

//===----------------------------------------------------------------------===//
// Structured form
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> ReduceOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  Location loc = getLoc();
  Type elementType = getType().getElementType();
  Value init = filledTensor(builder, loc, getType(), buildIdentity(builder, loc, getKind(), elementType));

  int64_t rank = getInput().getType().getRank();
  SmallVector<AffineExpr> kept;
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::reduction);
  for (int64_t dim : llvm::seq<int64_t>(0, rank))
    if (!llvm::is_contained(getDims(), dim)) {
      kept.push_back(builder.getAffineDimExpr(dim));
      iterators[dim] = utils::IteratorType::parallel;
    }
  SmallVector<AffineMap> maps = {builder.getMultiDimIdentityMap(rank),
                                 AffineMap::get(rank, 0, kept, builder.getContext())};
  auto body = [&](OpBuilder &b, Location l, ValueRange x) {
    linalg::YieldOp::create(b, l, buildCombination(b, l, getKind(), x[0], x[1]));
  };
  auto generic =
      linalg::GenericOp::create(builder, loc, TypeRange(getType()), operands[0], init, maps, iterators, body);
  return SmallVector<Value>{generic.getResult(0)};
}
