//===- Norms.cpp - Layer norm and RMS norm ----------------------*- C++ -*-===//
//
// The formula first, without scale and bias, which the norm takes in if they follow. Norms are ops along trailing
// dimensions; one along the channels of an image stands between two transposes, which cancel once it is decomposed.
//
//===----------------------------------------------------------------------===//
#include "compiler/Recognise/Formula.h"
#include "compiler/Recognise/Recognise.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::recognise {
namespace {

/// x^power for power 1/2 or -1/2.
Value getRooted(Value root, double power) {
  if (auto op = root.getDefiningOp<PowOp>(); op && getSplat(op.getRhs()) == power)
    return op.getLhs();
  if (auto op = root.getDefiningOp<SqrtOp>(); op && power == 0.5)
    return op.getInput();
  if (auto op = root.getDefiningOp<RsqrtOp>(); op && power == -0.5)
    return op.getInput();
  return {};
}

/// s, where the value repeats 1 / sqrt(s).
Repeated getInverseRoot(Value value) {
  Repeated inverse = getSource(value);
  if (Value square = getRooted(inverse.value, -0.5))
    return inverse.with(square);
  auto division = inverse.value.getDefiningOp<DivOp>();
  if (!division || getSplat(division.getLhs()) != 1.0)
    return {};
  Repeated root = getSource(inverse.with(division.getRhs()));
  return root.with(getRooted(root.value, 0.5));
}

int64_t getRank(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }

/// Rows divided by the root of the mean of their squares.
struct Normalised {
  Value input;
  SmallVector<int64_t> dims; ///< that a row runs along, increasing
  double epsilon;

