//===- ElementwiseFolds.cpp - Identities of arithmetic ----------*- C++ -*-===//
//
// Identities that hold for every value, infinities and NaN included (up to the sign of a zero). Arithmetic on
// constants is folded for all ops at once, in GraphFolding.cpp.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Builders.h"

using namespace mlir;
using namespace glyptic::graph;

OpFoldResult AddOp::fold(FoldAdaptor) {
  if (getSplat(getRhs()) == 0.0)
    return getLhs();
  return getSplat(getLhs()) == 0.0 ? OpFoldResult(getRhs()) : nullptr;
}

OpFoldResult SubOp::fold(FoldAdaptor) { return getSplat(getRhs()) == 0.0 ? OpFoldResult(getLhs()) : nullptr; }

OpFoldResult MulOp::fold(FoldAdaptor) {
  if (getSplat(getRhs()) == 1.0)
    return getLhs();
  return getSplat(getLhs()) == 1.0 ? OpFoldResult(getRhs()) : nullptr;
}

OpFoldResult DivOp::fold(FoldAdaptor) { return getSplat(getRhs()) == 1.0 ? OpFoldResult(getLhs()) : nullptr; }

OpFoldResult PowOp::fold(FoldAdaptor) { return getSplat(getRhs()) == 1.0 ? OpFoldResult(getLhs()) : nullptr; }

/// A square costs one multiplication; `pow` some fifty instructions, and its derivative a logarithm.
LogicalResult PowOp::canonicalize(PowOp op, PatternRewriter &rewriter) {
  if (getSplat(op.getRhs()) != 2.0)
    return failure();
  rewriter.replaceOpWithNewOp<MulOp>(op, op.getLhs(), op.getLhs());
  return success();
}

OpFoldResult SelectOp::fold(FoldAdaptor) {
  if (getOnTrue() == getOnFalse())
    return getOnTrue();
  if (std::optional<double> condition = getSplat(getCondition()))
    return *condition != 0 ? getOnTrue() : getOnFalse();
  return nullptr;
}

OpFoldResult ConvertOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput()) : nullptr;
}
