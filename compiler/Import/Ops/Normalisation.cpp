//===- Normalisation.cpp - Softmax and the norms ------------------------------===//
#include "compiler/Import/Registry.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// Along one axis, by default the last.
template <typename OpT> LogicalResult importSoftmax(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", -1), type.getRank());
  if (failed(axis))
    return failure();
  return node.setResult(node.create<OpT>(node.getInput(0), ArrayRef<int64_t>(*axis)));
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
  return node.setResult(node.create<OpT>(node.getInput(0), ArrayRef<int64_t>(dims)));
}

LogicalResult importLayerNormalization(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  if (node.hasOutput(1) || node.hasOutput(2))
    return node.emitError("its mean and inverse deviation are used as outputs, which is not supported");
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", -1), type.getRank());
  if (failed(axis))
    return failure();
  SmallVector<Dim> dims = getDims(type), normalized(ArrayRef<Dim>(dims).drop_front(*axis));
  Value scale = node.broadcastTo(node.getInput(1), normalized);
  Value bias = node.hasInput(2) ? node.broadcastTo(node.getInput(2), normalized) : Value();
  if (!scale || (node.hasInput(2) && !bias))
    return failure();
  auto dim = node.getBuilder().getI64IntegerAttr(*axis);
  auto epsilon = node.getBuilder().getF64FloatAttr(node.getFloat("epsilon", 1e-5));
  if (bias)
    return node.setResult(node.create<LayerNormOp>(node.getInput(0), scale, bias, dim, epsilon));
  return node.setResult(node.create<LayerNormOp>(node.getInput(0), scale, nullptr, dim, epsilon));
}

/// (x - mean) / sqrt(variance + epsilon) * scale + bias along dimension 1, with the running statistics.
LogicalResult importBatchNormalization(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  if (node.getInt("training_mode", 0))
    return node.emitError("is in training mode, where it needs the statistics of the batch; export the model in "
                          "evaluation mode (model.eval())");
  if (node.getInt("spatial", 1) != 1)
    return node.emitError("the attribute spatial = 0 is not supported");
  SmallVector<Dim> dims = getDims(type);
  if (dims.size() < 2)
    return node.emitError("its input must have a batch and a channel dimension");
  Value scale = node.getInput(1), bias = node.getInput(2), mean = node.getInput(3), variance = node.getInput(4);
  if (!scale || !bias || !mean || !variance)
    return failure();
  auto channelType = cast<RankedTensorType>(variance.getType());
  Value epsilon = node.createSplat(node.getFloat("epsilon", 1e-5), getDims(channelType), channelType.getElementType());
  Value factor = node.create<MulOp>(scale, node.create<RsqrtOp>(node.create<AddOp>(variance, epsilon)));
  auto alongChannels = [&](Value vector) -> Value {
    return vector ? node.createAs<BroadcastOp>(type, vector, ArrayRef<int64_t>{1}) : Value();
  };
  Value centered = node.create<SubOp>(node.getInput(0), alongChannels(mean));
  return node.setResult(
      node.create<AddOp>(node.create<MulOp>(centered, alongChannels(factor)), alongChannels(bias)));
}

const OpImporter kImporters[] = {
    {"BatchNormalization", 7, importBatchNormalization},
    {"LayerNormalization", 17, importLayerNormalization},
    {"LogSoftmax", 1, importFlatSoftmax<LogSoftmaxOp>},
    {"LogSoftmax", 13, importSoftmax<LogSoftmaxOp>},
    {"Softmax", 1, importFlatSoftmax<SoftmaxOp>},
    {"Softmax", 13, importSoftmax<SoftmaxOp>},
};

} // namespace

ArrayRef<OpImporter> getNormalisationImporters() { return kImporters; }

} // namespace glyptic
