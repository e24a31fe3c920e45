//===- Padding.cpp - Pad -------------------------------------------------------===//
//
// A constant is a pad op; the other modes repeat elements of the input, so they are slices put together.
//
//===----------------------------------------------------------------------===//
#include "compiler/Import/Registry.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

struct Pads {
  SmallVector<int64_t> low, high; ///< for each dimension; negative ones crop
};

FailureOr<Pads> readPads(NodeImporter &node, RankedTensorType type) {
  int64_t rank = type.getRank();
  auto sizes = node.getIntegers("pads", 1), given = node.getIntegers("axes", 3);
  if (failed(sizes) || failed(given))
    return failure();
  FailureOr<SmallVector<int64_t>> axes =
      node.normalizeAxes(given->value_or(llvm::to_vector(llvm::seq<int64_t>(0, rank))), rank);
  if (failed(axes))
    return failure();
  if (!*sizes || (*sizes)->size() != 2 * axes->size())
    return node.emitError("needs two pads for each dimension");
  Pads pads{SmallVector<int64_t>(rank, 0), SmallVector<int64_t>(rank, 0)};
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    pads.low[axis] = (**sizes)[i];
    pads.high[axis] = (**sizes)[axes->size() + i];
    bool isPadded = pads.low[axis] || pads.high[axis];
    if (type.isDynamicDim(axis) && isPadded)
      return node.emitError("pads the batch; fix the batch with --shape");
    if (!type.isDynamicDim(axis) && type.getDimSize(axis) + std::min<int64_t>(pads.low[axis], 0) +
                                            std::min<int64_t>(pads.high[axis], 0) < 0)
      return node.emitError("removes more than dimension " + Twine(axis) + " has");
  }
  return pads;
}

/// `count` elements of dimension `axis` from `start` on.
Value take(NodeImporter &node, Value input, int64_t axis, int64_t start, int64_t count) {
  if (!input)
    return {};
  SmallVector<Dim> sizes = getDims(cast<RankedTensorType>(input.getType()));
  SmallVector<int64_t> starts(sizes.size(), 0), strides(sizes.size(), 1);
  starts[axis] = start;
  sizes[axis] = {count, false};
  return node.createSlice(input, starts, strides, sizes);
}

/// What stands before (or after) dimension `axis` in the given mode.
Value createBorder(NodeImporter &node, Value input, StringRef mode, int64_t axis, int64_t count, bool isBefore) {
  auto type = cast<RankedTensorType>(input.getType());
  int64_t size = type.getDimSize(axis);
  if (mode == "edge") {
    SmallVector<Dim> dims = getDims(type);
    dims[axis] = {count, false};
    return node.broadcastTo(take(node, input, axis, isBefore ? 0 : size - 1, 1), dims);
  }
  if (mode == "wrap")
    return take(node, input, axis, isBefore ? size - count : 0, count);
  // The border mirrors the elements next to the outermost one.
  Value mirrored = take(node, input, axis, isBefore ? 1 : size - 1 - count, count);
  return node.create<ReverseOp>(mirrored, ArrayRef<int64_t>(axis));
}

LogicalResult importRepeatingPad(NodeImporter &node, StringRef mode, const Pads &pads) {
  Value result = node.getInput(0);
  for (int64_t axis = 0, rank = pads.low.size(); axis < rank && result; ++axis) {
    int64_t low = std::max<int64_t>(pads.low[axis], 0), high = std::max<int64_t>(pads.high[axis], 0);
    int64_t cropLow = low - pads.low[axis], cropHigh = high - pads.high[axis];
    if (!low && !high && !cropLow && !cropHigh)
      continue;
    int64_t size = node.getType(0).getDimSize(axis) - cropLow - cropHigh;
    result = take(node, result, axis, cropLow, size);
    int64_t available = mode == "reflect" ? size - 1 : mode == "wrap" ? size : INT64_MAX;
    if (size == 0 || std::max(low, high) > available)
      return node.emitError("repeats more elements than dimension " + Twine(axis) + " has");
    SmallVector<Value> pieces;
    if (low)
      pieces.push_back(createBorder(node, result, mode, axis, low, /*isBefore=*/true));
    pieces.push_back(result);
    if (high)
      pieces.push_back(createBorder(node, result, mode, axis, high, /*isBefore=*/false));
    result = pieces.size() == 1 ? result : node.create<ConcatOp>(ValueRange(pieces), axis);
  }
  return node.setResult(result);
}

LogicalResult importPad(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  FailureOr<Pads> pads = readPads(node, type);
  if (failed(pads))
    return failure();
  std::string mode = node.getString("mode", "constant");
  if (mode == "reflect" || mode == "edge" || mode == "wrap")
    return importRepeatingPad(node, mode, *pads);
  if (mode != "constant")
    return node.emitError("the mode " + mode + " is not one of constant, reflect, edge, wrap");
  Value value = node.hasInput(2) ? node.createReshape(node.getInput(2), {})
                                 : node.createSplat(node.getFloat("value", 0.0), {}, type.getElementType());
  SmallVector<int64_t> interior(type.getRank(), 0);
  return node.setResult(node.create<PadOp>(node.getInput(0), value, pads->low, pads->high, interior));
}

const OpImporter kImporters[] = {
    {"Pad", 2, importPad},
};

} // namespace

ArrayRef<OpImporter> getPaddingImporters() { return kImporters; }

} // namespace glyptic
