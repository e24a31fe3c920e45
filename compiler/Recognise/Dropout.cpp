//===- Dropout.cpp - Dropout as numbers that are compared ------*- C++ -*-===//
//
// PyTorch exports a dropout of whole channels as what it draws: a factor for each channel, 0 or 1 / p. As an op it is
// gone wherever nothing is trained.
//
//===----------------------------------------------------------------------===//
#include "compiler/Recognise/Formula.h"
#include "compiler/Recognise/Recognise.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::recognise {
namespace {

std::optional<Found> matchDropout(Value root) {
  Product product = getProduct(root);
  auto factor = product.values.size() == 1 ? product.values[0].getDefiningOp<ConvertOp>() : ConvertOp();
  auto isKept = factor ? factor.getInput().getDefiningOp<CompareOp>() : CompareOp();
  auto noise = isKept ? isKept.getLhs().getDefiningOp<NoiseOp>() : NoiseOp();
  if (!noise || noise.getKind() != NoiseKind::Uniform || isKept.getComparison() != Comparison::LT)
    return std::nullopt;
  std::optional<double> kept = getSplat(isKept.getRhs());
  if (!kept || !(*kept > 0 && *kept <= 1) || !isClose(product.factor * *kept, 1, root))
    return std::nullopt;
  auto type = cast<RankedTensorType>(root.getType());
  Type maskType = type.clone(IntegerType::get(root.getContext(), 1));
  return Found{{}, [type, maskType, ratio = 1 - *kept](OpBuilder &builder, Location loc) -> Value {
                 Value ones = splat(builder, loc, type, 1);
                 return DropoutOp::create(builder, loc, type, maskType, ones, builder.getF64FloatAttr(ratio))
                     .getResult();
               }};
}

constexpr Recogniser kDropouts[] = {
    {"dropout", "(noise < p) / p", matchDropout},
};

} // namespace

ArrayRef<Recogniser> getDropouts() { return kDropouts; }

} // namespace glyptic::recognise
