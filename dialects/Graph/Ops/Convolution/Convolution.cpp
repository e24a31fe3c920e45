//===- Convolution.cpp - Types, derivatives, library calls ------*- C++ -*-===//
#include "dialects/Graph/Ops/Convolution/ConvGeometry.h"
#include "support/glyph/Names.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace glyptic::graph;
namespace names = glyptic::names;

using Gradients = FailureOr<SmallVector<Value>>;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

static LogicalResult verifyNumbers(std::optional<Location> loc, const ConvGeometry &geometry, RankedTensorType input,
                                   RankedTensorType weight) {
  const size_t rank = geometry.strides.size() + 2;
  for (ArrayRef<int64_t> numbers : {geometry.dims.getInput(), geometry.dims.getWeight(), geometry.dims.getOutput()})
    if (numbers.size() != rank || !isPermutationVector(numbers))
      return emitOptionalError(loc, "convolution: dimension numbers [", numbers, "] must be a permutation of the ",
                               rank, " dimensions that ", geometry.strides.size(), " strides imply");
  for (ArrayRef<int64_t> values : {geometry.padsLow, geometry.padsHigh, geometry.dilations})
    if (values.size() != geometry.strides.size())
      return emitOptionalError(loc, "convolution: strides, pads and dilations need one number for each of ",
                               geometry.strides.size(), " spatial dimensions, but one has ", values.size());
  for (RankedTensorType type : {input, weight})
    if (type.getRank() != static_cast<int64_t>(rank))
      return emitOptionalError(loc, "convolution: ", type, " does not have ", rank, " dimensions");
  if (input.getElementType() != weight.getElementType())
    return emitOptionalError(loc, "convolution: element types of ", input, " and ", weight, " differ");
  return success();
}

static LogicalResult verifyFeatures(std::optional<Location> loc, const ConvGeometry &geometry, RankedTensorType input,
                                    RankedTensorType weight) {
  Dim features = getDim(input, geometry.dims.getInput()[1]), filters = getDim(weight, geometry.dims.getWeight()[0]);
  if (getBatchedDim(weight) >= 0 || features.batched)
    return emitOptionalError(loc, "convolution: only the input's batch and space may depend on the batch, not ", weight,
                             " or the features of ", input);
  if (geometry.groups < 1 || filters.scale % geometry.groups != 0 ||
      features.scale != geometry.groups * getDim(weight, geometry.dims.getWeight()[1]).scale)
    return emitOptionalError(loc, "convolution: ", features.scale, " features in ", geometry.groups,
                             " groups do not match weight ", weight);
  return success();
}

FailureOr<RankedTensorType> ConvGeometry::inferOutput(std::optional<Location> loc, RankedTensorType input,
                                                      RankedTensorType weight) const {
  if (failed(verifyNumbers(loc, *this, input, weight)) || failed(verifyFeatures(loc, *this, input, weight)))
    return failure();
  SmallVector<Dim> output(dims.getOutput().size());
  output[dims.getOutput()[0]] = getDim(input, dims.getInput()[0]);
  output[dims.getOutput()[1]] = getDim(weight, dims.getWeight()[0]);
  for (int64_t i : llvm::seq<int64_t>(0, getSpatialRank())) {
    int64_t dim = dims.getInput()[i + 2];
    WindowDim window = getWindow(input.getShape(), weight.getShape(), i);
    Dim size = getDim(input, dim);
    if (size.batched) {
      if (!window.isTrivial())
        return emitOptionalError(loc, "convolution: windows cannot slide along the batch, dimension ", dim, " of ",
                                 input);
    } else {
      if (failed(verifyWindow(loc, "convolution", window, dim)))
        return failure();
      size.scale = window.getCount();
    }
    output[dims.getOutput()[i + 2]] = size;
  }
  return getTensorType(output, input.getElementType());
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  FailureOr<RankedTensorType> output = ConvGeometry::get(adaptor).inferOutput(
      loc, cast<RankedTensorType>(adaptor.getInput().getType()), cast<RankedTensorType>(adaptor.getWeight().getType()));
  if (succeeded(output))
    types.push_back(*output);
  return output;
}

/// The gradient operand must have the type that the convolution's output has.
template <typename OpTy> static LogicalResult verifyGradient(OpTy op) {
  ConvTypes types = getConvTypes(op);
  FailureOr<RankedTensorType> output = ConvGeometry::get(op).inferOutput(op.getLoc(), types.input, types.weight);
  if (failed(output))
    return failure();
  if (*output != types.output)
    return op.emitOpError() << "convolves " << types.input << " with " << types.weight << " to " << *output
                            << ", but its gradient is " << types.output;
  return success();
}

LogicalResult ConvInputGradOp::verify() { return verifyGradient(*this); }
LogicalResult ConvWeightGradOp::verify() { return verifyGradient(*this); }

PrecisionClass ConvOp::getPrecisionClass() { return PrecisionClass::Contraction; }
PrecisionClass ConvInputGradOp::getPrecisionClass() { return PrecisionClass::Contraction; }
PrecisionClass ConvWeightGradOp::getPrecisionClass() { return PrecisionClass::Contraction; }

