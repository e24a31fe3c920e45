//===- Signal.cpp - Fourier transforms ----------------------------------------===//
//
// As products with matrices of cosines and sines: transforms in models are of some hundreds of points, the batch of
// frames is what is large, and products are what a library does best. The matrices are computed where they are used.
//
//===----------------------------------------------------------------------===//
#include "compiler/Import/Registry.h"
#include "dialects/Graph/Builders.h"
#include <cmath>

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// What a transform does along the last dimension of its operands.
struct Transform {
  int64_t length;                     ///< points of one period
  bool isInverse = false;             ///< with the factor 1 / length
  bool isHalf = false;                ///< of a real signal, all of whose spectrum is in its first length / 2 + 1 values
  int64_t getSpectrum() const { return isHalf ? length / 2 + 1 : length; }
  int64_t getOutputs() const { return isInverse ? length : getSpectrum(); }
};

/// Real and imaginary parts; the imaginary one of a real tensor is null.
struct Complex {
  Value real, imaginary;
};

Expr makeIota(NodeImporter &node, RankedTensorType type, int64_t dim) {
  return Expr(node.getBuilder(), node.getLoc(), IotaOp::create(node.getBuilder(), node.getLoc(), type, dim));
}

class Fourier {
public:
  Fourier(NodeImporter &node, const Transform &transform, Type type) : node(node), transform(transform), type(type) {}

  /// Of operands with `inputs` values in their last dimension.
  Complex apply(Complex x, int64_t inputs) {
    Value cosines = build<CosOp>(inputs), sines = build<SinOp>(inputs);
    bool isRealResult = transform.isInverse && transform.isHalf;
    Value real = multiply(x.real, cosines), imaginary;
    if (!isRealResult)
      imaginary = multiply(x.real, sines);
    if (x.imaginary) {
      real = node.create<AddOp>(real, node.create<NegOp>(multiply(x.imaginary, sines)));
      if (!isRealResult)
        imaginary = node.create<AddOp>(imaginary, multiply(x.imaginary, cosines));
    }
    return {normalise(real), normalise(imaginary)};
  }

private:
  Value normalise(Value value) {
    if (!value || !transform.isInverse)
      return value;
    SmallVector<Dim> dims = getDims(cast<RankedTensorType>(value.getType()));
    return node.create<DivOp>(value, node.createSplat(transform.length, dims, type));
  }

  /// cos or sin of 2 pi k n / length for input k and output n, backwards in a forward transform.
  template <typename Function> Value build(int64_t inputs) {
    OpBuilder &builder = node.getBuilder();
    auto indexType = RankedTensorType::get({inputs, transform.getOutputs()}, builder.getI64Type());
    Expr k = makeIota(node, indexType, 0);
    // Whole turns are taken out while numbers are exact; the rest is in FP64, since a table is small beside its use.
    Expr turn = Expr::build<RemOp>(k * makeIota(node, indexType, 1), double(transform.length));
    Expr angle(builder, node.getLoc(), convertTo(builder, node.getLoc(), turn, builder.getF64Type()));
    Expr table = Expr::build<Function>(angle * ((transform.isInverse ? 2 : -2) * M_PI / transform.length));
    if (!transform.isInverse || !transform.isHalf)
      return convertTo(builder, node.getLoc(), table, type);
    // Values but the first and, of an even number, the middle one stand for two that are conjugate.
    Expr isTwice = (k > 0.0) & (k < double((transform.length + 1) / 2));
    return convertTo(builder, node.getLoc(), select(isTwice, table * 2.0, table), type);
  }

  Value multiply(Value x, Value table) {
    if (!x)
      return {};
    int64_t last = cast<RankedTensorType>(x.getType()).getRank() - 1;
    return node.create<DotGeneralOp>(x, table, ArrayRef<int64_t>(), ArrayRef<int64_t>(), ArrayRef<int64_t>(last),
                                     ArrayRef<int64_t>(0), TypeAttr(), TypeAttr());
  }

  NodeImporter &node;
  Transform transform;
  Type type;
};

/// Element i of the last dimension, which goes.
Value takeLast(NodeImporter &node, Value value, int64_t i) {
  SmallVector<Dim> dims = getDims(cast<RankedTensorType>(value.getType()));
  SmallVector<int64_t> starts(dims.size(), 0), strides(dims.size(), 1);
  starts.back() = i;
  dims.back() = {1, false};
  Value taken = node.createSlice(value, starts, strides, dims);
  return node.createReshape(taken, ArrayRef<Dim>(dims).drop_back());
}

Complex splitParts(NodeImporter &node, Value value) {
  bool isComplex = cast<RankedTensorType>(value.getType()).getShape().back() == 2;
  return {takeLast(node, value, 0), isComplex ? takeLast(node, value, 1) : Value()};
}

/// Real and imaginary part side by side in a new last dimension.
LogicalResult setParts(NodeImporter &node, Complex parts) {
  if (!parts.real)
    return failure();
  SmallVector<Dim> dims = getDims(cast<RankedTensorType>(parts.real.getType()));
  dims.push_back({1, false});
  Value real = node.createReshape(parts.real, dims);
  if (!parts.imaginary)
    return node.setResult(real);
  Value imaginary = node.createReshape(parts.imaginary, dims);
  return node.setResult(node.create<ConcatOp>(ValueRange{real, imaginary}, int64_t(dims.size()) - 1));
}

