//===- Indexing.cpp - Pieces of tensors ---------------------------------------===//
#include "compiler/Import/Registry.h"
#include "compiler/Import/TensorUse.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

//===-- Gather ----------------------------------------------------------------------------------------------------===//

/// Indices into a shape.
std::optional<ShapeValue> foldGather(const ShapeValue &data, const ShapeValue &indices) {
  if (data.shape.size() != 1 || !indices.isStatic())
    return std::nullopt;
  ShapeValue result{indices.shape, {}, data.elementType};
  int64_t size = data.elements.size();
  for (Dim index : indices.elements) {
    if (index.scale < -size || index.scale >= size)
      return std::nullopt;
    result.elements.push_back(data.elements[index.scale < 0 ? index.scale + size : index.scale]);
  }
  return result;
}

/// One known index is a slice: its gradient then is a pad, not a scatter.
LogicalResult gatherOne(NodeImporter &node, ArrayRef<Dim> dims, int64_t axis, int64_t index) {
  SmallVector<int64_t> starts(dims.size(), 0), strides(dims.size(), 1);
  SmallVector<Dim> sizes(dims), kept(dims);
  starts[axis] = index < 0 ? index + dims[axis].scale : index;
  sizes[axis] = {1, false};
  kept.erase(kept.begin() + axis);
  return node.setResult(node.createReshape(node.createSlice(node.getInput(0), starts, strides, sizes), kept));
}

LogicalResult importGather(NodeImporter &node) {
  const ShapeValue *indices = node.getShapeValue(1);
  if (const ShapeValue *data = node.getShapeValue(0); data && indices)
    if (auto folded = foldGather(*data, *indices))
      return node.setResult(*folded);
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  if (failed(dims))
    return failure();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 0), dims->size());
  if (failed(axis))
    return failure();
  Dim size = (*dims)[*axis];
  if (size.batched)
    return node.emitError("picks samples of the batch by index; fix the batch with --shape");
  if (indices && indices->isStatic()) {
    for (Dim index : indices->elements)
      if (index.scale < -size.scale || index.scale >= size.scale)
        return node.emitError("index " + Twine(index.scale) + " does not exist in a dimension of size " +
                              Twine(size.scale));
    if (indices->shape.empty())
      return gatherOne(node, *dims, *axis, indices->elements[0].scale);
  }
  return node.setResult(node.create<GatherOp>(node.getInput(0), node.getInput(1), *axis));
}

//===-- Slice -----------------------------------------------------------------------------------------------------===//

/// What Slice takes of one dimension.
struct Cut {
  Dim start{0, false}, end{0, false};
  int64_t step = 1;
};

/// The operands of Slice; `cuts` is by axis.
LogicalResult readCuts(NodeImporter &node, ArrayRef<Dim> dims, std::map<int64_t, Cut> &cuts) {
  SmallVector<Dim> starts, ends;
  auto toDims = [](ArrayRef<int64_t> values) {
    return llvm::map_to_vector(values, [](int64_t value) { return Dim{value, false}; });
  };
  if (auto attribute = node.getInts("starts")) {
    starts = toDims(*attribute);
    ends = toDims(node.getInts("ends").value_or(SmallVector<int64_t>()));
  } else {
    FailureOr<SmallVector<Dim>> first = node.getSizes(1), last = node.getSizes(2);
    if (failed(first) || failed(last))
      return failure();
    starts = *first;
    ends = *last;
  }
  auto axes = node.getIntegers("axes", 3), steps = node.getIntegers("steps", 4);
  if (failed(axes) || failed(steps))
    return failure();
  auto all = axes->value_or(llvm::to_vector(llvm::seq<int64_t>(0, starts.size())));
  FailureOr<SmallVector<int64_t>> normalized = node.normalizeAxes(all, dims.size());
  if (failed(normalized))
    return failure();
  if (starts.size() != ends.size() || starts.size() != normalized->size() ||
      (*steps && (*steps)->size() != starts.size()))
    return node.emitError("starts, ends, axes and steps do not have the same length");
  for (auto [i, axis] : llvm::enumerate(*normalized))
    cuts[axis] = {starts[i], ends[i], *steps ? (**steps)[i] : 1};
  return success();
}

