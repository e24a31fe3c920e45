//===- Normalisation.cpp - Softmax and the norms ------------------------------===//
#include "compiler/Import/FileForm.h"
#include "compiler/Import/Registry.h"
#include "compiler/Import/TensorUse.h"
#include "dialects/Graph/Builders.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// Over dimensions of which one is the batch: in simpler ops, since the composites have rows within samples.
template <typename OpT> Value buildAcrossSamples(NodeImporter &node, Value input, ArrayRef<int64_t> dims) {
  OpBuilder &builder = node.getBuilder();
  Location loc = node.getLoc();
  auto type = cast<RankedTensorType>(input.getType());
  Expr x(builder, loc, input);
  auto spread = [&](Value rows) { return Expr(builder, loc, broadcastAlong(builder, loc, rows, type, dims)); };
  auto sum = [&](Expr tensor) { return Expr(builder, loc, reduceSum(builder, loc, tensor, dims)); };
  Expr shifted = x - spread(reduce(builder, loc, ReductionKind::Max, x, dims)), exponentials = exp(shifted);
  if (std::is_same_v<OpT, LogSoftmaxOp>)
    return shifted - spread(log(sum(exponentials)));
  return exponentials / spread(sum(exponentials));
}

template <typename OpT> LogicalResult setSoftmax(NodeImporter &node, ArrayRef<int64_t> dims) {
  if (llvm::is_contained(dims, getBatchedDim(node.getType(0))))
    return node.setResult(buildAcrossSamples<OpT>(node, node.getInput(0), dims));
  return node.setResult(node.create<OpT>(node.getInput(0), dims));
}

/// Along one axis, by default the last.
template <typename OpT> LogicalResult importSoftmax(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", -1), type.getRank());
  if (failed(axis))
    return failure();
  return setSoftmax<OpT>(node, *axis);
}

/// Before opset 13 the input is flattened to two dimensions at `axis`: softmax over all dimensions from there on.
template <typename OpT> LogicalResult importFlatSoftmax(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  int64_t axis = node.getInt("axis", 1);
  if (axis == type.getRank())
    return node.emitError("has no dimension from axis " + Twine(axis) + " on");
  FailureOr<int64_t> first = node.normalizeAxis(axis, type.getRank());
  if (failed(first))
    return failure();
  auto dims = llvm::to_vector(llvm::seq<int64_t>(*first, type.getRank()));
  return setSoftmax<OpT>(node, dims);
}

/// Mean and inverse deviation, which keep the normalised dimensions with size 1.
LogicalResult setStatistics(NodeImporter &node, int64_t axis, FloatAttr epsilon) {
  if (!node.isUsed(1) && !node.isUsed(2))
    return success();
  OpBuilder &builder = node.getBuilder();
  Location loc = node.getLoc();
  Value input = node.getInt("stash_type", 1) == 1 ? node.createConvert(node.getInput(0), builder.getF32Type())
                                                  : node.getInput(0);
  auto type = cast<RankedTensorType>(input.getType());
  auto dims = llvm::to_vector(llvm::seq<int64_t>(axis, type.getRank()));
  double inverseCount = 1.0 / llvm::product_of(type.getShape().drop_front(axis));
  auto average = [&](Expr x) { return Expr(builder, loc, reduceSum(builder, loc, x, dims)) * inverseCount; };
  Expr x(builder, loc, input), mean = average(x);
  Expr centred = x - Expr(builder, loc, broadcastAlong(builder, loc, mean, type, dims));
  Expr inverseDeviation = rsqrt(average(centred * centred) + epsilon.getValueAsDouble());
  SmallVector<Dim> kept = getDims(type);
  for (int64_t dim : dims)
    kept[dim] = {1, false};
  return success(succeeded(node.setResult(node.createReshape(mean, kept), 1)) &&
                 succeeded(node.setResult(node.createReshape(inverseDeviation, kept), 2)));
}

LogicalResult importLayerNormalization(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", -1), type.getRank());
  if (failed(axis))
    return failure();
  SmallVector<Dim> dims = getDims(type), normalized(ArrayRef<Dim>(dims).drop_front(*axis));
  Value scale = node.broadcastTo(node.getInput(1), normalized);
  Value bias = node.hasInput(2) ? node.broadcastTo(node.getInput(2), normalized) : Value();
  if (!scale || (node.hasInput(2) && !bias))
    return failure();
  auto dim = node.getBuilder().getI64IntegerAttr(*axis);
  FloatAttr epsilon = node.getBuilder().getF64FloatAttr(node.getFloat("epsilon", 1e-5f));
  Value result = bias ? node.create<LayerNormOp>(node.getInput(0), scale, bias, dim, epsilon)
                      : node.create<LayerNormOp>(node.getInput(0), scale, nullptr, dim, epsilon);
  if (failed(node.setResult(result)))
    return failure();
  return setStatistics(node, *axis, epsilon);
}