  /// The first of the dimensions along which a row runs, once they are last.
  int64_t getDim() const { return getRank(input) - int64_t(dims.size()); }
  /// The dimensions with those of a row last.
  SmallVector<int64_t> getOrder() const {
    SmallVector<int64_t> order;
    for (int64_t dim : llvm::seq<int64_t>(0, getRank(input)))
      if (!llvm::is_contained(dims, dim))
        order.push_back(dim);
    llvm::append_range(order, dims);
    return order;
  }
};

/// Rows of whole samples, or along dimensions of each: not what batch normalisation averages over.
bool areRowsOfSamples(const RowReduction &rows) {
  return !rows.dims.empty() && (rows.dims.front() > 0 || int64_t(rows.dims.size()) == getRank(rows.input));
}

/// x, where `square` repeats mean(x^2) + epsilon.
std::optional<Normalised> getMeanSquare(Repeated square) {
  if (!square.value)
    return std::nullopt;
  square = getSource(square);
  auto sum = square.value.getDefiningOp<AddOp>();
  if (!sum)
    return std::nullopt;
  for (auto [x, y] : getOrders(sum)) {
    std::optional<double> epsilon = getSplat(y);
    auto mean = epsilon ? getRowMean(square.with(x)) : std::nullopt;
    auto product = mean ? mean->input.getDefiningOp<MulOp>() : MulOp();
    if (!product || product.getLhs() != product.getRhs())
      continue;
    if (areRowsOfSamples(*mean))
      return Normalised{product.getLhs(), mean->dims, *epsilon};
  }
  return std::nullopt;
}

/// x / sqrt(mean(x^2) + epsilon), or times the inverse.
std::optional<Normalised> getNormalised(Value root) {
  if (auto division = root.getDefiningOp<DivOp>()) {
    Repeated deviation = getSource(division.getRhs());
    auto norm = getMeanSquare(deviation.with(getRooted(deviation.value, 0.5)));
    return norm && norm->input == division.getLhs() ? norm : std::nullopt;
  }
  auto product = root.getDefiningOp<MulOp>();
  if (!product)
    return std::nullopt;
  for (auto [x, y] : getOrders(product))
    if (auto norm = getMeanSquare(getInverseRoot(y)); norm && norm->input == x)
      return norm;
  return std::nullopt;
}

/// x, where `value` is x less the mean of each row along `dims`.
Value getUncentred(Value value, ArrayRef<int64_t> dims) {
  auto centred = value.getDefiningOp<SubOp>();
  auto mean = centred ? getRowMean(Repeated::whole(centred.getRhs())) : std::nullopt;
  return mean && mean->input == centred.getLhs() && ArrayRef<int64_t>(mean->dims) == dims ? mean->input : Value();
}

/// x, where `square` repeats mean(x^2) - mean(x)^2 + epsilon; a maximum with 0 is there against rounding, which the op
/// does not need. Flax writes it so.
std::optional<Normalised> getFastVariance(Repeated square) {
  square = getSource(square);
  auto sum = square.value ? square.value.getDefiningOp<AddOp>() : AddOp();
  if (!sum)
    return std::nullopt;
  for (auto [x, y] : getOrders(sum)) {
    std::optional<double> epsilon = getSplat(y);
    Repeated variance = getSource(square.with(x));
    if (Value clipped = getOther<MaxOp>(variance.value, 0))
      variance = getSource(variance.with(clipped));
    auto difference = variance.value.getDefiningOp<SubOp>();
    Repeated squaredMean = difference ? getSource(variance.with(difference.getRhs())) : variance;
    auto mean = squaredMean.value.getDefiningOp<MulOp>();
    if (!epsilon || !difference || !mean || mean.getLhs() != mean.getRhs())
      continue;
    auto ofSquares = getRowMean(variance.with(difference.getLhs()));
    auto ofRows = getRowMean(squaredMean.with(mean.getLhs()));
    auto product = ofSquares ? ofSquares->input.getDefiningOp<MulOp>() : MulOp();
    if (product && ofRows && product.getLhs() == ofRows->input && product.getRhs() == ofRows->input &&
        ofSquares->dims == ofRows->dims && areRowsOfSamples(*ofRows))
      return Normalised{ofRows->input, ofRows->dims, *epsilon};
  }
  return std::nullopt;
}

/// x, where `square` repeats the variance of each of its rows, plus epsilon.
std::optional<Normalised> getVariance(Repeated square) {
  if (!square.value)
    return std::nullopt;
  if (auto norm = getMeanSquare(square))
    if (Value input = getUncentred(norm->input, norm->dims))
      return Normalised{input, norm->dims, norm->epsilon};
  return getFastVariance(square);
}

/// A norm of `input`, which has the rows of `norm`, without scale and bias.
template <typename Op> Found makeNorm(Value input, const Normalised &norm) {
  return {{input}, [input, norm](OpBuilder &builder, Location loc) -> Value {
            SmallVector<int64_t> order = norm.getOrder();
            Value rows = transpose(builder, loc, input, order);
            auto type = cast<RankedTensorType>(rows.getType());
            auto vector = RankedTensorType::get(type.getShape().drop_front(norm.getDim()), type.getElementType());
            Value ones = splat(builder, loc, vector, 1.0), result;
            if constexpr (std::is_same_v<Op, LayerNormOp>)
              result = LayerNormOp::create(builder, loc, rows, ones, Value(), norm.getDim(),
                                           llvm::APFloat(norm.epsilon));
            else
              result = RmsNormOp::create(builder, loc, rows, ones, norm.getDim(), llvm::APFloat(norm.epsilon));
            return transpose(builder, loc, result, invertPermutation(order));
          }};
}

std::optional<Found> matchRmsNorm(Value root) {
  std::optional<Normalised> norm = getNormalised(root);
  return norm ? std::optional(makeNorm<RmsNormOp>(norm->input, *norm)) : std::nullopt;
}

/// Of rows that are centred first, (x - mean(x)) / deviation(x), or times the inverse.
std::optional<Found> matchLayerNorm(Value root) {
  Operation *op = root.getDefiningOp();
  for (unsigned i : {0, 1}) {
    if (!isa_and_nonnull<DivOp, MulOp>(op) || (i == 1 && isa<DivOp>(op)))
      break;
    Repeated deviation = getSource(op->getOperand(1 - i));
    auto norm = getVariance(isa<DivOp>(op) ? deviation.with(getRooted(deviation.value, 0.5))
                                           : getInverseRoot(op->getOperand(1 - i)));
    if (norm && getUncentred(op->getOperand(i), norm->dims) == norm->input)
      return makeNorm<LayerNormOp>(norm->input, *norm);
  }
  return std::nullopt;
}

/// What `value` repeats over all rows, in the order of a row's elements; null if it differs between rows. With its
/// dimensions in `order`, a row of `value` runs along those from `dim` on.
std::optional<Repeated> getPerColumn(Value value, int64_t dim, ArrayRef<int64_t> order) {
  Repeated source = getSource(value);
  auto from = cast<RankedTensorType>(source.value.getType()), to = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> inverse = invertPermutation(order);
  int64_t last = dim - 1, size = 1;
  for (int64_t place : source.dims) {
    if (place >= 0 && inverse[place] <= last)
      return std::nullopt;
    last = place < 0 ? last : inverse[place];
  }
  for (int64_t along : order.drop_front(dim))
    size *= to.getDimSize(along);
  return getNumElements(from).scale == size ? std::optional(source) : std::nullopt;
}

/// A norm whose dimension i is dimension `order[i]` of what stands for it.
template <typename Op> struct Ordered {
  Op norm;
  SmallVector<int64_t> order;
};

/// The norm that `value` is, or of which it is the transpose.
template <typename Op> std::optional<Ordered<Op>> getNorm(Value value) {
  auto moved = value.getDefiningOp<TransposeOp>();
  auto norm = (moved ? moved.getInput() : value).getDefiningOp<Op>();
  if (!norm)
    return std::nullopt;
  auto same = llvm::to_vector(llvm::seq<int64_t>(0, getRank(value)));
  return Ordered<Op>{norm, moved ? invertPermutation(moved.getPermutation()) : same};
}

/// norm * scale, where there is none yet.
template <typename Op> std::optional<Found> matchScale(Value root) {
  auto product = root.getDefiningOp<MulOp>();
  if (!product)
    return std::nullopt;
  for (auto [x, y] : getOrders(product)) {
    auto found = getNorm<Op>(x);
    if (!found || found->norm->getNumOperands() > 2 || getSplat(found->norm.getScale()) != 1.0)
      continue;
    Op norm = found->norm;
    if (auto scale = getPerColumn(y, norm.getDim(), found->order))
      return Found{{norm.getInput(), scale->value}, [=](OpBuilder &builder, Location loc) mutable -> Value {
                     auto type = cast<RankedTensorType>(norm->getOperand(1).getType());
                     IRMapping map;
                     map.map(norm->getOperand(1), reshapeTo(builder, loc, scale->value, type));
                     Operation *scaled = builder.clone(*norm.getOperation(), map);
                     scaled->setLoc(loc);
                     return transpose(builder, loc, scaled->getResult(0), invertPermutation(found->order));
                   }};
  }
  return std::nullopt;
}

/// norm + bias, where there is none yet.
std::optional<Found> matchBias(Value root) {
  auto sum = root.getDefiningOp<AddOp>();
  if (!sum)
    return std::nullopt;
  for (auto [x, y] : getOrders(sum)) {
    auto found = getNorm<LayerNormOp>(x);
    if (!found || found->norm.getBias())
      continue;
    LayerNormOp norm = found->norm;
    if (auto bias = getPerColumn(y, norm.getDim(), found->order))
      return Found{{norm.getInput(), norm.getScale(), bias->value},
                   [=](OpBuilder &builder, Location loc) mutable -> Value {
                     Value vector = reshapeTo(builder, loc, bias->value, norm.getScale().getType());
                     Value shifted = LayerNormOp::create(builder, loc, norm.getInput(), norm.getScale(), vector,
                                                         norm.getDim(), norm.getEpsilon());
                     return transpose(builder, loc, shifted, invertPermutation(found->order));
                   }};
  }
  return std::nullopt;
}

/// The norm and its scale, where `factor` is scale / deviation.
struct FoldedScale {
  Normalised norm;
  Repeated scale;
};
std::optional<FoldedScale> getFoldedScale(Value factor) {
  auto product = factor.getDefiningOp<MulOp>();
  if (!product)
    return std::nullopt;
  for (auto [x, y] : getOrders(product)) {
    auto norm = getVariance(getInverseRoot(x));
    auto scale = norm ? getPerColumn(y, norm->getDim(), norm->getOrder()) : std::nullopt;
    if (scale)
      return FoldedScale{*norm, *scale};
  }
  return std::nullopt;
}

/// layer_norm with scale and maybe bias, both of which are repeated in the input's dimensions.
Value createScaled(OpBuilder &builder, Location loc, const FoldedScale &folded, std::optional<Repeated> bias) {
  const Normalised &norm = folded.norm;
  SmallVector<int64_t> order = norm.getOrder();
  Value x = transpose(builder, loc, norm.input, order);
  auto type = cast<RankedTensorType>(x.getType());
  auto vector = RankedTensorType::get(type.getShape().drop_front(norm.getDim()), type.getElementType());
  auto shape = [&](const Repeated &repeated) { return reshapeTo(builder, loc, repeated.value, vector); };
  Value y = LayerNormOp::create(builder, loc, x, shape(folded.scale), bias ? shape(*bias) : Value(), norm.getDim(),
                                llvm::APFloat(norm.epsilon));
  return transpose(builder, loc, y, invertPermutation(order));
}

/// (x - mean(x)) * k, k = scale / deviation(x).
std::optional<Found> matchScaledFirst(Value root) {
  auto product = root.getDefiningOp<MulOp>();
  if (!product)
    return std::nullopt;
  for (auto [centred, factor] : getOrders(product)) {
    auto folded = getFoldedScale(factor);
    if (folded && getUncentred(centred, folded->norm.dims) == folded->norm.input)
      return Found{{folded->norm.input, folded->scale.value}, [=](OpBuilder &builder, Location loc) {
                     return createScaled(builder, loc, *folded, std::nullopt);
                   }};
  }
  return std::nullopt;
}

/// x * k + (bias - mean * k) with k = scale / deviation, as TensorFlow has it.
std::optional<Found> matchFoldedNorm(Value root) {
  auto sum = root.getDefiningOp<AddOp>();
  if (!sum)
    return std::nullopt;
  for (auto [x, y] : getOrders(sum)) {
    auto scaled = x.getDefiningOp<MulOp>();
    auto rest = y.getDefiningOp<SubOp>();
    auto shift = rest ? rest.getRhs().getDefiningOp<MulOp>() : MulOp();
    if (!scaled || !shift)
      continue;
    for (auto [input, factor] : getOrders(scaled)) {
      auto folded = getFoldedScale(factor);
      Value mean = shift.getLhs() == factor ? shift.getRhs() : shift.getRhs() == factor ? shift.getLhs() : Value();
      if (!folded || folded->norm.input != input || !mean)
        continue;
      auto rows = getRowMean(Repeated::whole(mean));
      auto bias = getPerColumn(rest.getLhs(), folded->norm.getDim(), folded->norm.getOrder());
      if (!rows || rows->input != input || rows->dims != folded->norm.dims || !bias)
        continue;
      return Found{{input, folded->scale.value, bias->value}, [=](OpBuilder &builder, Location loc) {
                     return createScaled(builder, loc, *folded, bias);
                   }};
    }
  }
  return std::nullopt;
}

constexpr Recogniser kNorms[] = {
    {"layer_norm", "(x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon)", matchLayerNorm},
    {"layer_norm", "(x - mean(x)) * k, k = scale / deviation(x)", matchScaledFirst},
    {"layer_norm", "x * k + (bias - mean(x) * k), k = scale / deviation(x)", matchFoldedNorm},
    {"rms_norm", "x / sqrt(mean(x^2) + epsilon)", matchRmsNorm},
    {"layer_norm", "layer_norm(x) * scale", matchScale<LayerNormOp>},
    {"rms_norm", "rms_norm(x) * scale", matchScale<RmsNormOp>},
    {"layer_norm", "layer_norm(x) + bias", matchBias},
};

} // namespace

ArrayRef<Recogniser> getNorms() { return kNorms; }

} // namespace glyptic::recognise