/// Exporters write "to the end" as a number that no batch reaches: 2^31 - 1, 2^63 - 1, and tf2onnx 10^9.
constexpr int64_t kToTheEnd = 1'000'000'000;

/// Whether the cut takes all of a batched dimension, in order.
bool isWhole(const Cut &cut, Dim size) {
  std::optional<Dim> beyond = lessDims(cut.end, size);
  return cut.step == 1 && cut.start == Dim{0, false} &&
         (cut.end == size || (!cut.end.batched && cut.end.scale >= kToTheEnd) ||
          (beyond && !beyond->scale && cut.end.batched));
}

struct Bounds {
  int64_t start, size;
};

/// ONNX's clamping: negative positions count from the end, then everything is brought into the dimension.
Bounds clampCut(int64_t start, int64_t end, int64_t step, int64_t size) {
  auto fromEnd = [&](int64_t position) { return position < 0 ? position + size : position; };
  if (step > 0) {
    start = std::clamp<int64_t>(fromEnd(start), 0, size);
    end = std::clamp<int64_t>(fromEnd(end), 0, size);
    return {start, end > start ? (end - start - 1) / step + 1 : 0};
  }
  start = std::clamp<int64_t>(fromEnd(start), -1, size - 1);
  end = std::clamp<int64_t>(end < -size ? -1 : fromEnd(end), -1, size - 1);
  return {start, start > end ? (start - end - 1) / -step + 1 : 0};
}

std::optional<ShapeValue> foldSlice(const ShapeValue &value, const Cut &cut) {
  if (value.shape.size() != 1 || cut.start.batched || cut.end.batched)
    return std::nullopt;
  Bounds bounds = clampCut(cut.start.scale, cut.end.scale, cut.step, value.shape[0]);
  SmallVector<Dim> elements;
  for (int64_t i = 0; i < bounds.size; ++i)
    elements.push_back(value.elements[bounds.start + i * cut.step]);
  return ShapeValue::vector(elements, value.elementType);
}

LogicalResult importSlice(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  std::map<int64_t, Cut> cuts;
  if (failed(dims) || failed(readCuts(node, *dims, cuts)))
    return failure();
  for (auto &[axis, cut] : cuts)
    if (cut.step == 0)
      return node.emitError("a step of 0 is not possible");
  if (const ShapeValue *value = node.getShapeValue(0); value && cuts.size() == 1)
    if (auto folded = foldSlice(*value, cuts.begin()->second))
      return node.setResult(*folded);
  SmallVector<int64_t> starts(dims->size(), 0), strides(dims->size(), 1), reversed;
  for (auto &[axis, cut] : cuts) {
    Dim &size = (*dims)[axis];
    if (size.batched ? !isWhole(cut, size) : cut.start.batched || cut.end.batched)
      return node.emitError("takes a part of dimension " + Twine(axis) + " that depends on the batch; fix the batch "
                            "with --shape");
    if (size.batched)
      continue;
    Bounds bounds = clampCut(cut.start.scale, cut.end.scale, cut.step, size.scale);
    bool isReversed = cut.step < 0 && bounds.size > 0;
    // A descending slice is the ascending one over the same elements, turned round.
    starts[axis] = bounds.size == 0 ? 0 : isReversed ? bounds.start + (bounds.size - 1) * cut.step : bounds.start;
    strides[axis] = cut.step < 0 ? -cut.step : cut.step;
    size = {bounds.size, false};
    if (isReversed)
      reversed.push_back(axis);
  }
  Value result = node.createSlice(node.getInput(0), starts, strides, *dims);
  return node.setResult(reversed.empty() ? result : node.create<ReverseOp>(result, reversed));
}

//===-- Split, Concat, Trilu --------------------------------------------------------------------------------------===//

