//===- RandomNumbers.cpp - Elements that a seed decides ---------*- C++ -*-===//
#include "dialects/Graph/Ops/Random/RandomNumbers.h"
#include "dialects/Graph/StructuredUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "support/Philox.h"

using namespace mlir;
using namespace glyptic::graph;

//===----------------------------------------------------------------------===//
// What both ops share
//===----------------------------------------------------------------------===//

SmallVector<int64_t> glyptic::graph::getSampleMajorStrides(RankedTensorType type) {
  SmallVector<int64_t> strides(type.getRank());
  int64_t next = 1, batched = getBatchedDim(type);
  for (int64_t dim = type.getRank() - 1; dim >= 0; --dim)
    if (dim != batched) {
      strides[dim] = next;
      next *= type.getDimSize(dim);
    }
  if (batched >= 0)
    strides[batched] = next;
  return strides;
}

template <typename Op> static LogicalResult verifySource(Op op) {
  auto scalar = RankedTensorType::get({}, IntegerType::get(op.getContext(), 64));
  if (llvm::any_of(op->getOperandTypes(), [&](Type type) { return type != scalar; }))
    return op.emitOpError() << "takes scalars of type " << scalar;
  if (static_cast<int64_t>(op.getStrides().size()) != op.getType().getRank())
    return op.emitOpError() << "needs a stride for each dimension of " << op.getType();
  return success();
}

/// What the first sample's number is multiplied by in the index of an element.
template <typename Op> static int64_t getSampleStride(Op op) {
  int64_t batched = getBatchedDim(op.getType());
  return batched < 0 ? 0 : op.getStrides()[batched] * getDim(op.getType(), batched).scale;
}

void glyptic::graph::evaluateWords(const WordSource &source, ArrayRef<int64_t> strides, HostTensor &result,
                                   llvm::function_ref<double(uint32_t)> meaning) {
  ArrayRef<int64_t> shape = result.getShape();
  for (int64_t i = 0; i < result.getNumElements(); ++i) {
    int64_t index = source.firstIndex, rest = i;
    for (int64_t dim = shape.size() - 1; dim >= 0; rest /= shape[dim--])
      index += rest % shape[dim] * strides[dim];
    uint64_t block = static_cast<uint64_t>(index) / 4;
    auto words = philox({uint32_t(block), uint32_t(block >> 32), source.site, source.iteration},
                        {uint32_t(source.seed), uint32_t(source.seed >> 32)});
    result.set(i, meaning(words[index % 4]));
  }
}

template <typename Op> static WordSource getSource(Op op, ArrayRef<const HostTensor *> operands) {
  auto number = [&](unsigned i) { return operands[i]->get<int64_t>()[0]; };
  return {uint64_t(number(0)), uint32_t(number(1)), uint32_t(op.getSite()), number(2) * getSampleStride(op)};
}

/// The same op whose dimension i is dimension `permutation[i]` of `op`.
template <typename Op> static Value permuteStrides(OpBuilder &builder, Op op, ArrayRef<int64_t> permutation) {
  auto strides = llvm::map_to_vector(permutation, [&](int64_t dim) { return op.getStrides()[dim]; });
  auto permuted = cast<Op>(builder.clone(*op));
  permuted.setStrides(strides);
  permuted.getResult().setType(permuteType(op.getType(), permutation));
  return permuted.getResult();
}

//===----------------------------------------------------------------------===//
// Philox
//===----------------------------------------------------------------------===//

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

  /// What `meaning` makes of word number `lane`. It is made of all four: as vectors, several lanes share them.
  Value pick(std::array<Value, 4> words, Value lane, llvm::function_ref<Value(Value)> meaning) {
    auto isSet = [&](uint64_t bit) {
      Value masked = arith::AndIOp::create(builder, loc, lane, number(bit));
      return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, masked, number(0));
    };
    Value odd = isSet(1), upper = isSet(2);
    for (Value &word : words)
      word = meaning(word);
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

/// An element's number is `first * samples + position`: its block of four words, and which of them is its own. Where a
/// sample begins at a multiple of four, that depends on the position alone, so that the code generator sees which
/// neighbours share a block.
static std::pair<Value, Value> buildBlock(int64_t samples, PhiloxBuilder &philox, Value first, Value position) {
  if (samples % 4)
    return philox.divide(philox.add(philox.multiply(first, philox.number(samples)), philox.cast(position)), 4);
  auto [block, lane] = philox.divide(position, 4);
  return {philox.add(philox.multiply(first, philox.number(samples / 4)), philox.cast(block)), philox.cast(lane)};
}

