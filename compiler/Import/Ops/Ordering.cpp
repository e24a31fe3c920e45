//===- Ordering.cpp - Running sums, largest elements, one-hot rows ------------===//
//
// What depends on the order of elements along an axis. Everything here compares or combines all pairs of elements of
// a row: n^2 operations for a row of n, but in one fused kernel that stores nothing of it, and with the derivatives of
// its parts. Sorting would win from some thousands of elements on.
//
//===----------------------------------------------------------------------===//
#include "compiler/Import/Registry.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// A row of the operand seen twice: dimension `axis` is the element asked for, `axis + 1` the other one.
struct Pairs {
  Pairs(NodeImporter &node, RankedTensorType type, int64_t axis) : node(node), axis(axis), dims(getDims(type)) {
    dims.insert(dims.begin() + axis, dims[axis]);
  }

  /// `input` as a function of the element asked for, or of the other one.
  Value spread(Value input, bool asOther) const {
    SmallVector<int64_t> mapped;
    for (int64_t dim : llvm::seq<int64_t>(0, dims.size()))
      if (dim != (asOther ? axis : axis + 1))
        mapped.push_back(dim);
    return input ? node.createAs<BroadcastOp>(getTensorType(dims, getElementType(input)), input, mapped) : Value();
  }
  Value position(bool ofOther) const {
    return node.createAs<IotaOp>(getTensorType(dims, node.getBuilder().getI64Type()), axis + ofOther);
  }
  Value reduce(ReductionKind kind, Value input) const {
    return node.create<ReduceOp>(kind, input, ArrayRef<int64_t>{axis + 1});
  }
  Value splat(double value, Type elementType) const { return node.createSplat(value, dims, elementType); }

  static Type getElementType(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }

  NodeImporter &node;
  int64_t axis;
  SmallVector<Dim> dims;
};

/// The axis of an operand along which elements have an order that a program may know.
FailureOr<int64_t> getOrderedAxis(NodeImporter &node, int64_t axis) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  FailureOr<int64_t> known = node.normalizeAxis(axis, type.getRank());
  if (succeeded(known) && type.isDynamicDim(*known))
    return node.emitError("goes along the batch; fix the batch with --shape");
  return known;
}

template <ReductionKind kind> LogicalResult importCumulative(NodeImporter &node) {
  auto given = node.getIntegers("axis", 1);
  if (failed(given))
    return failure();
  if (!*given || (*given)->size() != 1)
    return node.emitError("needs one axis");
  FailureOr<int64_t> axis = getOrderedAxis(node, (*given)->front());
  if (failed(axis))
    return failure();
  RankedTensorType type = node.getType(0);
  Pairs pairs(node, type, *axis);
  bool exclusive = node.getInt("exclusive", 0), reverse = node.getInt("reverse", 0);
  Comparison comparison = reverse ? (exclusive ? Comparison::GT : Comparison::GE)
                                  : (exclusive ? Comparison::LT : Comparison::LE);
  Value counts = node.create<CompareOp>(comparison, pairs.position(true), pairs.position(false));
  Value neutral = pairs.splat(kind == ReductionKind::Prod ? 1 : 0, type.getElementType());
  return node.setResult(
      pairs.reduce(kind, node.create<SelectOp>(counts, pairs.spread(node.getInput(0), true), neutral)));
}

/// How many elements of its row come before each, in descending (or ascending) order; equal ones by position.
Value createRanks(NodeImporter &node, const Pairs &pairs, Value input, bool largest) {
  Value own = pairs.spread(input, false), other = pairs.spread(input, true);
  Value isBefore = node.create<CompareOp>(largest ? Comparison::GT : Comparison::LT, other, own);
  Value isEqual = node.create<CompareOp>(Comparison::EQ, other, own);
  Value isEarlier = node.create<CompareOp>(Comparison::LT, pairs.position(true), pairs.position(false));
  Value counts = node.create<OrOp>(isBefore, node.create<AndOp>(isEqual, isEarlier));
  return pairs.reduce(ReductionKind::Sum, node.createConvert(counts, node.getBuilder().getI64Type()));
}

