//===- GraphFolding.cpp - Constant folding of every op ----------*- C++ -*-===//
//
// One hook folds all ops, by asking the interpreter's question: EvaluableOpInterface.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/GraphFolding.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/HostTensor.h"

using namespace mlir;

namespace glyptic::graph {

/// Small tables only: a large constant would have to be kept, written to the glyph and loaded where computing it costs
/// less.
static constexpr int64_t maxResultElements = 64;
static constexpr int64_t maxOperandElements = 4096;

static bool isStaticTensor(Type type, int64_t maxElements) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() && tensor.getNumElements() <= maxElements;
}

/// Evaluates `op`, over one element where all elements of each tensor are alike (`asScalars`).
static LogicalResult evaluate(Operation *op, ArrayRef<DenseElementsAttr> constants, bool asScalars,
                              SmallVectorImpl<OpFoldResult> &folded) {
  auto isF64 = [](Type type) { return cast<RankedTensorType>(type).getElementType().isF64(); };
  bool isDouble = llvm::any_of(op->getOperandTypes(), isF64) || llvm::any_of(op->getResultTypes(), isF64);
  HostPrecision precision = isDouble ? HostPrecision::F64 : HostPrecision::F32;

  SmallVector<HostTensor> operands, results;
  for (DenseElementsAttr constant : constants) {
    if (asScalars)
      constant = constant.resizeSplat(RankedTensorType::get({}, constant.getElementType()));
    operands.push_back(*HostTensor::fromElements(constant, precision));
  }
  for (Type type : op->getResultTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    results.emplace_back(tensor.getElementType(), asScalars ? ArrayRef<int64_t>() : tensor.getShape(), precision);
  }
  auto pointers = llvm::map_to_vector(operands, [](const HostTensor &operand) { return &operand; });
  if (failed(cast<EvaluableOpInterface>(op).evaluate(pointers, results)))
    return failure();
  for (auto [result, type] : llvm::zip_equal(results, op->getResultTypes())) {
    auto tensor = cast<RankedTensorType>(type);
    auto scalar = RankedTensorType::get({}, tensor.getElementType());
    folded.push_back(asScalars ? result.toElements(scalar).resizeSplat(tensor) : result.toElements(tensor));
  }
  return success();
}

LogicalResult GraphFolding::fold(Operation *op, ArrayRef<Attribute> operands,
                                 SmallVectorImpl<OpFoldResult> &results) const {
  // What changes while a model trains is no constant, even of constants.
  if (!isa<EvaluableOpInterface>(op) || isa<TrainingFormOpInterface>(op) || op->hasTrait<OpTrait::ConstantLike>())
    return failure();
  SmallVector<DenseElementsAttr> constants;
  for (Attribute operand : operands) {
    constants.push_back(dyn_cast_or_null<DenseElementsAttr>(operand));
    if (!constants.back())
      return failure();
  }
  // Of elementwise ops over splats, one element is enough, whatever the size.
  bool areSplats = !constants.empty() && llvm::all_of(constants, [](auto constant) { return constant.isSplat(); });
  if (areSplats && op->hasTrait<OpTrait::Elementwise>())
    return evaluate(op, constants, /*asScalars=*/true, results);
  auto isSmall = [](int64_t maxElements) { return [=](Type type) { return isStaticTensor(type, maxElements); }; };
  if (!llvm::all_of(op->getResultTypes(), isSmall(maxResultElements)) ||
      !llvm::all_of(op->getOperandTypes(), isSmall(maxOperandElements)))
    return failure();
  return evaluate(op, constants, /*asScalars=*/false, results);
}

} // namespace glyptic::graph
