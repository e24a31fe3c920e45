//===- SampleOrderTest.cpp - Orders are permutations, fixed by seed and epoch -===//
#include "runtime/data/SampleOrder.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>

using namespace glyptic::runtime;
using Samples = std::vector<uint64_t>;

namespace {

Samples range(uint64_t count) {
  Samples samples(count);
  std::iota(samples.begin(), samples.end(), 0);
  return samples;
}

Samples shuffled(uint64_t count, uint64_t seed, uint64_t epoch) {
  Samples samples = range(count);
  shuffle(samples, seed, epoch);
  return samples;
}

Samples sorted(Samples samples) {
  std::sort(samples.begin(), samples.end());
  return samples;
}

} // namespace

TEST(SampleOrderTest, IsAPermutationThatSeedAndEpochChange) {
  for (uint64_t count : {0, 1, 2, 3, 1000})
    EXPECT_EQ(sorted(shuffled(count, 7, 1)), range(count));
  EXPECT_EQ(shuffled(1000, 7, 1), shuffled(1000, 7, 1));
  EXPECT_NE(shuffled(1000, 7, 1), shuffled(1000, 7, 2));
  EXPECT_NE(shuffled(1000, 7, 1), shuffled(1000, 8, 1));
  EXPECT_NE(shuffled(1000, 7, 1), shuffled(1000, 7 + (uint64_t(1) << 32), 1));
}

// The places of one sample over many epochs are uniform: chi-square with 9 degrees of freedom, 99.99 % below 33.7.
TEST(SampleOrderTest, EveryPlaceIsEquallyLikely) {
  constexpr int kCount = 10, kEpochs = 20000;
  for (uint64_t sample : {0, 9}) {
    std::vector<int> places(kCount);
    for (int epoch = 1; epoch <= kEpochs; ++epoch) {
      Samples order = shuffled(kCount, 3, uint64_t(epoch));
      ++places[size_t(std::find(order.begin(), order.end(), sample) - order.begin())];
    }
    double expected = double(kEpochs) / kCount, chi = 0;
    for (int place : places)
      chi += (place - expected) * (place - expected) / expected;
    EXPECT_LT(chi, 33.7);
  }
}

TEST(SampleOrderTest, SplitsAreDisjointAndComplete) {
  Split split = splitSamples(range(101), 0.2, 5);
  EXPECT_EQ(split.rest.size(), 20u);
  EXPECT_EQ(split.rest.size(), splitSize(101, 0.2));
  EXPECT_TRUE(std::is_sorted(split.rest.begin(), split.rest.end()));
  Samples all = split.train;
  all.insert(all.end(), split.rest.begin(), split.rest.end());
  EXPECT_EQ(sorted(all), range(101));
  EXPECT_NE(split.rest, splitSamples(range(101), 0.2, 6).rest);
  EXPECT_EQ(splitSize(2, 0.001), 1u);
  EXPECT_EQ(splitSize(2, 0.999), 1u);
  for (uint64_t few : {0, 1})
    EXPECT_EQ(splitSize(few, 0.5), 0u) << "there is nothing to divide";
}
