//===- Noise.cpp - Random numbers that a model asks for ---------*- C++ -*-===//
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/Ops/Random/RandomNumbers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace glyptic::graph;

PrecisionClass NoiseOp::getPrecisionClass() { return PrecisionClass::Exact; }

/// A use of normal numbers takes two sites.
static constexpr int64_t kSites = 2;

/// Box and Muller's formula, whose logarithm is never of zero.
static Value buildNoise(OpBuilder &builder, NoiseOp op, llvm::function_ref<RandomSource()> getSource) {
  auto type = cast<RankedTensorType>(op.getType());
  auto draw = [&] { return Expr(builder, op.getLoc(), RandomUniformOp::create(builder, op.getLoc(), type, getSource())); };
  Expr first = draw();
  if (op.getKind() == NoiseKind::Uniform)
    return first;
  Expr second = draw();
  return sqrt(-2.0 * log(1.0 - first)) * cos(2 * llvm::numbers::pi * second);
}

FailureOr<SmallVector<Value>> NoiseOp::decompose(OpBuilder &builder) {
  auto number = [&](int64_t value) {
    auto type = RankedTensorType::get({}, builder.getI64Type());
    return ConstantOp::create(builder, getLoc(), DenseElementsAttr::get(type, value));
  };
  Value zero = number(0);
  RandomSource source{number(getSeed()), zero, zero, int64_t(getSite()) * kSites};
  auto getSource = [&] {
    RandomSource next = source;
    ++source.site;
    return next;
  };
  return SmallVector<Value>{buildNoise(builder, *this, getSource)};
}

llvm::StringRef NoiseOp::describeTrainingForm() { return "draws other random numbers in each iteration"; }

FailureOr<SmallVector<Value>> NoiseOp::buildTrainingForm(OpBuilder &builder, TrainingScope &scope) {
  return SmallVector<Value>{buildNoise(builder, *this, [&] { return scope.getRandomSource(); })};
}

LogicalResult NoiseOp::evaluate(ArrayRef<const HostTensor *>, MutableArrayRef<HostTensor> results) {
  auto type = cast<RankedTensorType>(getType());
  const int bits = getFractionBits(type.getElementType());
  auto draw = [&](int64_t use, HostTensor &result) {
    evaluateWords({uint64_t(getSeed()), 0, uint32_t(getSite() * kSites + use)}, getSampleMajorStrides(type), result,
                  [&](uint32_t word) { return getFraction(word, bits); });
  };
  draw(0, results[0]);
  if (getKind() == NoiseKind::Uniform)
    return success();
  HostTensor angles = results[0];
  draw(1, angles);
  for (int64_t i = 0; i < angles.getNumElements(); ++i)
    results[0].set(i, std::sqrt(-2 * std::log(1 - results[0].at(i))) * std::cos(2 * llvm::numbers::pi * angles.at(i)));
  return success();
}