/// By its definition each element computes its block of four words and keeps one, without any order among elements.
/// `meaning` builds the element from its word, which has 64 bits.
template <typename Op>
static Value buildWords(OpBuilder &builder, Op op, ValueRange operands,
                        llvm::function_ref<Value(OpBuilder &, Location, Value)> meaning) {
  RankedTensorType type = op.getType();
  AffineMap scalar = AffineMap::get(type.getRank(), 0, builder.getContext());
  auto body = [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
    PhiloxBuilder philox(b, loc);
    Value position = arith::ConstantIndexOp::create(b, loc, 0);
    for (auto [dim, stride] : llvm::enumerate(op.getStrides())) {
      Value step = arith::ConstantIndexOp::create(b, loc, stride);
      position = philox.add(position, philox.multiply(linalg::IndexOp::create(b, loc, dim), step));
    }
    auto [block, lane] = buildBlock(getSampleStride(op), philox, elements[2], position);
    auto words = philox.run(
        {philox.low(block), philox.high(block), philox.number(op.getSite()), philox.low(elements[1])}, elements[0]);
    return philox.pick(words, lane, [&](Value word) { return meaning(b, loc, word); });
  };
  return buildParallel(builder, op.getLoc(), type, operands, {scalar, scalar, scalar}, body);
}

//===----------------------------------------------------------------------===//
// random_mask
//===----------------------------------------------------------------------===//

void RandomMaskOp::build(OpBuilder &builder, OperationState &state, RankedTensorType type, const RandomSource &source,
                         double probability) {
  build(builder, state, type, source.seed, source.iteration, source.firstSample,
        builder.getI64IntegerAttr(source.site), builder.getDenseI64ArrayAttr(getSampleMajorStrides(type)),
        builder.getF64FloatAttr(probability));
}

LogicalResult RandomMaskOp::verify() {
  double probability = getProbability().convertToDouble();
  if (!(probability >= 0 && probability <= 1))
    return emitOpError() << "has the probability " << probability;
  return verifySource(*this);
}

PrecisionClass RandomMaskOp::getPrecisionClass() { return PrecisionClass::Exact; }

/// A word of this value or more gives true.
static uint64_t getThreshold(RandomMaskOp op) {
  return static_cast<uint64_t>(std::llround((1 - op.getProbability().convertToDouble()) * 4294967296.0));
}

LogicalResult RandomMaskOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  const uint64_t threshold = getThreshold(*this);
  evaluateWords(getSource(*this, operands), getStrides(), results[0],
                [&](uint32_t word) { return word >= threshold; });
  return success();
}

FailureOr<Value> RandomMaskOp::buildPermuted(OpBuilder &builder, ArrayRef<int64_t> permutation) {
  return permuteStrides(builder, *this, permutation);
}

FailureOr<SmallVector<Value>> RandomMaskOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  auto meaning = [&](OpBuilder &b, Location loc, Value word) -> Value {
    Value threshold = PhiloxBuilder(b, loc).number(getThreshold(*this));
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, word, threshold);
  };
  return SmallVector<Value>{buildWords(builder, *this, operands, meaning)};
}

//===----------------------------------------------------------------------===//
// random_uniform
//===----------------------------------------------------------------------===//

void RandomUniformOp::build(OpBuilder &builder, OperationState &state, RankedTensorType type,
                            const RandomSource &source) {
  build(builder, state, type, source.seed, source.iteration, source.firstSample,
        builder.getI64IntegerAttr(source.site), builder.getDenseI64ArrayAttr(getSampleMajorStrides(type)));
}

LogicalResult RandomUniformOp::verify() { return verifySource(*this); }

PrecisionClass RandomUniformOp::getPrecisionClass() { return PrecisionClass::Exact; }

LogicalResult RandomUniformOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  const int bits = getFractionBits(getType().getElementType());
  evaluateWords(getSource(*this, operands), getStrides(), results[0],
                [&](uint32_t word) { return getFraction(word, bits); });
  return success();
}

FailureOr<Value> RandomUniformOp::buildPermuted(OpBuilder &builder, ArrayRef<int64_t> permutation) {
  return permuteStrides(builder, *this, permutation);
}

FailureOr<SmallVector<Value>> RandomUniformOp::buildStructured(OpBuilder &builder, ValueRange operands) {
  Type elementType = getType().getElementType();
  const int bits = getFractionBits(elementType);
  auto meaning = [&](OpBuilder &b, Location loc, Value word) -> Value {
    Value kept = arith::ShRUIOp::create(b, loc, word, PhiloxBuilder(b, loc).number(32 - bits));
    Value number = arith::SIToFPOp::create(b, loc, elementType, kept);
    return arith::MulFOp::create(b, loc, number, scalarNumber(b, loc, elementType, std::ldexp(1.0, -bits)));
  };
  return SmallVector<Value>{buildWords(builder, *this, operands, meaning)};
}
