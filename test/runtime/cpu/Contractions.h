//===- Contractions.h - Contractions for matrix products to do --*- C++ -*-===//
#pragma once

#include "test/runtime/cpu/RoutineFixture.h"

namespace glyptic {

struct Contraction {
  const char *name;
  TestShape lhs, rhs;
  std::vector<int64_t> lhsBatch, rhsBatch, lhsContracting, rhsContracting;
};

inline std::vector<size_t> freeDims(size_t rank, const std::vector<int64_t> &batch,
                                    const std::vector<int64_t> &contracting) {
  std::vector<size_t> free;
  for (size_t dim = 0; dim < rank; ++dim) {
    auto is = [&](int64_t other) { return other == static_cast<int64_t>(dim); };
    if (std::none_of(batch.begin(), batch.end(), is) && std::none_of(contracting.begin(), contracting.end(), is))
      free.push_back(dim);
  }
  return free;
}

inline TestShape resultShape(const Contraction &c) {
  TestShape shape;
  for (int64_t dim : c.lhsBatch)
    shape.push_back(c.lhs[dim]);
  for (size_t dim : freeDims(c.lhs.size(), c.lhsBatch, c.lhsContracting))
    shape.push_back(c.lhs[dim]);
  for (size_t dim : freeDims(c.rhs.size(), c.rhsBatch, c.rhsContracting))
    shape.push_back(c.rhs[dim]);
  return shape;
}

inline Array contract(const Contraction &c, int64_t batch, Array &lhs, Array &rhs) {
  Array result(shapeAt(resultShape(c), batch));
  std::vector<size_t> lhsFree = freeDims(c.lhs.size(), c.lhsBatch, c.lhsContracting),
                      rhsFree = freeDims(c.rhs.size(), c.rhsBatch, c.rhsContracting);
  std::vector<int64_t> contracted;
  for (int64_t dim : c.lhsContracting)
    contracted.push_back(lhs.shape[dim]);
  std::vector<int64_t> left(lhs.shape.size()), right(rhs.shape.size());
  forEachIndex(result.shape, [&](const std::vector<int64_t> &index) {
    size_t position = 0;
    for (size_t i = 0; i < c.lhsBatch.size(); ++i)
      left[c.lhsBatch[i]] = right[c.rhsBatch[i]] = index[position++];
    for (size_t dim : lhsFree)
      left[dim] = index[position++];
    for (size_t dim : rhsFree)
      right[dim] = index[position++];
    double sum = 0;
    forEachIndex(contracted, [&](const std::vector<int64_t> &k) {
      for (size_t i = 0; i < k.size(); ++i) {
        left[c.lhsContracting[i]] = k[i];
        right[c.rhsContracting[i]] = k[i];
      }
      sum += double(lhs.at(left)) * rhs.at(right);
    });
    result.at(index) = static_cast<float>(sum);
  });
  return result;
}

inline const Contraction kContractions[] = {
    {"dense layer", {samples(), 13}, {13, 7}, {}, {}, {1}, {0}},
    {"dense layer, weight transposed", {samples(), 13}, {7, 13}, {}, {}, {1}, {1}},
    {"weight gradient", {samples(), 13}, {samples(), 7}, {}, {}, {0}, {0}},
    {"weight gradient over tokens", {samples(), 5, 13}, {samples(), 5, 7}, {}, {}, {0, 1}, {0, 1}},
    {"tokens", {samples(), 5, 13}, {13, 7}, {}, {}, {2}, {0}},
    {"rows are a multiple of samples", {samples(3), 13}, {13, 7}, {}, {}, {1}, {0}},
    {"attention scores, heads outside", {samples(), 2, 5, 4}, {samples(), 2, 6, 4}, {0, 1}, {0, 1}, {3}, {3}},
    {"attention scores, heads inside", {samples(), 5, 2, 4}, {samples(), 6, 2, 4}, {0, 2}, {0, 2}, {3}, {3}},
    {"attention values, heads inside", {samples(), 2, 5, 6}, {samples(), 6, 2, 4}, {0, 1}, {0, 2}, {3}, {1}},
    {"batch dimensions in another order", {samples(), 3, 5, 4}, {3, samples(), 4, 6}, {0, 1}, {1, 0}, {3}, {2}},
    {"heads contracted, apart in memory", {samples(), 2, 5, 4}, {2, 4, 7}, {}, {}, {1, 3}, {0, 1}},
    {"contracted in another order", {samples(), 3, 4}, {4, 3, 7}, {}, {}, {1, 2}, {1, 0}},
    {"free dimensions around the contracted", {samples(), 13, 5}, {6, 13, 7}, {}, {}, {1}, {1}},
    {"no unit stride in either matrix dimension", {4, 5, samples()}, {samples(), 5, 7}, {2}, {0}, {1}, {1}},
    {"outer product", {samples()}, {7}, {}, {}, {}, {}},
    {"scalar product", {13}, {13}, {}, {}, {0}, {0}},
    {"vector times matrix", {13}, {13, 7}, {}, {}, {0}, {0}},
    {"one row, one column", {1, 13}, {13, 1}, {}, {}, {1}, {0}},
    {"elementwise in the batch", {samples(), 3}, {samples(), 3}, {0, 1}, {0, 1}, {}, {}},
    {"extents of one everywhere", {1, samples(), 1, 13}, {1, 13, 1, 7}, {0}, {0}, {3}, {1}},
    {"large", {samples(17), 129}, {129, 257}, {}, {}, {1}, {0}},
};

inline Parameters parametersOf(const Contraction &c) {
  return {{"lhs_batch", c.lhsBatch},
          {"rhs_batch", c.rhsBatch},
          {"lhs_contracting", c.lhsContracting},
          {"rhs_contracting", c.rhsContracting}};
}

} // namespace glyptic
