//===- Permute.cpp - Dense arrays with other orders of dimensions ---------===//
#include "support/Permute.h"

#include <cstring>

namespace glyptic {

namespace {
/// A target's dimensions with their strides in the source, in elements.
struct Walk {
  std::vector<int64_t> extents, strides;
};

Walk makeWalk(const std::vector<int64_t> &shape, const std::vector<size_t> &permutation) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  Walk walk;
  for (size_t dim : permutation) {
    // Dimensions that stay neighbours are one.
    if (!walk.extents.empty() && walk.strides.back() == strides[dim] * shape[dim]) {
      walk.extents.back() *= shape[dim];
      walk.strides.back() = strides[dim];
    } else {
      walk.extents.push_back(shape[dim]);
      walk.strides.push_back(strides[dim]);
    }
  }
  return walk;
}

/// Files put tensors at any byte: `source` need not be aligned. A memcpy of one element compiles to a plain load.
template <typename T> void gather(const Walk &walk, const std::byte *source, std::byte *target) {
  size_t rank = walk.extents.size();
  int64_t inner = walk.extents[rank - 1], step = walk.strides[rank - 1];
  std::vector<int64_t> position(rank, 0);
  for (int64_t offset = 0;;) {
    const std::byte *from = source + offset * int64_t(sizeof(T));
    if (step == 1)
      std::memcpy(target, from, static_cast<size_t>(inner) * sizeof(T));
    else
      for (int64_t i = 0; i < inner; ++i)
        std::memcpy(target + i * int64_t(sizeof(T)), from + i * step * int64_t(sizeof(T)), sizeof(T));
    target += inner * int64_t(sizeof(T));
    size_t dim = rank - 1;
    while (dim-- > 0) {
      offset += walk.strides[dim];
      if (++position[dim] < walk.extents[dim])
        break;
      offset -= walk.strides[dim] * walk.extents[dim];
      position[dim] = 0;
    }
    if (dim == SIZE_MAX)
      return;
  }
}
} // namespace

void permute(const void *source, const std::vector<int64_t> &shape, const std::vector<size_t> &permutation,
             size_t elementSize, std::byte *target) {
  size_t bytes = elementSize;
  for (int64_t extent : shape)
    bytes *= static_cast<size_t>(extent);
  if (bytes == 0)
    return;
  if (permutation.empty()) {
    std::memcpy(target, source, bytes);
    return;
  }
  Walk walk = makeWalk(shape, permutation);
  auto *from = static_cast<const std::byte *>(source);
  switch (elementSize) {
  case 1: return gather<uint8_t>(walk, from, target);
  case 2: return gather<uint16_t>(walk, from, target);
  case 4: return gather<uint32_t>(walk, from, target);
  default: return gather<uint64_t>(walk, from, target);
  }
}

} // namespace glyptic
