//===- SampleOrder.cpp ----------------------------------------------------===//
#include "runtime/data/SampleOrder.h"
#include "support/Philox.h"
#include <algorithm>
#include <cmath>
#include <numeric>

namespace glyptic::runtime {
namespace {

/// Epochs count from 1, so stream 0 is free for the split.
constexpr uint64_t kSplitStream = 0;

/// Uniform in [0, bound) up to a bias of bound / 2^64, which no data set can show.
uint64_t below(uint64_t bound, uint64_t index, uint64_t stream, uint64_t seed) {
  auto words = philox({uint32_t(index), uint32_t(index >> 32), uint32_t(stream), uint32_t(stream >> 32)},
                      {uint32_t(seed), uint32_t(seed >> 32)});
  uint64_t bits = uint64_t(words[1]) << 32 | words[0];
  return uint64_t((static_cast<unsigned __int128>(bits) * bound) >> 64);
}

} // namespace

void shuffle(std::vector<uint64_t> &samples, uint64_t seed, uint64_t epoch) {
  for (uint64_t left = samples.size(); left > 1; --left)
    std::swap(samples[left - 1], samples[below(left, left, epoch, seed)]);
}

Split splitSamples(uint64_t count, double valid, uint64_t seed) {
  std::vector<uint64_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, seed, kSplitStream);
  uint64_t held = std::clamp<uint64_t>(uint64_t(std::llround(double(count) * valid)), 1, count - 1);
  Split split{{order.begin() + held, order.end()}, {order.begin(), order.begin() + held}};
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.valid.begin(), split.valid.end());
  return split;
}

} // namespace glyptic::runtime
