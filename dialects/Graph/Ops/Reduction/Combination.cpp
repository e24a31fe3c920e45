//===- Combination.cpp - How elements combine -------------------*- C++ -*-===//
#include "dialects/Graph/Ops/Reduction/Combination.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace glyptic::graph;

/// `arith` knows the identity and the op of its kinds of reduction.
static arith::AtomicRMWKind getArithKind(ReductionKind kind, bool isFloat) {
  switch (kind) {
  case ReductionKind::Sum: return isFloat ? arith::AtomicRMWKind::addf : arith::AtomicRMWKind::addi;
  case ReductionKind::Prod: return isFloat ? arith::AtomicRMWKind::mulf : arith::AtomicRMWKind::muli;
  case ReductionKind::Max: return isFloat ? arith::AtomicRMWKind::maximumf : arith::AtomicRMWKind::maxs;
  case ReductionKind::Min: return isFloat ? arith::AtomicRMWKind::minimumf : arith::AtomicRMWKind::mins;
  case ReductionKind::And: return arith::AtomicRMWKind::andi;
  case ReductionKind::Or: return arith::AtomicRMWKind::ori;
  }
  llvm_unreachable("all kinds handled");
}

Value glyptic::graph::buildIdentity(OpBuilder &builder, Location loc, ReductionKind kind, Type elementType) {
  return arith::getIdentityValue(getArithKind(kind, isa<FloatType>(elementType)), elementType, builder, loc,
                                 /*useOnlyFiniteValue=*/false);
}

Value glyptic::graph::buildCombination(OpBuilder &builder, Location loc, ReductionKind kind, Value x, Value y) {
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(x.getType()));
  return arith::getReductionOp(getArithKind(kind, isFloat), builder, loc, x, y);
}
