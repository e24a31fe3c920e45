//===- Shape.cpp - The same elements under another shape ----------------------===//
#include "compiler/Import/Registry.h"
#include "compiler/Import/TensorUse.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// Gives operand 0 another shape, as a value or as a shape known at import.
LogicalResult setReshaped(NodeImporter &node, ArrayRef<Dim> dims) {
  if (const ShapeValue *value = node.getShapeValue(0); value && llvm::none_of(dims, [](Dim d) { return d.batched; })) {
    ShapeValue reshaped = *value;
    reshaped.shape = llvm::map_to_vector(dims, [](Dim dim) { return dim.scale; });
    return node.setResult(reshaped);
  }
  if (failed(node.checkBatch(dims)))
    return failure();
  return node.setResult(node.createReshape(node.getInput(0), dims));
}

std::optional<Dim> multiply(ArrayRef<Dim> dims) {
  std::optional<Dim> product = Dim{1, false};
  for (Dim dim : dims)
    product = product ? mulDims(*product, dim) : product;
  return product;
}

LogicalResult importIdentity(NodeImporter &node) {
  if (const ShapeValue *value = node.getShapeValue(0))
    return node.setResult(*value);
  return node.setResult(node.getInput(0));
}

LogicalResult importReshape(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> from = node.getOperandDims(0), to = node.getSizes(1);
  if (failed(from) || failed(to))
    return failure();
  Dim *unknown = nullptr;
  for (auto [i, dim] : llvm::enumerate(*to)) {
    if (dim == Dim{0, false} && !node.getInt("allowzero", 0)) {
      if (i >= from->size())
        return node.emitError("size 0 copies dimension " + Twine(i) + ", which the input does not have");
      dim = (*from)[i];
    } else if (dim == Dim{-1, false}) {
      if (unknown)
        return node.emitError("has -1 twice in its shape");
      unknown = &dim;
    }
  }
  std::optional<Dim> total = multiply(*from);
  if (unknown)
    *unknown = {1, false};
  std::optional<Dim> known = multiply(*to);
  if (total && known && unknown) {
    std::optional<Dim> rest = known->scale && total->scale % known->scale == 0 ? divDims(*total, *known) : std::nullopt;
    if (!rest)
      return node.emitError("the sizes of its shape do not divide its input" +
                            (total->batched || known->batched ? " at every batch; " + node.getBatchAdvice() : ""));
    *unknown = *rest;
  } else if (!total || !known || *total != *known) {
    if (total && known && total->batched != known->batched)
      return node.emitError("its shape has a fixed number of elements, but its input depends on the batch; export the "
                            "model with a dynamic batch, or " +
                            node.getBatchAdvice());
    return node.emitError("its shape does not have as many elements as its input");
  }
  if (failed(node.checkSizes(*to)))
    return failure();
  return setReshaped(node, *to);
}

LogicalResult importFlatten(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  if (failed(dims))
    return failure();
  int64_t rank = dims->size(), axis = node.getInt("axis", 1);
  if (axis < -rank || axis > rank)
    return node.emitError("axis " + Twine(axis) + " does not exist in a tensor of " + Twine(rank) + " dimensions");
  ArrayRef<Dim> all = *dims;
  size_t split = axis < 0 ? axis + rank : axis;
  std::optional<Dim> outer = multiply(all.take_front(split)), inner = multiply(all.drop_front(split));
  if (!outer || !inner)
    return node.emitError("has more elements than can be counted");
  return setReshaped(node, {*outer, *inner});
}

LogicalResult importSqueeze(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  auto given = node.getIntegers("axes", 1);
  if (failed(dims) || failed(given))
    return failure();
  SmallVector<int64_t> axes;
  if (*given) {
    FailureOr<SmallVector<int64_t>> normalized = node.normalizeAxes(**given, dims->size());
    if (failed(normalized))
      return failure();
    axes = *normalized;
  }
  SmallVector<Dim> kept;
  for (auto [i, dim] : llvm::enumerate(*dims)) {
    bool isNamed = llvm::is_contained(axes, int64_t(i));
    if (isNamed && !dim.isOne())
      return node.emitError("removes dimension " + Twine(i) + ", whose size is not 1" +
                            (dim.batched ? " but the batch; fix the batch with --shape" : ""));
    if (*given ? !isNamed : !dim.isOne())
      kept.push_back(dim);
  }
  return setReshaped(node, kept);
}

LogicalResult importUnsqueeze(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  auto given = node.getIntegers("axes", 1);
  if (failed(dims) || failed(given))
    return failure();
  if (!*given)
    return node.emitError("has no axes");
  int64_t rank = dims->size() + (*given)->size();
  FailureOr<SmallVector<int64_t>> axes = node.normalizeAxes(**given, rank);
  if (failed(axes))
    return failure();
  SmallVector<Dim> result;
  for (int64_t i = 0, next = 0; i < rank; ++i)
    result.push_back(llvm::is_contained(*axes, i) ? Dim{1, false} : (*dims)[next++]);
  return setReshaped(node, result);
}

LogicalResult importTranspose(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  int64_t rank = type.getRank();
  SmallVector<int64_t> permutation =
      node.getInts("perm").value_or(llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank))));
  SmallVector<int64_t> sorted = permutation;
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, rank)))
    return node.emitError("perm is not a permutation of " + Twine(rank) + " dimensions");
  return node.setResult(node.createTranspose(node.getInput(0), permutation));
}

