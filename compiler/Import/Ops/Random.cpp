//===- Random.cpp - Operators that draw random numbers ------------------------===//
#include "compiler/Import/FileForm.h"
#include "compiler/Import/Registry.h"
#include "dialects/Graph/Builders.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// An attribute before opset 12, an operand since.
FailureOr<double> getDropoutRatio(NodeImporter &node) {
  if (node.getOpset() < 12)
    return node.getFloat("ratio", 0.5);
  if (!node.hasInput(1))
    return 0.5;
  Value operand = node.getInput(1);
  if (!operand)
    return failure();
  std::optional<double> ratio = getSplat(operand);
  if (!ratio)
    return node.emitError("its ratio must be known at compile time");
  return *ratio;
}

/// Whatever mode the file was exported in, elements are dropped in training steps and nowhere else: a program for
/// inference has no op left of it.
LogicalResult importDropout(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  OpBuilder &builder = node.getBuilder();
  Value result = node.getInput(0), mask;
  if (node.isForTraining()) {
    FailureOr<double> ratio = getDropoutRatio(node);
    if (failed(ratio))
      return failure();
    if (!(*ratio >= 0 && *ratio <= 1))
      return node.emitError("its ratio is " + std::to_string(*ratio) + "; it lies between 0 and 1");
    RankedTensorType maskType = type.clone(builder.getI1Type());
    auto dropout = DropoutOp::create(builder, node.getLoc(), type, maskType, result, builder.getF64FloatAttr(*ratio));
    result = dropout.getResult();
    mask = dropout.getMask();
  }
  if (!node.isUsed(1))
    return node.setResult(result);
  if (!mask)
    mask = node.createSplat(1, getDims(type), builder.getI1Type());
  if (node.getOpset() < 10)
    mask = node.createConvert(mask, type.getElementType());
  return success(succeeded(node.setResult(result)) && succeeded(node.setResult(mask, 1)));
}

/// Whether the file itself asks for it; no operand does before opset 12. Who feeds that operand decides by himself.
bool dropsElements(const onnx::NodeProto &node, int64_t opset, StoredLookup stored) {
  if (opset < 12 || node.input_size() < 3)
    return false;
  const onnx::TensorProto *mode = stored(node.input(2));
  return mode && (mode->has_raw_data() ? mode->raw_data().find('\1') != std::string::npos
                                       : mode->int32_data_size() && mode->int32_data(0));
}

const OpImporter kImporters[] = {
    {"Dropout", 7, importDropout},
};

} // namespace

ArrayRef<OpImporter> getRandomImporters() { return kImporters; }

ArrayRef<FormRule> getRandomForms() {
  static const FormRule forms[] = {{"Dropout", "drops elements at random", dropsElements, "", 2, 2}};
  return forms;
}

} // namespace glyptic
