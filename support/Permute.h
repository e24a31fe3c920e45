//===- Permute.h - Dense arrays with other orders of dimensions -*- C++ -*-===//
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace glyptic {

/// Writes `source`, dense of `shape`, with its dimensions reordered: dimension i of the target is dimension
/// permutation[i] of the source. An empty permutation copies. Elements are of 1, 2, 4 or 8 bytes, aligned or not.
void permute(const void *source, const std::vector<int64_t> &shape, const std::vector<size_t> &permutation,
             size_t elementSize, std::byte *target);

} // namespace glyptic