/// `value` with `size` elements along the last dimension: the first ones, or zeros behind them.
Value resizeLast(NodeImporter &node, Value value, int64_t size) {
  if (!value)
    return {};
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<Dim> dims = getDims(type);
  int64_t present = dims.back().scale, rank = type.getRank();
  dims.back() = {size, false};
  SmallVector<int64_t> zeros(rank, 0), ones(rank, 1);
  if (size <= present)
    return node.createSlice(value, zeros, ones, dims);
  dims.back() = {size - present, false};
  Value padding = node.createSplat(0, dims, type.getElementType());
  return node.create<ConcatOp>(ValueRange{value, padding}, rank - 1);
}

/// The matrices of a transform are computed in every run, so a length has the limit of what a product of them would take.
constexpr int64_t kMaxLength = 1 << 16;

FailureOr<int64_t> getLength(NodeImporter &node, int index, int64_t absent) {
  std::optional<double> length = node.hasInput(index) ? node.getNumber(index) : double(absent);
  if (!length)
    return node.emitError("its length must be known at compile time, and its axis must not be the batch");
  if (!(*length >= 1 && *length <= kMaxLength))
    return node.emitError("its length must be between 1 and " + Twine(kMaxLength));
  return int64_t(*length);
}

FailureOr<int64_t> getAxis(NodeImporter &node, int64_t rank) {
  int64_t axis = node.getInt("axis", 1);
  if (node.getOpset() >= 20) {
    std::optional<double> given = node.hasInput(2) ? node.getNumber(2) : -2;
    if (!given)
      return node.emitError("its axis must be known at compile time");
    axis = int64_t(*given);
  }
  FailureOr<int64_t> known = node.normalizeAxis(axis, rank);
  if (succeeded(known) && *known == rank - 1)
    return node.emitError("its axis is the last one, which holds real and imaginary parts");
  return known;
}

LogicalResult importDFT(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  int64_t rank = type.getRank(), last = rank - 2;
  FailureOr<int64_t> axis = getAxis(node, rank);
  if (failed(axis))
    return failure();
  if (type.isDynamicDim(*axis) || type.isDynamicDim(rank - 1))
    return node.emitError("its axis and its last one must be of fixed length; fix the batch with --shape");
  FailureOr<int64_t> length = getLength(node, 1, type.getDimSize(*axis));
  if (failed(length))
    return failure();
  Transform transform{*length, node.getInt("inverse", 0) != 0, node.getInt("onesided", 0) != 0};
  bool isHalfInput = transform.isInverse && transform.isHalf;
  if (isHalfInput && !node.hasInput(1))
    transform.length = 2 * (transform.length - 1);
  SmallVector<int64_t> swap = llvm::to_vector(llvm::seq<int64_t>(0, rank - 1));
  std::swap(swap[*axis], swap[last]);
  Complex x = splitParts(node, node.getInput(0));
  int64_t inputs = isHalfInput ? transform.getSpectrum() : transform.length;
  for (Value *part : {&x.real, &x.imaginary})
    if (*part)
      *part = resizeLast(node, node.createTranspose(*part, swap), inputs);
  Complex result = Fourier(node, transform, type.getElementType()).apply(x, inputs);
  for (Value *part : {&result.real, &result.imaginary})
    if (*part)
      *part = node.createTranspose(*part, swap);
  return setParts(node, result);
}

/// Transforms of frames that begin every `frame_step` elements of a signal, each element times the window's.
LogicalResult importSTFT(NodeImporter &node) {
  RankedTensorType type = node.getType(0), window = node.hasInput(2) ? node.getType(2) : RankedTensorType();
  if (!type)
    return failure();
  std::optional<double> step = node.getNumber(1);
  if (!step || !(*step >= 1) || type.getRank() != 3 || type.isDynamicDim(1))
    return node.emitError("its frames must have a step that is known at compile time, and a signal of fixed length");
  FailureOr<int64_t> given = getLength(node, 3, window && window.getRank() == 1 ? window.getDimSize(0) : 0);
  if (failed(given))
    return failure();
  const int64_t size = type.getDimSize(1), length = *given;
  if (size < length)
    return node.emitError("its frames of " + Twine(length) + " elements must lie inside its signal of " + Twine(size));
  // A step beyond the signal leaves one frame, however long it is.
  int64_t frames = (size - length) / int64_t(std::min(*step, double(size))) + 1;
  auto indexType = RankedTensorType::get({frames, length}, node.getBuilder().getI64Type());
  Value positions = makeIota(node, indexType, 0) * *step + makeIota(node, indexType, 1);
  Complex x = splitParts(node, node.getInput(0));
  for (Value *part : {&x.real, &x.imaginary}) {
    if (!*part)
      continue;
    *part = node.create<GatherOp>(*part, positions, 1);
    if (!window || !*part)
      continue;
    SmallVector<Dim> dims = getDims(cast<RankedTensorType>(part->getType()));
    *part = node.create<MulOp>(*part, node.broadcastTo(node.getInput(2), dims));
  }
  Transform transform{length, false, node.getInt("onesided", 1) != 0 && !x.imaginary};
  return setParts(node, Fourier(node, transform, type.getElementType()).apply(x, length));
}

const OpImporter kImporters[] = {
    {"DFT", 17, importDFT},
    {"STFT", 17, importSTFT},
};

} // namespace

ArrayRef<OpImporter> getSignalImporters() { return kImporters; }

} // namespace glyptic
