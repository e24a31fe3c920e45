//===- Reduction.cpp - Sums, extremes and their positions ---------------------===//
#include "compiler/Import/Registry.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// The dimensions to reduce, and whether they stay with size 1.
struct Reduction {
  SmallVector<int64_t> axes;
  SmallVector<Dim> resultDims;
};

FailureOr<Reduction> readReduction(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  auto given = node.getIntegers("axes", 1);
  if (failed(dims) || failed(given))
    return failure();
  Reduction reduction;
  bool isAll = !*given || (*given)->empty();
  if (isAll && !node.getInt("noop_with_empty_axes", 0))
    reduction.axes = llvm::to_vector(llvm::seq<int64_t>(0, dims->size()));
  if (!isAll) {
    FailureOr<SmallVector<int64_t>> axes = node.normalizeAxes(**given, dims->size());
    if (failed(axes))
      return failure();
    reduction.axes = *axes;
    llvm::sort(reduction.axes);
  }
  for (auto [i, dim] : llvm::enumerate(*dims))
    if (!llvm::is_contained(reduction.axes, int64_t(i)))
      reduction.resultDims.push_back(dim);
    else if (node.getInt("keepdims", 1))
      reduction.resultDims.push_back({1, false});
  return reduction;
}

Value reduce(NodeImporter &node, const Reduction &reduction, ReductionKind kind, Value input) {
  if (reduction.axes.empty())
    return input;
  return node.createReshape(node.create<ReduceOp>(kind, input, reduction.axes), reduction.resultDims);
}

/// Products and sums of shapes: the number of elements, for example.
std::optional<ShapeValue> foldReduce(const ShapeValue *value, const Reduction &reduction, ReductionKind kind) {
  DimFunction function = kind == ReductionKind::Prod  ? mulDims
                         : kind == ReductionKind::Sum ? addDims
                         : kind == ReductionKind::Max ? maxDims
                                                      : minDims;
  if (!value || value->shape.size() != 1 || value->elements.empty() || reduction.axes.empty())
    return std::nullopt;
  std::optional<Dim> result = value->elements.front();
  for (Dim element : ArrayRef<Dim>(value->elements).drop_front())
    result = result ? function(*result, element) : result;
  if (!result)
    return std::nullopt;
  return ShapeValue{SmallVector<int64_t>(reduction.resultDims.size(), 1), {*result}, value->elementType};
}

template <ReductionKind kind> LogicalResult importReduce(NodeImporter &node) {
  FailureOr<Reduction> reduction = readReduction(node);
  if (failed(reduction))
    return failure();
  if (auto folded = foldReduce(node.getShapeValue(0), *reduction, kind))
    return node.setResult(*folded);
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  // Largest and smallest of booleans are or and and.
  ReductionKind used = !type.getElementType().isInteger(1)  ? kind
                       : kind == ReductionKind::Max         ? ReductionKind::Or
                       : kind == ReductionKind::Min         ? ReductionKind::And
                                                            : kind;
  return node.setResult(reduce(node, *reduction, used, node.getInput(0)));
}

LogicalResult importReduceMean(NodeImporter &node) {
  FailureOr<Reduction> reduction = readReduction(node);
  RankedTensorType type = node.getType(0);
  if (failed(reduction) || !type)
    return failure();
  Dim count{1, false};
  for (int64_t axis : reduction->axes)
    count = mulDims(count, getDim(type, axis)).value_or(count); // at most one is batched
  Value sum = reduce(node, *reduction, ReductionKind::Sum, node.getInput(0));
  Value divisor = node.createConvert(node.materialize(ShapeValue::scalar(count, node.getBuilder().getI64Type())),
                                     type.getElementType());
  if (!count.batched)
    divisor = node.createSplat(count.scale, {}, type.getElementType());
  return node.setResult(node.create<DivOp>(sum, node.broadcastTo(divisor, reduction->resultDims)));
}

Value sumSquares(NodeImporter &node, const Reduction &reduction) {
  Value input = node.getInput(0);
  return reduce(node, reduction, ReductionKind::Sum, node.create<MulOp>(input, input));
}

LogicalResult importReduceSumSquare(NodeImporter &node) {
  FailureOr<Reduction> reduction = readReduction(node);
  return failed(reduction) ? failure() : node.setResult(sumSquares(node, *reduction));
}

