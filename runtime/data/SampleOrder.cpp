//===- SampleOrder.cpp ----------------------------------------------------===//
#include "runtime/data/SampleOrder.h"
#include "support/Philox.h"
#include <algorithm>
#include <cmath>

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

uint64_t splitSize(uint64_t count, double fraction) {
  if (count < 2)
    return 0;
  return std::clamp<uint64_t>(uint64_t(std::llround(double(count) * fraction)), 1, count - 1);
}

Split splitSamples(std::vector<uint64_t> samples, double fraction, uint64_t seed) {
  shuffle(samples, seed, kSplitStream);
  auto middle = samples.begin() + int64_t(splitSize(samples.size(), fraction));
  Split split{{middle, samples.end()}, {samples.begin(), middle}};
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.rest.begin(), split.rest.end());
  return split;
}

} // namespace glyptic::runtime
