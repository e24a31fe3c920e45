//===- Random.cpp - Operators that draw random numbers ------------------------===//
#include "compiler/Import/FileForm.h"
#include "compiler/Import/Registry.h"
#include "compiler/Import/Tensors.h"
#include "dialects/Graph/Builders.h"
#include "llvm/ADT/bit.h"

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

//===-- Random numbers --------------------------------------------------------------------------------------------===//

/// Drawn in FP32 or FP64. The seed of a node counts where nothing is trained; a training step has its own.
Value draw(NodeImporter &node, NoiseKind kind, ArrayRef<Dim> dims, Type elementType) {
  OpBuilder &builder = node.getBuilder();
  Type drawn = elementType.isF64() ? elementType : builder.getF32Type();
  const auto seed = llvm::bit_cast<uint32_t>(float(node.getFloat("seed", 0)));
  return node.createAs<NoiseOp>(getTensorType(dims, drawn), kind, int64_t(seed), node.takeRandomSite());
}

/// What the attribute dtype says; null after an error.
Type getDrawnType(NodeImporter &node, Type initial) {
  const int64_t number = node.getInt("dtype", 0);
  Type type = number ? getElementType(*node.getBuilder().getContext(), number) : initial;
  if (!type)
    (void)node.emitError("gives elements of type " + getDataTypeName(number) + ", which is not supported");
  return type;
}

/// offset + factor * noise.
LogicalResult setScaled(NodeImporter &node, NoiseKind kind, ArrayRef<Dim> dims, Type elementType) {
  elementType = getDrawnType(node, elementType);
  if (!elementType)
    return failure();
  if (!isa<FloatType>(elementType))
    return node.emitError("draws numbers of a floating-point type only; its attribute dtype says which");
  const bool isUniform = kind == NoiseKind::Uniform;
  const double offset = isUniform ? node.getFloat("low", 0) : node.getFloat("mean", 0);
  const double factor = isUniform ? node.getFloat("high", 1) - offset : node.getFloat("scale", 1);
  Value noise = draw(node, kind, dims, elementType);
  if (!noise)
    return failure();
  Type drawn = getElementTypeOrSelf(noise);
  if (factor != 1)
    noise = node.create<MulOp>(noise, node.createSplat(factor, dims, drawn));
  if (offset != 0)
    noise = node.create<AddOp>(noise, node.createSplat(offset, dims, drawn));
  return node.setResult(node.createConvert(noise, elementType));
}

template <NoiseKind kind> LogicalResult importRandom(NodeImporter &node) {
  SmallVector<Dim> dims;
  for (int64_t size : node.getInts("shape").value_or(SmallVector<int64_t>()))
    dims.push_back({size, false});
  if (failed(node.checkSizes(dims)))
    return failure();
  return setScaled(node, kind, dims, node.getBuilder().getF32Type());
}

template <NoiseKind kind> LogicalResult importRandomLike(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  return type ? setScaled(node, kind, getDims(type), type.getElementType()) : failure();
}

/// The body in the standard's library has ones and zeros exchanged.
LogicalResult importBernoulli(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  Type stored = type ? getDrawnType(node, type.getElementType()) : Type();
  if (!stored)
    return failure();
  Value noise = draw(node, NoiseKind::Uniform, getDims(type), type.getElementType());
  if (!noise)
    return failure();
  Value drawn = node.create<CompareOp>(Comparison::LT, noise,
                                       node.createConvert(node.getInput(0), getElementTypeOrSelf(noise)));
  LogicalResult result = node.setResult(node.createConvert(drawn, getComputedType(stored)));
  node.setElementType(stored);
  return result;
}

//===-- Forms -----------------------------------------------------------------------------------------------------===//

/// Whether the file itself asks for it; no operand does before opset 12. Who feeds that operand decides by himself.
bool dropsElements(const onnx::NodeProto &node, int64_t opset, StoredLookup stored) {
  if (opset < 12 || node.input_size() < 3)
    return false;
  const onnx::TensorProto *mode = stored(node.input(2));
  return mode && (mode->has_raw_data() ? mode->raw_data().find('\1') != std::string::npos
                                       : mode->int32_data_size() && mode->int32_data(0));
}

const OpImporter kImporters[] = {
    {"Bernoulli", 15, importBernoulli},
    {"Dropout", 7, importDropout},
    {"RandomNormal", 1, importRandom<NoiseKind::Normal>},
    {"RandomNormalLike", 1, importRandomLike<NoiseKind::Normal>},
    {"RandomUniform", 1, importRandom<NoiseKind::Uniform>},
    {"RandomUniformLike", 1, importRandomLike<NoiseKind::Uniform>},
};

} // namespace

ArrayRef<OpImporter> getRandomImporters() { return kImporters; }

ArrayRef<FormRule> getRandomForms() {
  static const FormRule forms[] = {{"Dropout", "drops elements at random", dropsElements, "", 2, 2}};
  return forms;
}

} // namespace glyptic
