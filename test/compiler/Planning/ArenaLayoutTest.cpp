//===- ArenaLayoutTest.cpp - Buffers that live together lie apart ---------===//
#include "compiler/Planning/ArenaLayout.h"
#include <gtest/gtest.h>
#include <random>

using namespace glyptic::planning;

namespace {

int64_t align(int64_t size) { return (size + 63) / 64 * 64; }

/// The most bytes that live at one time.
int64_t getLowerBound(const std::vector<Lifetime> &buffers) {
  int64_t most = 0;
  for (const Lifetime &at : buffers) {
    int64_t sum = 0;
    for (const Lifetime &b : buffers)
      if (b.begin <= at.begin && at.begin <= b.end)
        sum += align(b.size);
    most = std::max(most, sum);
  }
  return most;
}

void expectValid(const std::vector<Lifetime> &buffers, const ArenaLayout &layout) {
  ASSERT_EQ(layout.offsets.size(), buffers.size());
  for (size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_EQ(layout.offsets[i] % 64, 0);
    EXPECT_GE(layout.offsets[i], 0);
    EXPECT_LE(layout.offsets[i] + buffers[i].size, layout.size);
    for (size_t j = 0; j < i; ++j)
      if (buffers[i].begin <= buffers[j].end && buffers[j].begin <= buffers[i].end)
        EXPECT_TRUE(layout.offsets[i] + buffers[i].size <= layout.offsets[j] ||
                    layout.offsets[j] + buffers[j].size <= layout.offsets[i])
            << i << " and " << j;
  }
}

TEST(ArenaLayout, RandomLifetimesNeverOverlap) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<Lifetime> buffers(1 + random() % 120);
    for (Lifetime &b : buffers) {
      b.size = random() % 5000;
      b.begin = random() % 100;
      b.end = b.begin + random() % 20;
    }
    ArenaLayout layout = layOut(buffers);
    expectValid(buffers, layout);
    EXPECT_GE(layout.size, getLowerBound(buffers));
  }
}

/// A training step: activations live from forward to backward, temporaries beside them die at once.
TEST(ArenaLayout, TrainingStepReachesTheBound) {
  constexpr unsigned layers = 50;
  std::vector<Lifetime> buffers;
  for (unsigned layer = 0; layer < layers; ++layer) {
    int64_t size = 64 * (1 + layer % 7);
    buffers.push_back({size, 2 * layer, 4 * layers - 2 * layer});             // saved for the backward pass
    buffers.push_back({size / 2, 2 * layer, 2 * layer + 1});                  // forward temporary
    unsigned back = 4 * layers - 2 * layer;
    buffers.push_back({size, back - 1, back});                                // gradient of the activation
  }
  ArenaLayout layout = layOut(buffers);
  expectValid(buffers, layout);
  EXPECT_LE(layout.size, getLowerBound(buffers) * 105 / 100);
}

TEST(ArenaLayout, ChainAlternatesBetweenTwoPlaces) {
  std::vector<Lifetime> buffers;
  for (unsigned i = 0; i < 10; ++i)
    buffers.push_back({128, i, i + 1});
  EXPECT_EQ(layOut(buffers).size, 256);
}

TEST(ArenaLayout, NothingNeedsNothing) { EXPECT_EQ(layOut({}).size, 0); }

} // namespace
