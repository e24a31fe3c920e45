//===- Convolution.cpp - Convolutions and pooling -----------------------------===//
#include "compiler/Import/Registry.h"
#include "compiler/Import/TensorUse.h"
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/Ops/Convolution/PoolGeometry.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// Where a window stands in each spatial dimension.
struct Window {
  SmallVector<int64_t> kernel, strides, padsLow, padsHigh, dilations;

  int64_t getExtent(size_t i) const { return (kernel[i] - 1) * dilations[i] + 1; }
};

LogicalResult readPads(NodeImporter &node, Window &window, ArrayRef<Dim> space) {
  size_t rank = space.size();
  std::string mode = node.getString("auto_pad", "NOTSET");
  window.padsLow.assign(rank, 0);
  window.padsHigh.assign(rank, 0);
  if (mode == "VALID")
    return success();
  if (mode == "NOTSET") {
    SmallVector<int64_t> pads = node.getInts("pads").value_or(SmallVector<int64_t>(2 * rank, 0));
    if (pads.size() != 2 * rank)
      return node.emitError("needs two pads for each of " + Twine(rank) + " spatial dimensions");
    if (llvm::any_of(pads, [](int64_t pad) { return pad < 0; }))
      return node.emitError("negative pads are not supported");
    std::copy_n(pads.begin(), rank, window.padsLow.begin());
    std::copy_n(pads.begin() + rank, rank, window.padsHigh.begin());
    return success();
  }
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER")
    return node.emitError("auto_pad has the unknown value " + mode);
  for (size_t i = 0; i < rank; ++i) {
    int64_t outputs = llvm::divideCeil(space[i].scale, window.strides[i]);
    int64_t total = std::max<int64_t>((outputs - 1) * window.strides[i] + window.getExtent(i) - space[i].scale, 0);
    (mode == "SAME_UPPER" ? window.padsLow : window.padsHigh)[i] = total / 2;
    (mode == "SAME_UPPER" ? window.padsHigh : window.padsLow)[i] = total - total / 2;
  }
  return success();
}

/// `mustFit`: the window slides within the padded `space`.
FailureOr<Window> readWindow(NodeImporter &node, ArrayRef<Dim> space, ArrayRef<int64_t> kernel, bool mustFit = true) {
  Window window;
  size_t rank = space.size();
  window.kernel = node.getInts("kernel_shape").value_or(SmallVector<int64_t>(kernel));
  window.strides = node.getInts("strides").value_or(SmallVector<int64_t>(rank, 1));
  window.dilations = node.getInts("dilations").value_or(SmallVector<int64_t>(rank, 1));
  if (llvm::any_of(space, [](Dim dim) { return dim.batched; }))
    return node.emitError("slides over the batch; fix the batch with --shape");
  for (ArrayRef<int64_t> list : {window.kernel, window.strides, window.dilations})
    if (list.size() != rank || llvm::any_of(list, [](int64_t size) { return size < 1; }))
      return node.emitError("kernel_shape, strides and dilations need a positive number for each of " + Twine(rank) +
                            " spatial dimensions");
  if (!kernel.empty() && ArrayRef<int64_t>(window.kernel) != kernel)
    return node.emitError("kernel_shape is not the shape of the weight");
  if (failed(readPads(node, window, space)))
    return failure();
  for (size_t i = 0; i < rank; ++i)
    if (mustFit && space[i].scale + window.padsLow[i] + window.padsHigh[i] < window.getExtent(i))
      return node.emitError("its window is larger than the padded input in spatial dimension " + Twine(i));
  return window;
}

/// The result of a convolution plus operand 2, if it is there, along the channels.
LogicalResult setBiased(NodeImporter &node, Value result) {
  if (!result || !node.hasInput(2))
    return node.setResult(result);
  Value bias = node.createAs<BroadcastOp>(result.getType(), node.getInput(2), ArrayRef<int64_t>{1});
  return node.setResult(node.create<AddOp>(result, bias));
}

