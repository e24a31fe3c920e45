//===- Contraction.cpp - MatMul, Gemm -----------------------------------------===//
#include "compiler/Import/Registry.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

SmallVector<Dim> getDims(Value value) { return graph::getDims(cast<RankedTensorType>(value.getType())); }

Value createDot(NodeImporter &node, Value lhs, Value rhs, int64_t batchRank, int64_t lhsDim, int64_t rhsDim) {
  auto batch = llvm::to_vector(llvm::seq<int64_t>(0, batchRank));
  return node.create<DotGeneralOp>(lhs, rhs, ArrayRef<int64_t>(batch), ArrayRef<int64_t>(batch),
                                   ArrayRef<int64_t>(lhsDim), ArrayRef<int64_t>(rhsDim), TypeAttr(), TypeAttr());
}

/// alpha * A * B + beta * C, with A and B transposed on request.
LogicalResult importGemm(NodeImporter &node) {
  Value lhs = node.getInput(0), rhs = node.getInput(1);
  if (!lhs || !rhs)
    return failure();
  Type elementType = node.getType(0).getElementType();
  if (node.getType(0).getRank() != 2 || node.getType(1).getRank() != 2)
    return node.emitError("A and B must be matrices");
  int64_t lhsDim = node.getInt("transA", 0) ? 0 : 1, rhsDim = node.getInt("transB", 0) ? 1 : 0;
  if (getDims(lhs)[lhsDim] != getDims(rhs)[rhsDim])
    return node.emitError("the sizes that A and B share do not agree");
  auto scale = [&](Value value, double factor) {
    return !value || factor == 1.0 ? value
                                   : node.create<MulOp>(value, node.createSplat(factor, getDims(value), elementType));
  };
  Value product = scale(createDot(node, lhs, rhs, 0, lhsDim, rhsDim), node.getFloat("alpha", 1.0));
  double beta = node.getFloat("beta", 1.0);
  if (!product || !node.hasInput(2) || beta == 0.0)
    return node.setResult(product);
  Value addend = scale(node.getInput(2), beta);
  return node.setResult(node.create<AddOp>(product, node.broadcastTo(addend, getDims(product))));
}

/// A stack of matrices with the leading dimensions `batch`; plain matrices stay as they are.
Value broadcastBatch(NodeImporter &node, Value operand, ArrayRef<Dim> batch) {
  SmallVector<Dim> dims(batch);
  llvm::append_range(dims, ArrayRef<Dim>(getDims(operand)).take_back(2));
  return node.broadcastTo(operand, dims);
}

/// NumPy's matmul: vectors are promoted to matrices, leading dimensions are broadcast.
LogicalResult importMatMul(NodeImporter &node) {
  Value lhs = node.getInput(0), rhs = node.getInput(1);
  if (!lhs || !rhs)
    return failure();
  SmallVector<Dim> lhsDims = getDims(lhs), rhsDims = getDims(rhs);
  if (lhsDims.empty() || rhsDims.empty())
    return node.emitError("a scalar cannot be multiplied as a matrix");
  bool lhsIsVector = lhsDims.size() == 1, rhsIsVector = rhsDims.size() == 1;
  if (lhsDims.back() != rhsDims[rhsIsVector ? 0 : rhsDims.size() - 2])
    return node.emitError("the sizes that the operands share do not agree");
  // A single right matrix serves all rows at once, and so does any vector.
  bool rhsIsSingle = llvm::all_of(ArrayRef<Dim>(rhsDims).drop_back(std::min<size_t>(2, rhsDims.size())),
                                  [](Dim dim) { return dim.isOne(); }) &&
                     rhsDims.size() <= std::max<size_t>(2, lhsDims.size());
  if (rhsIsVector || rhsIsSingle) {
    Value matrix = rhsIsVector ? rhs : node.createReshape(rhs, ArrayRef<Dim>(rhsDims).take_back(2));
    return node.setResult(createDot(node, lhs, matrix, 0, int64_t(lhsDims.size()) - 1, 0));
  }
  if (lhsIsVector)
    return node.setResult(createDot(node, lhs, rhs, 0, 0, int64_t(rhsDims.size()) - 2));
  FailureOr<SmallVector<Dim>> batch =
      node.getBroadcastDims({SmallVector<Dim>(ArrayRef<Dim>(lhsDims).drop_back(2)),
                             SmallVector<Dim>(ArrayRef<Dim>(rhsDims).drop_back(2))});
  if (failed(batch))
    return failure();
  lhs = broadcastBatch(node, lhs, *batch);
  rhs = broadcastBatch(node, rhs, *batch);
  int64_t rank = batch->size();
  return node.setResult(createDot(node, lhs, rhs, rank, rank + 1, rank));
}

const OpImporter kImporters[] = {
    {"Gemm", 7, importGemm},
    {"MatMul", 1, importMatMul},
};

} // namespace

ArrayRef<OpImporter> getContractionImporters() { return kImporters; }

} // namespace glyptic
