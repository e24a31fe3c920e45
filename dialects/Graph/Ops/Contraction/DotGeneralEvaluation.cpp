//===- DotGeneralEvaluation.cpp - Products in the interpreter ---*- C++ -*-===//
#include "dialects/Graph/HostTensor.h"
#include "dialects/Graph/Ops/Contraction/DotGeneral.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include <Eigen/Core>

using namespace mlir;
using namespace glyptic::graph;

namespace {
/// An operand with its dimensions in the order of a matrix product.
template <typename T> struct Matrices {
  std::vector<T> elements;
  int64_t rows = 1, columns = 1;

  Matrices(const HostTensor &tensor, ArrayRef<int64_t> batch, ArrayRef<int64_t> rowDims, ArrayRef<int64_t> columnDims) {
    SmallVector<int64_t> order(batch), shape, strides = tensor.getStrides();
    llvm::append_range(order, rowDims);
    llvm::append_range(order, columnDims);
    for (int64_t dim : order)
      shape.push_back(tensor.getShape()[dim]);
    for (int64_t dim : rowDims)
      rows *= tensor.getShape()[dim];
    for (int64_t dim : columnDims)
      columns *= tensor.getShape()[dim];
    SmallVector<int64_t> basis = computeStrides(shape);
    elements.reserve(tensor.getNumElements());
    for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
      int64_t from = 0;
      for (auto [dim, size, stride] : llvm::zip(order, shape, basis))
        from += i / stride % size * strides[dim];
      elements.push_back(tensor.get<T>()[from]);
    }
  }
};
} // namespace

template <typename T> static void multiply(const Matrices<T> &lhs, const Matrices<T> &rhs, MutableArrayRef<T> result) {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const int64_t size = lhs.rows * rhs.columns;
  for (int64_t batch = 0; size && batch < static_cast<int64_t>(result.size()) / size; ++batch) {
    Eigen::Map<const Matrix> left(lhs.elements.data() + batch * lhs.rows * lhs.columns, lhs.rows, lhs.columns);
    Eigen::Map<const Matrix> right(rhs.elements.data() + batch * rhs.rows * rhs.columns, rhs.rows, rhs.columns);
    Eigen::Map<Matrix>(result.data() + batch * size, lhs.rows, rhs.columns).noalias() = left * right;
  }
}

LogicalResult DotGeneralOp::evaluate(ArrayRef<const HostTensor *> operands, MutableArrayRef<HostTensor> results) {
  SmallVector<int64_t> lhsFree = getFreeDims(operands[0]->getRank(), getLhsBatch(), getLhsContracting());
  SmallVector<int64_t> rhsFree = getFreeDims(operands[1]->getRank(), getRhsBatch(), getRhsContracting());
  std::visit(
      [&](auto &result) {
        using T = typename std::decay_t<decltype(result)>::value_type;
        Matrices<T> lhs(*operands[0], getLhsBatch(), lhsFree, getLhsContracting());
        Matrices<T> rhs(*operands[1], getRhsBatch(), getRhsContracting(), rhsFree);
        multiply<T>(lhs, rhs, result);
      },
      results[0].getStorage());
  results[0].wrap();
  return success();
}
