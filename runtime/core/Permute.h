//===- Permute.h - Tensors between saved and stored shape -------*- C++ -*-===//
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace glyptic::runtime {

/// Writes `source`, dense of `shape`, with its dimensions reordered: dimension i of the target is dimension
/// permutation[i] of the source. An empty permutation copies.
void permute(const void *source, const std::vector<int64_t> &shape, const std::vector<size_t> &permutation,
             size_t elementSize, std::byte *target);

} // namespace glyptic::runtime