LogicalResult importReduceL2(NodeImporter &node) {
  FailureOr<Reduction> reduction = readReduction(node);
  return failed(reduction) ? failure() : node.setResult(node.create<SqrtOp>(sumSquares(node, *reduction)));
}

LogicalResult importReduceL1(NodeImporter &node) {
  FailureOr<Reduction> reduction = readReduction(node);
  if (failed(reduction))
    return failure();
  return node.setResult(reduce(node, *reduction, ReductionKind::Sum, node.create<AbsOp>(node.getInput(0))));
}

LogicalResult importReduceLogSum(NodeImporter &node) {
  FailureOr<Reduction> reduction = readReduction(node);
  if (failed(reduction))
    return failure();
  return node.setResult(node.create<LogOp>(reduce(node, *reduction, ReductionKind::Sum, node.getInput(0))));
}

/// log(sum(e^(x - m))) + m with the maximum m, which does not overflow.
LogicalResult importReduceLogSumExp(NodeImporter &node) {
  FailureOr<Reduction> reduction = readReduction(node);
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  if (failed(reduction) || failed(dims))
    return failure();
  Reduction kept = *reduction;
  kept.resultDims = *dims;
  for (int64_t axis : reduction->axes)
    kept.resultDims[axis] = {1, false};
  Value maximum = reduce(node, kept, ReductionKind::Max, node.getInput(0));
  Value shifted = node.create<SubOp>(node.getInput(0), node.broadcastTo(maximum, *dims));
  Value sum = reduce(node, kept, ReductionKind::Sum, node.create<ExpOp>(shifted));
  Value result = node.create<AddOp>(node.create<LogOp>(sum), maximum);
  return node.setResult(node.createReshape(result, reduction->resultDims));
}

/// x over its norm along an axis, where that is not 0; there, 0 and no gradient rather than a division by zero.
LogicalResult importLpNormalization(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", -1), type.getRank());
  int64_t power = node.getInt("p", 2);
  if (failed(axis))
    return failure();
  if (power != 1 && power != 2)
    return node.emitError("its p must be 1 or 2");
  Value x = node.getInput(0);
  Reduction reduction{{*axis}, getDims(type)};
  reduction.resultDims[*axis] = {1, false};
  Value sum = reduce(node, reduction, ReductionKind::Sum,
                     power == 1 ? node.create<AbsOp>(x) : node.create<MulOp>(x, x));
  Value zero = node.createSplat(0, reduction.resultDims, type.getElementType());
  Value one = node.createSplat(1, reduction.resultDims, type.getElementType());
  Value norm = node.create<SelectOp>(node.create<CompareOp>(Comparison::EQ, sum, zero), one, sum);
  if (power == 2)
    norm = node.create<SqrtOp>(norm);
  return node.setResult(node.create<DivOp>(x, node.broadcastTo(norm, getDims(type))));
}

template <ReductionKind kind> LogicalResult importArgReduce(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 0), type.getRank());
  if (failed(axis))
    return failure();
  if (type.isDynamicDim(*axis))
    return node.emitError("looks for a position within the batch; fix the batch with --shape");
  Value position = node.create<ArgReduceOp>(kind, node.getInput(0), *axis, node.getInt("select_last_index", 0) != 0);
  if (!position || !node.getInt("keepdims", 1))
    return node.setResult(position);
  SmallVector<Dim> dims = getDims(type);
  dims[*axis] = {1, false};
  return node.setResult(node.createReshape(position, dims));
}

const OpImporter kImporters[] = {
    {"ArgMax", 1, importArgReduce<ReductionKind::Max>},
    {"ArgMin", 1, importArgReduce<ReductionKind::Min>},
    {"LpNormalization", 1, importLpNormalization},
    {"ReduceL1", 1, importReduceL1},
    {"ReduceL2", 1, importReduceL2},
    {"ReduceLogSum", 1, importReduceLogSum},
    {"ReduceLogSumExp", 1, importReduceLogSumExp},
    {"ReduceMax", 1, importReduce<ReductionKind::Max>},
    {"ReduceMean", 1, importReduceMean},
    {"ReduceMin", 1, importReduce<ReductionKind::Min>},
    {"ReduceProd", 1, importReduce<ReductionKind::Prod>},
    {"ReduceSum", 1, importReduce<ReductionKind::Sum>},
    {"ReduceSumSquare", 1, importReduceSumSquare},
};

} // namespace

ArrayRef<OpImporter> getReductionImporters() { return kImporters; }

} // namespace glyptic