//===----------------------------------------------------------------------===//
// Derivative
//===----------------------------------------------------------------------===//

/// `NewOp` with the attributes of `op`.
template <typename NewOp, typename OpTy>
static Value buildLike(OpBuilder &builder, OpTy op, Type type, Value first, Value second) {
  return NewOp::create(builder, op.getLoc(), type, first, second, op.getDimsAttr(), op.getStridesAttr(),
                       op.getPadsLowAttr(), op.getPadsHighAttr(), op.getDilationsAttr(), op.getGroupsAttr());
}

// Each op is linear in its two operands; its derivative by one of them is the trilinear form's derivative by the two
// tensors that remain.

Gradients ConvOp::buildGradients(OpBuilder &builder, ValueRange resultGradients, const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(2);
  Value dy = resultGradients[0];
  if (dy && wanted[0])
    gradients[0] = buildLike<ConvInputGradOp>(builder, *this, getInput().getType(), dy, getWeight());
  if (dy && wanted[1])
    gradients[1] = buildLike<ConvWeightGradOp>(builder, *this, getWeight().getType(), getInput(), dy);
  return gradients;
}

Gradients ConvInputGradOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                          const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(2);
  Value dx = resultGradients[0];
  if (dx && wanted[0])
    gradients[0] = buildLike<ConvOp>(builder, *this, getGradient().getType(), dx, getWeight());
  if (dx && wanted[1])
    gradients[1] = buildLike<ConvWeightGradOp>(builder, *this, getWeight().getType(), dx, getGradient());
  return gradients;
}

Gradients ConvWeightGradOp::buildGradients(OpBuilder &builder, ValueRange resultGradients,
                                           const llvm::BitVector &wanted) {
  SmallVector<Value> gradients(2);
  Value dw = resultGradients[0];
  if (dw && wanted[0])
    gradients[0] = buildLike<ConvInputGradOp>(builder, *this, getInput().getType(), getGradient(), dw);
  if (dw && wanted[1])
    gradients[1] = buildLike<ConvOp>(builder, *this, getGradient().getType(), getInput(), dw);
  return gradients;
}

//===----------------------------------------------------------------------===//
// Library
//===----------------------------------------------------------------------===//

/// oneDNN convolves one to three spatial dimensions, in any order of dimensions, with any strides, pads, dilations and
/// groups, and reorders where its kernels want another layout. It has no FP64, and its half types need AVX-512.
template <typename OpTy> static std::optional<LibraryCall> getConvCall(OpTy op, StringRef routine) {
  ConvGeometry geometry = ConvGeometry::get(op);
  ConvTypes types = getConvTypes(op);
  if (!types.input.getElementType().isF32() || geometry.getSpatialRank() < 1 || geometry.getSpatialRank() > 3)
    return std::nullopt;
  for (RankedTensorType type : {types.input, types.weight, types.output})
    if (getNumElements(type).scale == 0)
      return std::nullopt;
  LibraryCall call;
  call.routine = routine.str();
  call.parameters = {{names::kInputDims, llvm::to_vector(geometry.dims.getInput())},
                     {names::kWeightDims, llvm::to_vector(geometry.dims.getWeight())},
                     {names::kOutputDims, llvm::to_vector(geometry.dims.getOutput())},
                     {names::kStrides, llvm::to_vector(geometry.strides)},
                     {names::kPadsLow, llvm::to_vector(geometry.padsLow)},
                     {names::kPadsHigh, llvm::to_vector(geometry.padsHigh)},
                     {names::kDilations, llvm::to_vector(geometry.dilations)},
                     {names::kGroups, {geometry.groups}}};
  return call;
}

/// A multiplication and an addition for every product of the trilinear form, padding included.
template <typename OpTy> static Dim getConvFlops(OpTy op) {
  ConvTypes types = getConvTypes(op);
  int64_t filters = types.weight.getDimSize(op.getDims().getWeight()[0]);
  Dim flops = getNumElements(types.output);
  flops.scale *= 2 * types.weight.getNumElements() / std::max<int64_t>(filters, 1);
  return flops;
}

std::optional<LibraryCall> ConvOp::getLibraryCall() {
  std::optional<LibraryCall> call = getConvCall(*this, names::kConvolution);
  if (call)
    call->parameters.push_back({names::kPacked, {1}});
  return call;
}
std::optional<LibraryCall> ConvInputGradOp::getLibraryCall() {
  return getConvCall(*this, names::kConvolutionInputGradient);
}
std::optional<LibraryCall> ConvWeightGradOp::getLibraryCall() {
  return getConvCall(*this, names::kConvolutionWeightGradient);
}
Dim ConvOp::getFlops() { return getConvFlops(*this); }
Dim ConvInputGradOp::getFlops() { return getConvFlops(*this); }
Dim ConvWeightGradOp::getFlops() { return getConvFlops(*this); }