FailureOr<SmallVector<int64_t>> getParts(NodeImporter &node, int64_t size) {
  auto given = node.getIntegers("split", 1);
  if (failed(given))
    return failure();
  if (const int64_t count = node.getInt("num_outputs", node.getNumOutputs()); count != node.getNumOutputs())
    return node.emitError("has num_outputs = " + Twine(count) + ", but " + Twine(node.getNumOutputs()) + " outputs");
  if (!*given) {
    int64_t count = node.getNumOutputs(), part = llvm::divideCeil(size, count);
    if (size % count && node.getOpset() < 18)
      return node.emitError("a dimension of size " + Twine(size) + " cannot be split in " + Twine(count) +
                            " equal parts");
    SmallVector<int64_t> parts(count, part);
    parts.back() = size - part * (count - 1);
    if (parts.back() < 0)
      return node.emitError("has more parts than the dimension's size " + Twine(size));
    return parts;
  }
  if ((*given)->size() != size_t(node.getNumOutputs()) || llvm::sum_of(**given) != size ||
      llvm::any_of(**given, [](int64_t part) { return part < 0; }))
    return node.emitError("its parts do not add up to the dimension's size " + Twine(size));
  return **given;
}

LogicalResult importSplit(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  if (failed(dims))
    return failure();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 0), dims->size());
  if (failed(axis))
    return failure();
  if ((*dims)[*axis].batched)
    return node.emitError("splits the batch; fix the batch with --shape");
  FailureOr<SmallVector<int64_t>> parts = getParts(node, (*dims)[*axis].scale);
  if (failed(parts))
    return failure();
  SmallVector<int64_t> starts(dims->size(), 0), strides(dims->size(), 1);
  for (auto [i, part] : llvm::enumerate(*parts)) {
    (*dims)[*axis] = {part, false};
    if (failed(node.setResult(node.createSlice(node.getInput(0), starts, strides, *dims), i)))
      return failure();
    starts[*axis] += part;
  }
  return success();
}

LogicalResult importConcat(NodeImporter &node) {
  SmallVector<Dim> elements;
  bool isShape = true;
  for (int i = 0; i < node.getNumInputs() && isShape; ++i) {
    const ShapeValue *value = node.getShapeValue(i);
    isShape = value && value->shape.size() == 1 && elements.size() + value->elements.size() <= kMaxShapeElements;
    if (isShape)
      llvm::append_range(elements, value->elements);
  }
  if (isShape && node.getNumInputs())
    return node.setResult(ShapeValue::vector(elements, node.getShapeValue(0)->elementType));
  FailureOr<SmallVector<Value>> operands = node.getInputs();
  if (failed(operands))
    return failure();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 1), node.getType(0).getRank());
  if (failed(axis))
    return failure();
  return node.setResult(operands->size() == 1 ? operands->front()
                                              : node.create<ConcatOp>(ValueRange(*operands), *axis));
}

/// Copies side by side: a new dimension before each one, along which it repeats.
LogicalResult importTile(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0), repeats = node.getSizes(1);
  if (failed(dims) || failed(repeats))
    return failure();
  if (repeats->size() != dims->size() || llvm::any_of(*repeats, [](Dim count) { return count.scale < 0; }))
    return node.emitError("needs a number of repeats for each of " + Twine(dims->size()) + " dimensions");
  SmallVector<Dim> spread, result(*dims);
  SmallVector<int64_t> mapped;
  for (auto [dim, count] : llvm::zip_equal(*dims, *repeats)) {
    if (!count.isOne())
      spread.push_back(count);
    mapped.push_back(spread.size());
    spread.push_back(dim);
  }
  if (failed(node.checkBatch(spread)) || failed(node.checkSizes(spread)))
    return failure();
  for (auto [dim, count] : llvm::zip_equal(result, *repeats)) {
    dim = {dim.scale * count.scale, dim.batched || count.batched};
    dim.batched &= dim.scale != 0;
  }
  Value input = node.getInput(0);
  if (!input)
    return failure();
  RankedTensorType type = getTensorType(spread, cast<RankedTensorType>(input.getType()).getElementType());
  return node.setResult(node.createReshape(node.createAs<BroadcastOp>(type, input, mapped), result));
}

