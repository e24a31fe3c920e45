//===- Norms.cpp - Layer norm and RMS norm ----------------------*- C++ -*-===//
//
// The formula first, without scale and bias, which the norm takes in if they follow.
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

/// Rows divided by the root of the mean of their squares.
struct Normalised {
  Value input;
  int64_t dim; ///< the first of the trailing ones that a row runs along
  double epsilon;
};

/// The first dimension, if the dimensions are all from there on.
std::optional<int64_t> getTrailing(const RowReduction &rows) {
  int64_t rank = cast<RankedTensorType>(rows.input.getType()).getRank(), first = rank - int64_t(rows.dims.size());
  return llvm::equal(rows.dims, llvm::seq<int64_t>(first, rank)) ? std::optional(first) : std::nullopt;
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
    if (std::optional<int64_t> dim = getTrailing(*mean))
      return Normalised{product.getLhs(), *dim, *epsilon};
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

/// x, where `value` is x less the mean of each row from `dim` on.
Value getUncentred(Value value, int64_t dim) {
  auto centred = value.getDefiningOp<SubOp>();
  auto mean = centred ? getRowMean(Repeated::whole(centred.getRhs())) : std::nullopt;
  return mean && mean->input == centred.getLhs() && getTrailing(*mean) == dim ? mean->input : Value();
}

/// A scale that does nothing, for a norm of `input` from `dim` on.
Value makeOnes(OpBuilder &builder, Location loc, Value input, int64_t dim) {
  auto type = cast<RankedTensorType>(input.getType());
  return splat(builder, loc, RankedTensorType::get(type.getShape().drop_front(dim), type.getElementType()), 1.0);
}

std::optional<Found> matchRmsNorm(Value root) {
  std::optional<Normalised> norm = getNormalised(root);
  if (!norm)
    return std::nullopt;
  return Found{{norm->input}, [norm](OpBuilder &builder, Location loc) -> Value {
                 Value ones = makeOnes(builder, loc, norm->input, norm->dim);
                 return RmsNormOp::create(builder, loc, norm->input, ones, norm->dim, llvm::APFloat(norm->epsilon));
               }};
}

/// Of rows that are centred first.
std::optional<Found> matchLayerNorm(Value root) {
  std::optional<Normalised> norm = getNormalised(root);
  Value input = norm ? getUncentred(norm->input, norm->dim) : Value();
  if (!input)
    return std::nullopt;
  return Found{{input}, [input, norm](OpBuilder &builder, Location loc) -> Value {
                 Value ones = makeOnes(builder, loc, input, norm->dim);
                 return LayerNormOp::create(builder, loc, input, ones, Value(), norm->dim,
                                            llvm::APFloat(norm->epsilon));
               }};
}

/// What `value` repeats over all rows, in the shape that a norm from `dim` on wants; null if it differs between rows.
std::optional<Repeated> getPerColumn(Value value, int64_t dim) {
  Repeated source = getSource(value);
  auto from = cast<RankedTensorType>(source.value.getType()), to = cast<RankedTensorType>(value.getType());
  bool isOfRow = llvm::all_of(source.dims, [&](int64_t place) { return place < 0 || place >= dim; });
  if (!isOfRow || getNumElements(from).scale != llvm::product_of(to.getShape().drop_front(dim)))
    return std::nullopt;
  return source;
}

/// norm * scale, where there is none yet.
template <typename Op> std::optional<Found> matchScale(Value root) {
  auto product = root.getDefiningOp<MulOp>();
  if (!product)
    return std::nullopt;
  for (auto [x, y] : getOrders(product)) {
    auto norm = x.getDefiningOp<Op>();
    if (!norm || norm->getNumOperands() > 2 || getSplat(norm.getScale()) != 1.0)
      continue;
    if (auto scale = getPerColumn(y, norm.getDim()))
      return Found{{norm.getInput(), scale->value}, [norm, scale](OpBuilder &builder, Location loc) mutable -> Value {
                     auto type = cast<RankedTensorType>(norm->getOperand(1).getType());
                     IRMapping map;
                     map.map(norm->getOperand(1), reshapeTo(builder, loc, scale->value, type));
                     Operation *scaled = builder.clone(*norm.getOperation(), map);
                     scaled->setLoc(loc);
                     return scaled->getResult(0);
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
    auto norm = x.getDefiningOp<LayerNormOp>();
    if (!norm || norm.getBias())
      continue;
    if (auto bias = getPerColumn(y, norm.getDim()))
      return Found{{norm.getInput(), norm.getScale(), bias->value},
                   [norm, bias](OpBuilder &builder, Location loc) mutable -> Value {
                     Value vector = reshapeTo(builder, loc, bias->value, norm.getScale().getType());
                     return LayerNormOp::create(builder, loc, norm.getInput(), norm.getScale(), vector,
                                                norm.getDim(), norm.getEpsilon());
                   }};
  }
  return std::nullopt;
}

/// k, the norm and its scale, where `factor` is k = scale / deviation and the norm one of rows that are centred first.
struct FoldedScale {
  Normalised norm;
  Value input;
  Repeated scale;
};
std::optional<FoldedScale> getFoldedScale(Value factor) {
  auto product = factor.getDefiningOp<MulOp>();
  if (!product)
    return std::nullopt;
  for (auto [x, y] : getOrders(product)) {
    auto norm = getMeanSquare(getInverseRoot(x));
    Value input = norm ? getUncentred(norm->input, norm->dim) : Value();
    auto scale = input ? getPerColumn(y, norm->dim) : std::nullopt;
    if (scale)
      return FoldedScale{*norm, input, *scale};
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
      if (!folded || folded->input != input || !mean)
        continue;
      auto rows = getRowMean(Repeated::whole(mean));
      auto bias = getPerColumn(rest.getLhs(), folded->norm.dim);
      if (!rows || rows->input != input || getTrailing(*rows) != folded->norm.dim || !bias)
        continue;
      return Found{{input, folded->scale.value, bias->value}, [=](OpBuilder &builder, Location loc) -> Value {
                     Value x = folded->input;
                     auto type = cast<RankedTensorType>(x.getType());
                     auto vector =
                         RankedTensorType::get(type.getShape().drop_front(folded->norm.dim), type.getElementType());
                     return LayerNormOp::create(builder, loc, x, reshapeTo(builder, loc, folded->scale.value, vector),
                                                reshapeTo(builder, loc, bias->value, vector), folded->norm.dim,
                                                llvm::APFloat(folded->norm.epsilon));
                   }};
    }
  }
  return std::nullopt;
}

constexpr Recogniser kNorms[] = {
    {"layer_norm", "(x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon)", matchLayerNorm},
    {"layer_norm", "x * k + (bias - mean(x) * k), k = scale / deviation(x)", matchFoldedNorm},
    {"rms_norm", "x / sqrt(mean(x^2) + epsilon)", matchRmsNorm},
    {"layer_norm", "layer_norm(x) * scale", matchScale<LayerNormOp>},
    {"rms_norm", "rms_norm(x) * scale", matchScale<RmsNormOp>},
    {"layer_norm", "layer_norm(x) + bias", matchBias},
};

} // namespace

ArrayRef<Recogniser> getNorms() { return kNorms; }

} // namespace glyptic::recognise
