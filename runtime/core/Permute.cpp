//===- Permute.cpp - Tensors between saved and stored shape ---------------===//
#include "runtime/core/Permute.h"

#include <cstring>

namespace glyptic::runtime {

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

template <typename T> void gather(const Walk &walk, const T *source, T *target) {
  size_t rank = walk.extents.size();
  int64_t inner = walk.extents[rank - 1], step = walk.strides[rank - 1];
  std::vector<int64_t> position(rank, 0);
  for (int64_t offset = 0;;) {
    if (step == 1)
      std::memcpy(target, source + offset, static_cast<size_t>(inner) * sizeof(T));
    else
      for (int64_t i = 0; i < inner; ++i)
        target[i] = source[offset + i * step];
    target += inner;
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

void permute(const void *source, const std::vector<int64_t> &shape, const std::vector<size_t> &permutation, size_t elementSize,
             std::byte *target) {
  size_t bytes = elementSize;
  for (int64_t extent : shape)
    bytes *= static_cast<size_t>(extent);
  if (bytes == 0)
    return;
  if (permutation.empty()) {
    std::memcpy(target, source, bytes);
    return;
  }
  // Files put tensors at any byte, and memcpy of one element compiles to a plain load.
  Walk walk = makeWalk(shape, permutation);
  auto run = [&](auto zero) {
    using T = decltype(zero);
    gather(walk, static_cast<const T *>(source), reinterpret_cast<T *>(target));
  };
  switch (elementSize) {
  case 1: return run(uint8_t());
  case 2: return run(uint16_t());
  case 4: return run(uint32_t());
  default: return run(uint64_t());
  }
}

} // namespace glyptic::runtime