/// Slices where the condition holds, which must be known: it decides the shape.
LogicalResult importCompress(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  const ShapeValue *condition = node.getShapeValue(1);
  if (failed(dims))
    return failure();
  if (!condition)
    return node.emitError("the shape of its result depends on data; its condition must be known at compile time");
  Value input = node.getInput(0);
  int64_t axis = 0;
  if (node.has("axis")) {
    FailureOr<int64_t> known = node.normalizeAxis(node.getInt("axis", 0), dims->size());
    if (failed(known))
      return failure();
    axis = *known;
  } else {
    Dim count{1, false};
    for (Dim dim : *dims)
      count = mulDims(count, dim).value_or(count); // at most one is batched
    input = node.createReshape(input, count);
    *dims = {count};
  }
  if ((*dims)[axis].batched)
    return node.emitError("picks samples of the batch; fix the batch with --shape");
  ShapeValue picked = ShapeValue::vector({}, node.getBuilder().getI64Type());
  for (auto [i, holds] : llvm::enumerate(condition->elements))
    if (holds.scale && int64_t(i) < (*dims)[axis].scale)
      picked.elements.push_back({int64_t(i), false});
  picked.shape = {int64_t(picked.elements.size())};
  return node.setResult(node.create<GatherOp>(input, node.materialize(picked), axis));
}

/// Positions of what is not zero, a column for each. How many there are must be known: they are the shape.
LogicalResult importNonZero(NodeImporter &node) {
  const ShapeValue *value = node.getShapeValue(0);
  if (!value || !value->isStatic())
    return node.emitError("the shape of its result depends on data; its operand must be known at compile time");
  int64_t rank = value->shape.size(), count = 0;
  std::vector<SmallVector<Dim>> rows(rank);
  for (int64_t i = 0, n = value->elements.size(); i < n; ++i) {
    if (!value->elements[i].scale)
      continue;
    ++count;
    for (int64_t dim = rank - 1, rest = i; dim >= 0; rest /= value->shape[dim--])
      rows[dim].push_back({rest % value->shape[dim], false});
  }
  ShapeValue positions{{rank, count}, {}, node.getBuilder().getI64Type()};
  for (ArrayRef<Dim> row : rows)
    llvm::append_range(positions.elements, row);
  return node.setResult(positions);
}

/// Keeps the triangle where column - row is at least (upper) or at most (lower) k.
LogicalResult importTrilu(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  if (type.getRank() < 2)
    return node.emitError("its input must be a matrix or a stack of them");
  SmallVector<Dim> dims = getDims(type), matrix(ArrayRef<Dim>(dims).take_back(2));
  Type indexType = node.getBuilder().getI64Type();
  RankedTensorType positions = getTensorType(matrix, indexType);
  Value offset = node.hasInput(1) ? node.createReshape(node.getInput(1), {}) : node.createSplat(0, {}, indexType);
  Value distance = node.create<SubOp>(node.createAs<IotaOp>(positions, 1), node.createAs<IotaOp>(positions, 0));
  Value isKept = node.create<CompareOp>(node.getInt("upper", 1) ? Comparison::GE : Comparison::LE, distance,
                                        node.broadcastTo(offset, matrix));
  return node.setResult(node.create<SelectOp>(node.broadcastTo(isKept, dims), node.getInput(0),
                                              node.createSplat(0, dims, type.getElementType())));
}

const OpImporter kImporters[] = {
    {"Compress", 9, importCompress},
    {"Concat", 4, importConcat},
    {"Gather", 1, importGather},
    {"NonZero", 9, importNonZero},
    {"Slice", 1, importSlice},
    {"Split", 2, importSplit},
    {"Tile", 6, importTile},
    {"Trilu", 14, importTrilu},
};

TensorUse useLookup(const Reading &reading) {
  if (reading.slot != 0 || reading.shape.size() < 2)
    return {};
  return {TensorUse::Learnt, "embedding table", {reading.shape.back()}, /*isTable=*/true};
}

/// A token that is put before a sequence.
TensorUse useToken(const Reading &reading) {
  bool isToken = reading.getNumElements() > 1 && reading.isBetweenLayers();
  return isToken ? TensorUse::makeEmbedding() : TensorUse();
}

const ReaderRule kReaders[] = {
    {"Concat", useToken},
    {"Gather", useLookup},
    {"GatherND", useLookup},
    {"Slice", useHandedOn},
    {"Split", useHandedOn},
    {"Tile", useHandedOn},
};

} // namespace

ArrayRef<OpImporter> getIndexingImporters() { return kImporters; }

ArrayRef<ReaderRule> getIndexingReaders() { return kReaders; }

} // namespace glyptic
