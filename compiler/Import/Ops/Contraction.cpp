//===- Contraction.cpp - MatMul, Gemm -----------------------------------------===//
#include "compiler/Import/Registry.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// alpha * A * B + beta * C, with A and B transposed on request.
LogicalResult importGemm(NodeImporter &node) {
  Value lhs = node.getInput(0), rhs = node.getInput(1);
  if (!lhs || !rhs)
    return failure();
  auto elementType = node.getType(0).getElementType();
  if (node.getType(0).getRank() != 2 || node.getType(1).getRank() != 2)
    return node.emitError("A and B must be matrices");
  ArrayRef<int64_t> none;
  Value product = node.create<DotGeneralOp>(lhs, rhs, none, none, ArrayRef<int64_t>{node.getInt("transA", 0) ? 0 : 1},
                                            ArrayRef<int64_t>{node.getInt("transB", 0) ? 1 : 0}, TypeAttr(),
                                            TypeAttr());
  if (!product)
    return failure();
  SmallVector<Dim> dims = getDims(cast<RankedTensorType>(product.getType()));
  auto scale = [&](Value value, double factor) {
    if (!value || factor == 1.0)
      return value;
    return node.create<MulOp>(value, node.createSplat(factor, getDims(cast<RankedTensorType>(value.getType())),
                                                      elementType));
  };
  product = scale(product, node.getFloat("alpha", 1.0));
  double beta = node.getFloat("beta", 1.0);
  if (!node.hasInput(2) || beta == 0.0)
    return node.setResult(product);
  Value addend = scale(node.getInput(2), beta);
  return node.setResult(node.create<AddOp>(product, node.broadcastTo(addend, dims)));
}

const OpImporter kImporters[] = {
    {"Gemm", 7, importGemm},
};

} // namespace

ArrayRef<OpImporter> getContractionImporters() { return kImporters; }

} // namespace glyptic
