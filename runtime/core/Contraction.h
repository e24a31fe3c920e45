//===- Contraction.h - Contractions as matrix products ----------*- C++ -*-===//
//
// A contraction of two tensors over any dimensions in any order becomes a product [batch..., M, K] x [batch..., K, N]
// by strides alone, wherever a group of dimensions is one dimension in memory:
//   - neighbouring free dimensions merge; what does not merge with the rest becomes a batch dimension, in which the
//     other operand has extent 1 and is broadcast;
//   - contracted dimensions must merge in both operands.
// Libraries differ in how many batch dimensions they take and in what they do where an operand is no matrix.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/core/Routine.h"

#include <array>

namespace glyptic::runtime {

/// A dimension with its step in memory.
struct Extent {
  int64_t size, stride;
};
using Extents = std::vector<Extent>;

/// One factor with its dimensions sorted into groups, each in the order of the result's or the contraction's.
struct Factor {
  Extents batch, free, contracting;

  /// Matrix dimensions need a unit stride somewhere, or no fast kernel takes them.
  bool isMatrix() const;
  Extents all() const;
  /// The same tensor, dense in the order batch, free, contracting.
  Factor packed() const;
};

/// Two factors and their product: as many batch dimensions in each, then two of a matrix. Where a factor's batch
/// dimension has size one, and the product's more, the factor is the same for all.
struct MatrixProduct {
  Extents lhs, rhs, result;
};

/// What the library routine "matmul" computes. The constructor checks the call.
class Contraction {
public:
  explicit Contraction(const CallSite &site);

  /// Both factors for `batch` samples. The order of contracted pairs is ours to choose: that of the left one in memory.
  std::array<Factor, 2> factors(int64_t batch) const;
  /// Both are matrices.
  MatrixProduct product(Factor lhs, Factor rhs, int64_t batch) const;

private:
  void checkDims(size_t operand, const std::vector<int64_t> &batch, const std::vector<int64_t> &contracting) const;
  void checkShapes(int64_t batch) const;
  Factor factor(size_t operand, const std::vector<int64_t> &batchDims, const std::vector<int64_t> &contracting,
                int64_t batch) const;

  CallSite site;
  std::vector<int64_t> lhsBatch, rhsBatch, lhsContracting, rhsContracting;
};

} // namespace glyptic::runtime