/// Element r of the result is the one of rank r: the only one that a sum over its row does not leave out.
LogicalResult importTopK(NodeImporter &node) {
  FailureOr<int64_t> axis = getOrderedAxis(node, node.getInt("axis", -1));
  auto given = node.has("k") ? FailureOr<std::optional<SmallVector<int64_t>>>(
                                   std::optional(SmallVector<int64_t>{node.getInt("k", 0)}))
                             : node.getIntegers("k", 1);
  if (failed(axis) || failed(given))
    return failure();
  RankedTensorType type = node.getType(0);
  int64_t count = *given && (*given)->size() == 1 ? (*given)->front() : -1;
  if (count < 0 || count > type.getDimSize(*axis))
    return node.emitError("k must be between 0 and the dimension's size " + Twine(type.getDimSize(*axis)));
  Value input = node.getInput(0);
  Value ranks = createRanks(node, Pairs(node, type, *axis), input, node.getInt("largest", 1));

  // Dimension `axis` is the rank asked for, and the next one the element.
  Pairs picks(node, type, *axis);
  picks.dims[*axis] = {count, false};
  Value isPicked = node.create<CompareOp>(Comparison::EQ, picks.spread(ranks, true), picks.position(false));
  auto pick = [&](Value value) {
    Value zero = value ? picks.splat(0, Pairs::getElementType(value)) : Value();
    return picks.reduce(ReductionKind::Sum, node.create<SelectOp>(isPicked, value, zero));
  };
  if (failed(node.setResult(pick(picks.spread(input, true)))))
    return failure();
  return node.setResult(pick(picks.position(true)), 1);
}

/// 1 at the position, 0 elsewhere, along a new dimension at `axis`.
Value createIsAt(NodeImporter &node, Value position, int64_t axis, int64_t size) {
  if (!position)
    return {};
  SmallVector<Dim> dims = getDims(cast<RankedTensorType>(position.getType()));
  SmallVector<int64_t> mapped;
  for (int64_t dim : llvm::seq<int64_t>(0, dims.size()))
    mapped.push_back(dim + (dim >= axis));
  dims.insert(dims.begin() + axis, Dim{size, false});
  RankedTensorType type = getTensorType(dims, Pairs::getElementType(position));
  return node.create<CompareOp>(Comparison::EQ, node.createAs<IotaOp>(type, axis),
                                node.createAs<BroadcastOp>(type, position, mapped));
}

LogicalResult importOneHot(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", -1), type.getRank() + 1);
  if (failed(axis))
    return failure();
  std::optional<double> depth = node.getNumber(1);
  if (!depth || !(*depth >= 0 && *depth < INT32_MAX))
    return node.emitError("its depth must be known at compile time");
  int64_t size = *depth;
  Type indexType = node.getBuilder().getI64Type();
  Value index = node.createConvert(node.getInput(0), indexType);
  Value isNegative = node.create<CompareOp>(Comparison::LT, index, node.createSplat(0, getDims(type), indexType));
  Value fromEnd = node.create<AddOp>(index, node.createSplat(size, getDims(type), indexType));
  Value isAt = createIsAt(node, node.create<SelectOp>(isNegative, fromEnd, index), *axis, size);
  if (!isAt)
    return failure();
  SmallVector<Dim> dims = getDims(cast<RankedTensorType>(isAt.getType()));
  auto getValue = [&](int64_t i) {
    Value element = node.createSlice(node.getInput(2), {i}, {1}, {Dim{1, false}});
    return node.broadcastTo(node.createReshape(element, {}), dims);
  };
  return node.setResult(node.create<SelectOp>(isAt, getValue(1), getValue(0)));
}

/// 1 at the first largest element along `axis`.
LogicalResult setHardmax(NodeImporter &node, Value input, int64_t axis) {
  auto type = cast<RankedTensorType>(input.getType());
  Value position = node.create<ArgReduceOp>(ReductionKind::Max, input, axis, false);
  Value isAt = createIsAt(node, position, axis, type.getDimSize(axis));
  return node.setResult(node.createReshape(node.createConvert(isAt, type.getElementType()), getDims(node.getType(0))));
}

LogicalResult importHardmax(NodeImporter &node) {
  FailureOr<int64_t> axis = getOrderedAxis(node, node.getInt("axis", -1));
  return failed(axis) ? failure() : setHardmax(node, node.getInput(0), *axis);
}

/// Before opset 13 the dimensions from `axis` on count as one.
LogicalResult importFlatHardmax(NodeImporter &node) {
  FailureOr<int64_t> axis = getOrderedAxis(node, node.getInt("axis", 1));
  if (failed(axis))
    return failure();
  SmallVector<Dim> dims = getDims(node.getType(0)), flat(ArrayRef<Dim>(dims).take_front(*axis));
  Dim inner{1, false};
  for (Dim dim : ArrayRef<Dim>(dims).drop_front(*axis)) {
    if (dim.batched)
      return node.emitError("goes along the batch; fix the batch with --shape");
    inner.scale *= dim.scale;
  }
  flat.push_back(inner);
  Value input = node.createReshape(node.getInput(0), flat);
  return input ? setHardmax(node, input, *axis) : failure();
}

const OpImporter kImporters[] = {
    {"CumProd", 26, importCumulative<ReductionKind::Prod>},
    {"CumSum", 11, importCumulative<ReductionKind::Sum>},
    {"Hardmax", 1, importFlatHardmax},
    {"Hardmax", 13, importHardmax},
    {"OneHot", 9, importOneHot},
    {"TopK", 1, importTopK},
};

} // namespace

ArrayRef<OpImporter> getOrderingImporters() { return kImporters; }

} // namespace glyptic