LogicalResult importConv(NodeImporter &node) {
  RankedTensorType input = node.getType(0), weight = node.getType(1);
  if (!input || !weight)
    return failure();
  int64_t rank = input.getRank(), groups = node.getInt("group", 1);
  if (rank < 3 || weight.getRank() != rank)
    return node.emitError("input and weight must have the same number of dimensions, at least 3");
  if (weight.getNumDynamicDims())
    return node.emitError("its weight depends on the batch");
  SmallVector<Dim> dims = getDims(input);
  if (groups < 1 || dims[1].scale != weight.getDimSize(1) * groups || weight.getDimSize(0) % groups)
    return node.emitError("its input has " + Twine(dims[1].scale) + " channels, but its weight is for " +
                          Twine(weight.getDimSize(1) * groups) + " in " + Twine(groups) + " groups");
  FailureOr<Window> window =
      readWindow(node, ArrayRef<Dim>(dims).drop_front(2), weight.getShape().drop_front(2));
  if (failed(window))
    return failure();
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  auto dimNumbers = ConvDimsAttr::get(node.getBuilder().getContext(), order, order, order);
  Value result = node.create<ConvOp>(node.getInput(0), node.getInput(1), dimNumbers, window->strides, window->padsLow,
                                     window->padsHigh, window->dilations, groups);
  return setBiased(node, result);
}

/// Pads that bring a transposed convolution to `outputs` elements from `full` ones.
LogicalResult splitPads(NodeImporter &node, Window &window, size_t i, int64_t full, int64_t outputs) {
  int64_t total = full - outputs;
  if (total < 0)
    return node.emitError("its output shape is larger than its windows reach");
  bool isUpper = node.getString("auto_pad", "NOTSET") == "SAME_UPPER";
  window.padsLow[i] = isUpper ? total / 2 : total - total / 2;
  window.padsHigh[i] = total - window.padsLow[i];
  return success();
}

/// A convolution backwards: the gradient of its input. The weight is [input channels, output channels / groups, ...].
LogicalResult importConvTranspose(NodeImporter &node) {
  RankedTensorType input = node.getType(0), weight = node.getType(1);
  if (!input || !weight)
    return failure();
  int64_t rank = input.getRank(), groups = node.getInt("group", 1);
  SmallVector<Dim> dims = getDims(input);
  if (rank < 3 || weight.getRank() != rank || weight.getNumDynamicDims())
    return node.emitError("input and weight must have the same number of dimensions, at least 3");
  if (groups < 1 || dims[1] != Dim{weight.getDimSize(0), false} || weight.getDimSize(0) % groups)
    return node.emitError("its input does not have the channels of its weight");
  ArrayRef<Dim> space = ArrayRef<Dim>(dims).drop_front(2);
  FailureOr<Window> window = readWindow(node, space, weight.getShape().drop_front(2), /*mustFit=*/false);
  if (failed(window))
    return failure();
  auto extra = node.getInts("output_padding").value_or(SmallVector<int64_t>(rank - 2, 0));
  auto wanted = node.getInts("output_shape");
  std::string autoPad = node.getString("auto_pad", "NOTSET");
  if (extra.size() != space.size() || (wanted && wanted->size() != space.size()))
    return node.emitError("output_padding and output_shape need a number for each spatial dimension");
  SmallVector<Dim> outputs{dims[0], {weight.getDimSize(1) * groups, false}};
  for (size_t i = 0; i < space.size(); ++i) {
    int64_t full = window->strides[i] * (space[i].scale - 1) + extra[i] + window->getExtent(i);
    bool isSame = autoPad != "NOTSET" && autoPad != "VALID";
    int64_t target = wanted ? (*wanted)[i] : space[i].scale * window->strides[i];
    if ((wanted || isSame) && failed(splitPads(node, *window, i, full, target)))
      return failure();
    outputs.push_back({full - window->padsLow[i] - window->padsHigh[i], false});
    if (outputs.back().scale < 1)
      return node.emitError("its pads leave nothing of spatial dimension " + Twine(i));
  }
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  auto dimNumbers = ConvDimsAttr::get(node.getBuilder().getContext(), order, order, order);
  RankedTensorType type = getTensorType(outputs, input.getElementType());
  Value result = node.createAs<ConvInputGradOp>(type, node.getInput(0), node.getInput(1), dimNumbers, window->strides,
                                                window->padsLow, window->padsHigh, window->dilations, groups);
  return setBiased(node, result);
}

