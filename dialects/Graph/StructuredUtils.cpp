//===- StructuredUtils.cpp - Pieces of structured form ----------*- C++ -*-===//
#include "dialects/Graph/StructuredUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace glyptic::graph {

Value batchIndex(OpBuilder &builder, Location loc) {
  Type i64 = builder.getI64Type();
  Value batch = BatchSizeOp::create(builder, loc, RankedTensorType::get({}, i64));
  Value scalar = tensor::ExtractOp::create(builder, loc, batch, ValueRange{});
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), scalar);
}

Value dimIndex(OpBuilder &builder, Location loc, Dim dim) {
  if (dim.batched && dim.scale == 1)
    return batchIndex(builder, loc);
  Value scale = arith::ConstantIndexOp::create(builder, loc, dim.scale);
  return dim.batched ? arith::MulIOp::create(builder, loc, batchIndex(builder, loc), scale) : scale;
}

Value emptyTensor(OpBuilder &builder, Location loc, RankedTensorType type) {
  SmallVector<Value> sizes;
  if (int64_t batched = getBatchedDim(type); batched >= 0)
    sizes.push_back(dimIndex(builder, loc, getDim(type, batched)));
  return tensor::EmptyOp::create(builder, loc, type, sizes);
}

Value filledTensor(OpBuilder &builder, Location loc, RankedTensorType type, Value scalar) {
  return linalg::FillOp::create(builder, loc, scalar, emptyTensor(builder, loc, type)).getResult(0);
}

Value buildParallel(OpBuilder &builder, Location loc, RankedTensorType type, ValueRange operands,
                    ArrayRef<AffineMap> maps, ElementBuilder body) {
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(builder, loc, type, operands, emptyTensor(builder, loc, type), allMaps,
                                           iterators, [&](OpBuilder &b, Location l, ValueRange elements) {
                                             linalg::YieldOp::create(b, l, body(b, l, elements.drop_back()));
                                           });
  return generic.getResult(0);
}

Value buildPointwise(OpBuilder &builder, Location loc, RankedTensorType type, ValueRange operands,
                     ElementBuilder body) {
  SmallVector<AffineMap> maps(operands.size(), builder.getMultiDimIdentityMap(type.getRank()));
  return buildParallel(builder, loc, type, operands, maps, body);
}

Value scalarNumber(OpBuilder &builder, Location loc, Type type, double value) {
  TypedAttr attr = isa<FloatType>(type) ? TypedAttr(builder.getFloatAttr(type, value))
                                        : builder.getIntegerAttr(type, static_cast<int64_t>(value));
  return arith::ConstantOp::create(builder, loc, attr);
}

/// Truncates towards zero. A value out of range has no defined result in `arith`, and none in ONNX.
static Value convertFloat(OpBuilder &builder, Location loc, Value scalar, Type type) {
  unsigned from = scalar.getType().getIntOrFloatBitWidth(), to = type.getIntOrFloatBitWidth();
  if (type.isInteger(1)) {
    Value zero = scalarNumber(builder, loc, scalar.getType(), 0);
    return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE, scalar, zero);
  }
  if (isa<IntegerType>(type))
    return arith::FPToSIOp::create(builder, loc, type, scalar);
  if (from < to)
    return arith::ExtFOp::create(builder, loc, type, scalar);
  if (from > to)
    return arith::TruncFOp::create(builder, loc, type, scalar);
  // f16 and bf16: neither contains the other.
  Value wide = arith::ExtFOp::create(builder, loc, builder.getF32Type(), scalar);
  return arith::TruncFOp::create(builder, loc, type, wide);
}

static Value convertInteger(OpBuilder &builder, Location loc, Value scalar, Type type) {
  unsigned from = scalar.getType().getIntOrFloatBitWidth(), to = type.getIntOrFloatBitWidth();
  if (isa<FloatType>(type)) {
    if (from == 1)
      return arith::UIToFPOp::create(builder, loc, type, scalar);
    return arith::SIToFPOp::create(builder, loc, type, scalar);
  }
  if (to == 1) {
    Value zero = scalarNumber(builder, loc, scalar.getType(), 0);
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, scalar, zero);
  }
  if (from > to)
    return arith::TruncIOp::create(builder, loc, type, scalar);
  if (from == 1)
    return arith::ExtUIOp::create(builder, loc, type, scalar);
  return arith::ExtSIOp::create(builder, loc, type, scalar);
}

Value convertScalar(OpBuilder &builder, Location loc, Value scalar, Type type) {
  Type from = scalar.getType();
  if (from == type)
    return scalar;
  if (from.isIndex()) {
    Value integer = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), scalar);
    return convertScalar(builder, loc, integer, type);
  }
  if (type.isIndex()) {
    Value integer = convertScalar(builder, loc, scalar, builder.getI64Type());
    return arith::IndexCastOp::create(builder, loc, type, integer);
  }
  // `arith` has no unsigned types: the bits are the same under the signless one.
  if (type.isUnsignedInteger()) {
    Value bits = convertScalar(builder, loc, scalar, builder.getIntegerType(type.getIntOrFloatBitWidth()));
    return UnrealizedConversionCastOp::create(builder, loc, type, bits).getResult(0);
  }
  if (from.isUnsignedInteger()) {
    unsigned width = from.getIntOrFloatBitWidth();
    Value bits = UnrealizedConversionCastOp::create(builder, loc, builder.getIntegerType(width), scalar).getResult(0);
    return convertScalar(builder, loc, arith::ExtUIOp::create(builder, loc, builder.getIntegerType(2 * width), bits),
                         type);
  }
  return isa<FloatType>(from) ? convertFloat(builder, loc, scalar, type) : convertInteger(builder, loc, scalar, type);
}

} // namespace glyptic::graph
