//===- RandomMask.cpp - Random booleans -------------------------*- C++ -*-===//
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/HostTensor.h"
#include "dialects/Graph/StructuredUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "support/Philox.h"

using namespace mlir;
using namespace glyptic::graph;

void RandomMaskOp::build(OpBuilder &builder, OperationState &state, RankedTensorType type, const RandomSource &source,
                         double probability) {
  SmallVector<int64_t> strides(type.getRank());
  int64_t next = 1, batched = getBatchedDim(type);
  for (int64_t dim = type.getRank() - 1; dim >= 0; --dim)
    if (dim != batched) {
      strides[dim] = next;
      next *= type.getDimSize(dim);
    }
  if (batched >= 0)
    strides[batched] = next;
  build(builder, state, type, source.seed, source.iteration, source.firstSample,
        builder.getI64IntegerAttr(source.site), builder.getF64FloatAttr(probability),
        builder.getDenseI64ArrayAttr(strides));
}

LogicalResult RandomMaskOp::verify() {
  auto scalar = RankedTensorType::get({}, IntegerType::get(getContext(), 64));
  if (llvm::any_of(getOperandTypes(), [&](Type type) { return type != scalar; }))
    return emitOpError() << "takes scalars of type " << scalar;
  if (static_cast<int64_t>(getStrides().size()) != getType().getRank())
    return emitOpError() << "needs a stride for each dimension of " << getType();
  double probability = getProbability().convertToDouble();
  if (!(probability >= 0 && probability <= 1))
    return emitOpError() << "has the probability " << probability;
  return success();
}

PrecisionClass RandomMaskOp::getPrecisionClass() { return PrecisionClass::Exact; }

/// A word of this value or more gives true.
static uint64_t getThreshold(RandomMaskOp op) {
  return static_cast<uint64_t>(std::llround((1 - op.getProbability().convertToDouble()) * 4294967296.0));
}

/// What the first sample's number is multiplied by in the index of an element.
static int64_t getSampleStride(RandomMaskOp op) {
  int64_t batched = getBatchedDim(op.getType());
  return batched < 0 ? 0 : op.getStrides()[batched] * getDim(op.getType(), batched).scale;
}

LogicalResult RandomMaskOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  auto seed = static_cast<uint64_t>(operands[0]->get<int64_t>()[0]);
  auto iteration = static_cast<uint32_t>(operands[1]->get<int64_t>()[0]);
  int64_t first = operands[2]->get<int64_t>()[0] * getSampleStride(*this);
  ArrayRef<int64_t> shape = results[0].getShape();
  for (int64_t i = 0; i < results[0].getNumElements(); ++i) {
    int64_t index = first, rest = i;
    for (int64_t dim = shape.size() - 1; dim >= 0; rest /= shape[dim--])
      index += rest % shape[dim] * getStrides()[dim];
    uint64_t block = static_cast<uint64_t>(index) / 4;
    auto words = philox({uint32_t(block), uint32_t(block >> 32), uint32_t(getSite()), iteration},
                        {uint32_t(seed), uint32_t(seed >> 32)});
    results[0].set(i, words[index % 4] >= getThreshold(*this));
  }
  return success();
}

FailureOr<Value> RandomMaskOp::buildPermuted(OpBuilder &builder, ArrayRef<int64_t> permutation) {
  auto strides = llvm::map_to_vector(permutation, [&](int64_t dim) { return getStrides()[dim]; });
  return RandomMaskOp::create(builder, getLoc(), permuteType(getType(), permutation), getSeed(), getIteration(),
                              getFirstSample(), getSiteAttr(), getProbabilityAttr(),
                              builder.getDenseI64ArrayAttr(strides))
      .getResult();
}

namespace {
/// Philox4x32-10 in `arith`. Words are kept in 64 bits, whose product of two is exact.
class PhiloxBuilder {
public:
  PhiloxBuilder(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}

  Value number(uint64_t value) {
    return arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(static_cast<int64_t>(value)));
  }
  Value low(Value x) { return arith::AndIOp::create(builder, loc, x, number(0xFFFFFFFFu)); }
  Value high(Value x) { return arith::ShRUIOp::create(builder, loc, x, number(32)); }
  Value add(Value x, Value y) { return arith::AddIOp::create(builder, loc, x, y); }
  Value multiply(Value x, Value y) { return arith::MulIOp::create(builder, loc, x, y); }
  Value exclusiveOr(Value x, Value y) { return arith::XOrIOp::create(builder, loc, x, y); }

  std::array<Value, 4> run(std::array<Value, 4> counter, Value seed) {
    std::array<Value, 2> key{low(seed), high(seed)};
    for (int round = 0; round < 10; ++round) {
      Value a = multiply(number(0xD2511F53u), counter[0]), b = multiply(number(0xCD9E8D57u), counter[2]);
      counter = {exclusiveOr(exclusiveOr(high(b), counter[1]), key[0]), low(b),
                 exclusiveOr(exclusiveOr(high(a), counter[3]), key[1]), low(a)};
      key = {low(add(key[0], number(0x9E3779B9u))), low(add(key[1], number(0xBB67AE85u)))};
    }
    return counter;
  }

  /// words[index mod 4], by two bits of the index.
  Value pick(const std::array<Value, 4> &words, Value index) {
    auto isSet = [&](uint64_t bit) {
      Value masked = arith::AndIOp::create(builder, loc, index, number(bit));
      return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, masked, number(0));
    };
    Value odd = isSet(1), upper = isSet(2);
    auto choose = [&](Value condition, Value x, Value y) -> Value {
      return arith::SelectOp::create(builder, loc, condition, x, y);
    };
    return choose(upper, choose(odd, words[3], words[2]), choose(odd, words[1], words[0]));
  }

private:
  OpBuilder &builder;
  Location loc;
};
} // namespace

/// Each element computes its block of four words and keeps one: redundant, but without any order among elements.
FailureOr<SmallVector<Value>> RandomMaskOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  RankedTensorType type = getType();
  AffineMap scalar = AffineMap::get(type.getRank(), 0, builder.getContext());
  auto body = [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
    PhiloxBuilder philox(b, loc);
    Value index = philox.multiply(elements[2], philox.number(getSampleStride(*this)));
    for (auto [dim, stride] : llvm::enumerate(getStrides())) {
      Value position = arith::IndexCastOp::create(b, loc, b.getI64Type(), linalg::IndexOp::create(b, loc, dim));
      index = philox.add(index, philox.multiply(position, philox.number(stride)));
    }
    Value block = arith::ShRUIOp::create(b, loc, index, philox.number(2));
    auto words = philox.run({philox.low(block), philox.high(block), philox.number(getSite()), philox.low(elements[1])},
                            elements[0]);
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, philox.pick(words, index),
                                 philox.number(getThreshold(*this)));
  };
  return SmallVector<Value>{buildParallel(builder, getLoc(), type, operands, {scalar, scalar, scalar}, body)};
}