/// With ceil_mode the last window may hang over the end, but must start inside the input or its leading pad. Returns
/// whether that asks for more padding.
bool padForCeil(Window &window, ArrayRef<Dim> space) {
  bool isMore = false;
  for (size_t i = 0; i < space.size(); ++i) {
    int64_t padded = space[i].scale + window.padsLow[i] + window.padsHigh[i];
    int64_t steps = llvm::divideCeil(padded - window.getExtent(i), window.strides[i]);
    if (steps * window.strides[i] >= space[i].scale + window.padsLow[i])
      --steps;
    int64_t missing = steps * window.strides[i] + window.getExtent(i) - padded;
    isMore |= missing > 0;
    window.padsHigh[i] += std::max<int64_t>(missing, 0);
  }
  return isMore;
}

/// The op's windows cover every dimension, so that layout is a permutation of them.
SmallVector<int64_t> overAllDims(ArrayRef<int64_t> space, int64_t other) {
  SmallVector<int64_t> all{other, other};
  llvm::append_range(all, space);
  return all;
}

/// The input between its zeros, as part of it.
Value createPadded(NodeImporter &node, const Window &window) {
  Type elementType = node.getType(0).getElementType();
  SmallVector<int64_t> interior(window.kernel.size() + 2, 0);
  return node.create<PadOp>(node.getInput(0), node.createSplat(0, {}, elementType), overAllDims(window.padsLow, 0),
                            overAllDims(window.padsHigh, 0), interior);
}

/// Null, and an error, if it cannot be had.
PoolOp createPool(NodeImporter &node, Value input, PoolKind kind) {
  auto type = cast<RankedTensorType>(input.getType());
  if (type.getRank() < 3) {
    (void)node.emitError("its input must have batch, channel and spatial dimensions");
    return {};
  }
  SmallVector<Dim> dims = getDims(type);
  ArrayRef<Dim> space = ArrayRef<Dim>(dims).drop_front(2);
  FailureOr<Window> window = readWindow(node, space, {});
  if (failed(window))
    return {};
  Window given = *window;
  // What a window that hangs over takes in from beyond the padding is not counted, the padding itself is.
  if (node.getInt("ceil_mode", 0) && padForCeil(*window, space) && kind == PoolKind::AverageWithPadding) {
    input = createPadded(node, given);
    kind = PoolKind::Average;
    for (size_t i = 0; i < space.size(); ++i) {
      window->padsLow[i] = 0;
      window->padsHigh[i] -= given.padsHigh[i];
    }
  }
  Value pool = node.create<PoolOp>(input, kind, overAllDims(window->kernel, 1), overAllDims(window->strides, 1),
                                   overAllDims(window->padsLow, 0), overAllDims(window->padsHigh, 0),
                                   overAllDims(window->dilations, 1));
  return pool ? pool.getDefiningOp<PoolOp>() : PoolOp();
}

/// Each element's place in the whole tensor, samples and channels included; with a storage order of 1 the last spatial
/// dimension counts most, not the first.
Value createPlaces(NodeImporter &node, RankedTensorType type) {
  SmallVector<Dim> dims = getDims(type);
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  if (node.getInt("storage_order", 0))
    std::reverse(order.begin() + 2, order.end());
  RankedTensorType places = type.clone(node.getBuilder().getI64Type());
  Expr sum;
  int64_t stride = 1;
  for (int64_t dim : llvm::reverse(order)) {
    Expr index(node.getBuilder(), node.getLoc(), IotaOp::create(node.getBuilder(), node.getLoc(), places, dim));
    sum = Value(sum) ? sum + index * double(stride) : index;
    stride *= dims[dim].scale;
  }
  return sum;
}