/// Whether operands 1 and 2 are vectors of that size.
LogicalResult checkScaleAndBias(NodeImporter &node, int64_t size, const Twine &owner) {
  for (int operand : {1, 2}) {
    RankedTensorType type = node.getType(operand);
    if (!type)
      return failure();
    if (type.getRank() != 1 || type.getDimSize(0) != size)
      return node.emitError("its " + Twine(operand == 1 ? "scale" : "bias") + " must hold a number for each of " +
                            Twine(size) + " " + owner);
  }
  return success();
}

/// Each sample's groups of channels are normalised by their own statistics, over all of space: `groups` of them, and
/// then scaled and shifted channel by channel.
LogicalResult importGroups(NodeImporter &node, int64_t groups, Value scale, Value bias) {
  RankedTensorType type = node.getType(0);
  SmallVector<Dim> dims = getDims(type), grouped(dims);
  if (groups != dims[1].scale || dims.size() == 2) {
    grouped[1] = {groups, false};
    grouped.insert(grouped.begin() + 2, {dims[1].scale / groups, false});
  }
  Value ones = node.createSplat(1, ArrayRef<Dim>(grouped).drop_front(2), type.getElementType());
  Value input = node.createReshape(node.getInput(0), grouped);
  Value normalised =
      node.create<LayerNormOp>(input, ones, nullptr, node.getBuilder().getI64IntegerAttr(2),
                               node.getBuilder().getF64FloatAttr(node.getFloat("epsilon", 1e-5f)));
  normalised = node.createReshape(normalised, dims);
  auto spread = [&](Value vector) { return node.createAs<BroadcastOp>(type, vector, ArrayRef<int64_t>{1}); };
  return node.setResult(node.create<AddOp>(node.create<MulOp>(normalised, spread(scale)), spread(bias)));
}

/// The input has samples, channels and space.
FailureOr<int64_t> getChannels(NodeImporter &node, int64_t minRank) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  if (type.getRank() < minRank || type.isDynamicDim(1))
    return node.emitError("its input must have at least " + Twine(minRank) +
                          " dimensions: a batch, a fixed number of channels, and positions");
  return type.getDimSize(1);
}

LogicalResult importInstanceNormalization(NodeImporter &node) {
  FailureOr<int64_t> channels = getChannels(node, 3);
  if (failed(channels) || failed(checkScaleAndBias(node, *channels, "channels")))
    return failure();
  return importGroups(node, *channels, node.getInput(1), node.getInput(2));
}

/// Before opset 21, scale and bias are one number for each group.
LogicalResult importGroupNormalization(NodeImporter &node) {
  FailureOr<int64_t> channels = getChannels(node, 2);
  if (failed(channels))
    return failure();
  int64_t groups = node.getInt("num_groups", 0);
  if (groups < 1 || *channels % groups)
    return node.emitError("num_groups = " + Twine(groups) + " does not divide its " + Twine(*channels) + " channels");
  if (node.getOpset() >= 21) {
    if (failed(checkScaleAndBias(node, *channels, "channels")))
      return failure();
    return importGroups(node, groups, node.getInput(1), node.getInput(2));
  }
  if (failed(checkScaleAndBias(node, groups, "groups")))
    return failure();
  Dim count{groups, false}, size{*channels / groups, false}, all{*channels, false}, one{1, false};
  auto forChannels = [&](int operand) {
    Value column = node.createReshape(node.getInput(operand), {count, one});
    return node.createReshape(node.broadcastTo(column, {count, size}), {all});
  };
  return importGroups(node, groups, forChannels(1), forChannels(2));
}

/// Whether the file itself asks for the batch's statistics. Before opset 14 their outputs say so.
bool normalisesByBatch(const onnx::NodeProto &node, int64_t opset, StoredLookup) {
  if (opset < 14)
    return node.output_size() > 1;
  return llvm::any_of(node.attribute(), [](const auto &a) { return a.name() == "training_mode" && a.i() != 0; });
}

