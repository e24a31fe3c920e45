//===- RandomNumbers.h - Words that a seed decides --------------*- C++ -*-===//
#pragma once

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/HostTensor.h"
#include <cmath>

namespace glyptic::graph {

/// Of the row-major tensor of that type, its batched dimension outermost.
llvm::SmallVector<int64_t> getSampleMajorStrides(mlir::RankedTensorType type);

/// What words follow from, as numbers.
struct WordSource {
  uint64_t seed;
  uint32_t iteration, site;
  int64_t firstIndex = 0; ///< of the first sample's first element
};
/// Element i of `result` becomes `meaning` of its word.
void evaluateWords(const WordSource &source, llvm::ArrayRef<int64_t> strides, HostTensor &result,
                   llvm::function_ref<double(uint32_t)> meaning);

/// Bits of a word that make a number in [0, 1): as many as the type holds exactly.
inline int getFractionBits(mlir::Type elementType) { return elementType.isF64() ? 32 : 24; }
inline double getFraction(uint32_t word, int bits) { return std::ldexp(word >> (32 - bits), -bits); }

} // namespace glyptic::graph