/// Indices take ops for every element of a window.
constexpr int64_t kMaxIndexedWindow = 256;

LogicalResult importMaxPool(NodeImporter &node) {
  Value input = node.getInput(0);
  if (!input)
    return failure();
  // Bytes are exact in FP32, which alone is pooled.
  Type element = getElementTypeOrSelf(input);
  const bool isByte = element.isInteger(8) || (node.getUnsignedType(0) && node.getUnsignedType(0).getWidth() == 8);
  if (isByte)
    input = node.createConvert(input, node.getBuilder().getF32Type());
  PoolOp pool = createPool(node, input, PoolKind::Max);
  if (!pool || failed(node.setResult(isByte ? node.createConvert(pool, element) : pool)))
    return failure();
  if (!node.isUsed(1))
    return success();
  PoolGeometry geometry = PoolGeometry::get(pool);
  if (geometry.getWindowSize() > kMaxIndexedWindow)
    return node.emitError("its indices are used, which is supported for windows of up to " + Twine(kMaxIndexedWindow) +
                          " elements");
  return node.setResult(buildAtMaxima(node.getBuilder(), node.getLoc(), geometry, input,
                                      createPlaces(node, pool.getInput().getType()), pool.getType()),
                        1);
}

LogicalResult importAveragePool(NodeImporter &node) {
  Value input = node.getInput(0);
  auto kind = node.getInt("count_include_pad", 0) ? PoolKind::AverageWithPadding : PoolKind::Average;
  PoolOp pool = input ? createPool(node, input, kind) : PoolOp();
  return pool ? node.setResult(pool) : failure();
}

/// Over all of space: a reduction, which fuses with its neighbours.
template <ReductionKind kind> LogicalResult importGlobalPool(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  SmallVector<Dim> dims = getDims(type);
  if (dims.size() < 3)
    return node.emitError("its input must have batch, channel and spatial dimensions");
  auto axes = llvm::to_vector(llvm::seq<int64_t>(2, dims.size()));
  int64_t count = 1;
  for (int64_t axis : axes) {
    if (dims[axis].batched)
      return node.emitError("slides over the batch; fix the batch with --shape");
    count *= dims[axis].scale;
    dims[axis] = {1, false};
  }
  Value result = node.createReshape(node.create<ReduceOp>(kind, node.getInput(0), axes), dims);
  if (kind == ReductionKind::Max)
    return node.setResult(result);
  return node.setResult(node.create<DivOp>(result, node.createSplat(count, dims, type.getElementType())));
}

const OpImporter kImporters[] = {
    {"AveragePool", 7, importAveragePool},
    {"Conv", 1, importConv},
    {"ConvTranspose", 1, importConvTranspose},
    {"GlobalAveragePool", 1, importGlobalPool<ReductionKind::Sum>},
    {"GlobalMaxPool", 1, importGlobalPool<ReductionKind::Max>},
    {"MaxPool", 1, importMaxPool},
};

/// `features`: the result's channels by the weight's shape.
TensorUse useFilter(const Reading &reading, int64_t features) {
  if (reading.slot == 1)
    return {TensorUse::Learnt, "weight", {features}};
  return reading.slot == 2 ? TensorUse{TensorUse::Learnt, "bias"} : TensorUse();
}

TensorUse useConv(const Reading &reading) { return useFilter(reading, reading.shape.empty() ? 0 : reading.shape[0]); }

TensorUse useConvTranspose(const Reading &reading) {
  int64_t groups = 1;
  for (const onnx::AttributeProto &attribute : reading.node.proto->attribute())
    if (attribute.name() == "group")
      groups = attribute.i();
  return useFilter(reading, reading.shape.size() < 2 ? 0 : int64_t(uint64_t(reading.shape[1]) * groups));
}

const ReaderRule kReaders[] = {
    {"Conv", useConv},
    {"ConvTranspose", useConvTranspose},
};

} // namespace

ArrayRef<OpImporter> getConvolutionImporters() { return kImporters; }

ArrayRef<ReaderRule> getConvolutionReaders() { return kReaders; }

} // namespace glyptic
