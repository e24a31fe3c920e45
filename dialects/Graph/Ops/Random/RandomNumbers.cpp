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
  Value cast(Value index) { return arith::IndexCastOp::create(builder, loc, builder.getI64Type(), index); }
  /// Quotient and rest.
  std::pair<Value, Value> divide(Value x, int64_t divisor) {
    Value by = arith::ConstantOp::create(builder, loc, builder.getIntegerAttr(x.getType(), divisor));
    return {arith::DivUIOp::create(builder, loc, x, by), arith::RemUIOp::create(builder, loc, x, by)};
  }
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

  /// Whether word number `lane` is `threshold` or more. All four are compared: as vectors, several lanes share them.
  Value compare(const std::array<Value, 4> &words, Value lane, uint64_t threshold) {
    auto isSet = [&](uint64_t bit) {
      Value masked = arith::AndIOp::create(builder, loc, lane, number(bit));
      return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, masked, number(0));
    };
    Value odd = isSet(1), upper = isSet(2);
    std::array<Value, 4> is;
    for (size_t i = 0; i < words.size(); ++i)
      is[i] = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge, words[i], number(threshold));
    auto choose = [&](Value condition, Value x, Value y) -> Value {
      return arith::SelectOp::create(builder, loc, condition, x, y);
    };
    return choose(upper, choose(odd, is[3], is[2]), choose(odd, is[1], is[0]));
  }

private:
  OpBuilder &builder;
  Location loc;
};
} // namespace

/// An element's number is `first * samples + position`: its block of four words, and which of them is its own. Where a
/// sample begins at a multiple of four, that depends on the position alone, so that the code generator sees which
/// neighbours share a block.
static std::pair<Value, Value> buildBlock(RandomMaskOp op, PhiloxBuilder &philox, Value first, Value position) {
  const int64_t samples = getSampleStride(op);
  if (samples % 4)
    return philox.divide(philox.add(philox.multiply(first, philox.number(samples)), philox.cast(position)), 4);
  auto [block, lane] = philox.divide(position, 4);
  return {philox.add(philox.multiply(first, philox.number(samples / 4)), philox.cast(block)), philox.cast(lane)};
}

/// By its definition each element computes its block of four words and keeps one, without any order among elements.
FailureOr<SmallVector<Value>> RandomMaskOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  RankedTensorType type = getType();
  AffineMap scalar = AffineMap::get(type.getRank(), 0, builder.getContext());
  auto body = [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
    PhiloxBuilder philox(b, loc);
    Value position = arith::ConstantIndexOp::create(b, loc, 0);
    for (auto [dim, stride] : llvm::enumerate(getStrides())) {
      Value step = arith::ConstantIndexOp::create(b, loc, stride);
      position = philox.add(position, philox.multiply(linalg::IndexOp::create(b, loc, dim), step));
    }
    auto [block, lane] = buildBlock(*this, philox, elements[2], position);
    auto words = philox.run({philox.low(block), philox.high(block), philox.number(getSite()), philox.low(elements[1])},
                            elements[0]);
    return philox.compare(words, lane, getThreshold(*this));
  };
  return SmallVector<Value>{buildParallel(builder, getLoc(), type, operands, {scalar, scalar, scalar}, body)};
}