/// The side of the blocks, which must divide the dimensions that they are made of.
FailureOr<int64_t> getBlockSize(NodeImporter &node, ArrayRef<Dim> dims) {
  int64_t block = node.getInt("blocksize", 0);
  if (dims.size() != 4 || llvm::any_of(dims.drop_front(), [](Dim dim) { return dim.batched; }))
    return node.emitError("its input must be a batch of images with channels");
  if (block < 1 || block > (1 << 16)) // its square is computed with
    return node.emitError("the attribute blocksize must be a positive number of pixels, not " + Twine(block));
  return block;
}

/// Channels number depths, then the block's rows and columns (CRD), or the block first (DCR).
FailureOr<bool> isBlockFirst(NodeImporter &node) {
  std::string mode = node.getString("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    return node.emitError("the mode " + mode + " is neither DCR nor CRD");
  return mode == "DCR";
}

/// Channels become the pixels of blocks: [N, C, H, W] -> [N, C / b^2, H * b, W * b].
LogicalResult importDepthToSpace(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  FailureOr<int64_t> block = failed(dims) ? FailureOr<int64_t>() : getBlockSize(node, *dims);
  if (failed(block))
    return failure();
  int64_t b = *block, channels = (*dims)[1].scale, height = (*dims)[2].scale, width = (*dims)[3].scale;
  if (channels % (b * b))
    return node.emitError("its " + Twine(channels) + " channels are not a multiple of the square of blocksize");
  FailureOr<bool> blockFirst = isBlockFirst(node);
  if (failed(blockFirst))
    return failure();
  auto makeDims = [&](ArrayRef<int64_t> sizes) {
    SmallVector<Dim> result{(*dims)[0]};
    for (int64_t size : sizes)
      result.push_back({size, false});
    return result;
  };
  int64_t depth = channels / (b * b);
  Value blocks = node.createReshape(node.getInput(0), *blockFirst ? makeDims({b, b, depth, height, width})
                                                                   : makeDims({depth, b, b, height, width}));
  Value pixels = node.createTranspose(blocks, *blockFirst ? ArrayRef<int64_t>{0, 3, 4, 1, 5, 2}
                                                           : ArrayRef<int64_t>{0, 1, 4, 2, 5, 3});
  return node.setResult(node.createReshape(pixels, makeDims({depth, height * b, width * b})));
}

/// The pixels of blocks become channels: [N, C, H, W] -> [N, C * b^2, H / b, W / b].
LogicalResult importSpaceToDepth(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> dims = node.getOperandDims(0);
  FailureOr<int64_t> block = failed(dims) ? FailureOr<int64_t>() : getBlockSize(node, *dims);
  if (failed(block))
    return failure();
  int64_t b = *block;
  Dim channels = (*dims)[1], height = (*dims)[2], width = (*dims)[3], side{b, false};
  if (height.scale % b || width.scale % b)
    return node.emitError("its height and width are not multiples of blocksize");
  Dim rows{height.scale / b, false}, columns{width.scale / b, false};
  Value blocks = node.createReshape(node.getInput(0), {(*dims)[0], channels, rows, side, columns, side});
  FailureOr<bool> blockFirst = isBlockFirst(node);
  if (failed(blockFirst))
    return failure();
  Value depth = node.createTranspose(blocks, *blockFirst ? ArrayRef<int64_t>{0, 3, 5, 1, 2, 4}
                                                           : ArrayRef<int64_t>{0, 1, 3, 5, 2, 4});
  return node.setResult(node.createReshape(depth, {(*dims)[0], {channels.scale * b * b, false}, rows, columns}));
}

LogicalResult importExpand(NodeImporter &node) {
  FailureOr<SmallVector<Dim>> from = node.getOperandDims(0), to = node.getSizes(1);
  if (failed(from) || failed(to) || failed(node.checkSizes(*to)))
    return failure();
  FailureOr<SmallVector<Dim>> dims = node.getBroadcastDims({*from, *to});
  if (failed(dims))
    return failure();
  if (const ShapeValue *value = node.getShapeValue(0);
      value && value->elements.size() == 1 && dims->size() == 1 && !dims->front().batched &&
      dims->front().scale <= kMaxShapeElements)
    return node.setResult(
        ShapeValue::vector(SmallVector<Dim>(dims->front().scale, value->elements[0]), value->elementType));
  return node.setResult(node.broadcastTo(node.getInput(0), *dims));
}

const OpImporter kImporters[] = {
    {"DepthToSpace", 1, importDepthToSpace},
    {"Expand", 8, importExpand},
    {"Flatten", 1, importFlatten},
    {"Identity", 1, importIdentity},
    {"Reshape", 5, importReshape},
    {"SpaceToDepth", 1, importSpaceToDepth},
    {"Squeeze", 1, importSqueeze},
    {"Transpose", 1, importTranspose},
    {"Unsqueeze", 1, importUnsqueeze},
};

const ReaderRule kReaders[] = {
    {"Expand", useHandedOn},
    {"Flatten", useHandedOn},
    {"Identity", useHandedOn},
    {"Reshape", useHandedOn},
    {"Squeeze", useHandedOn},
    {"Transpose", useHandedOn},
    {"Unsqueeze", useHandedOn},
};

} // namespace

ArrayRef<OpImporter> getShapeImporters() { return kImporters; }

ArrayRef<ReaderRule> getShapeReaders() { return kReaders; }

} // namespace glyptic