/// The node means what it says: statistics are those of all samples that it is given.
LogicalResult importTrainingForm(NodeImporter &node, ArrayRef<Value> operands, FloatAttr epsilon) {
  OpBuilder &builder = node.getBuilder();
  auto norm = BatchNormTrainingOp::create(builder, node.getLoc(), operands[0], operands[1], operands[2],
                                          builder.getI64IntegerAttr(1), epsilon);
  if (failed(node.setResult(norm.getResult())))
    return failure();
  double momentum = node.getFloat("momentum", 0.9f);
  for (int i : {1, 2}) {
    Expr before(builder, node.getLoc(), operands[i + 2]), observed(builder, node.getLoc(), norm->getResult(i));
    if (failed(node.setResult(Value(momentum * before + (1.0 - momentum) * observed), i)))
      return failure();
  }
  return success();
}

LogicalResult importBatchNormalization(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  FailureOr<SmallVector<Value>> operands = node.getInputs();
  if (!type || failed(operands))
    return failure();
  if (operands->size() != 5)
    return node.emitError("needs its input, scale, bias, mean and variance");
  if (node.getInt("spatial", 1) != 1)
    return node.emitError("the attribute spatial = 0 is not supported");
  if (type.getRank() < 2 || type.isDynamicDim(1))
    return node.emitError("its input must have a batch and a channel dimension");
  auto vector = RankedTensorType::get({type.getDimSize(1)}, type.getElementType());
  if (llvm::any_of(llvm::drop_begin(*operands), [&](Value operand) { return operand.getType() != vector; }))
    return node.emitError("its scale, bias, mean and variance must hold a number for each of " +
                          Twine(type.getDimSize(1)) + " channels");
  Builder &builder = node.getBuilder();
  FloatAttr epsilon = builder.getF64FloatAttr(node.getFloat("epsilon", 1e-5f));
  if (node.keepsTrainingForm() && normalisesByBatch(*node.getNode().proto, node.getOpset(), {}))
    return importTrainingForm(node, *operands, epsilon);
  for (int i : {1, 2})
    if (failed(node.setResult((*operands)[i + 2], i)))
      return failure();
  return node.setResult(node.create<BatchNormOp>((*operands)[0], (*operands)[1], (*operands)[2], (*operands)[3],
                                                 (*operands)[4], builder.getI64IntegerAttr(1), epsilon,
                                                 builder.getF64FloatAttr(node.getFloat("momentum", 0.9f))));
}

const OpImporter kImporters[] = {
    {"BatchNormalization", 7, importBatchNormalization},
    {"GroupNormalization", 18, importGroupNormalization},
    {"InstanceNormalization", 6, importInstanceNormalization},
    {"LayerNormalization", 17, importLayerNormalization},
    {"LogSoftmax", 1, importFlatSoftmax<LogSoftmaxOp>},
    {"LogSoftmax", 13, importSoftmax<LogSoftmaxOp>},
    {"Softmax", 1, importFlatSoftmax<SoftmaxOp>},
    {"Softmax", 13, importSoftmax<SoftmaxOp>},
};

TensorUse useAffine(const Reading &reading) {
  if (reading.slot == 1)
    return {TensorUse::Learnt, "scale", {reading.getNumElements()}};
  return reading.slot == 2 ? TensorUse{TensorUse::Learnt, "bias"} : TensorUse();
}

TensorUse useBatchNormalization(const Reading &reading) {
  return reading.slot >= 3 ? TensorUse{TensorUse::Kept, "running statistics"} : useAffine(reading);
}

const ReaderRule kReaders[] = {
    {"BatchNormalization", useBatchNormalization},
    {"GroupNormalization", useAffine},
    {"InstanceNormalization", useAffine},
    {"LayerNormalization", useAffine},
    {"RMSNormalization", useAffine},
};

} // namespace

ArrayRef<OpImporter> getNormalisationImporters() { return kImporters; }

ArrayRef<ReaderRule> getNormalisationReaders() { return kReaders; }

ArrayRef<FormRule> getNormalisationForms() {
  static const FormRule forms[] = {{"BatchNormalization",
                                    "normalises by the statistics of the samples that it is given",
                                    normalisesByBatch,
                                    "training_mode",
                                    5,
                                    1,
                                    {{1, 3}, {2, 4}}}};
  return forms;
}

} // namespace glyptic
