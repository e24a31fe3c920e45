//===- CpuFeaturesTest.cpp - What a processor must have ---------===//
#include "support/CpuFeatures.h"
#include <gtest/gtest.h>

using namespace glyptic;

TEST(CpuFeatures, HostHasItsOwn) {
  EXPECT_FALSE(getHostCpuFeatures().empty());
  EXPECT_EQ(findMissingCpuFeature(getHostCpuFeatures()), "");
  EXPECT_EQ(findMissingCpuFeature(""), "");
}

TEST(CpuFeatures, NamesWhatIsMissing) {
  EXPECT_EQ(findMissingCpuFeature(getHostCpuFeatures() + ",warp-drive"), "warp-drive");
  EXPECT_EQ(findMissingCpuFeature("warp-drive," + getHostCpuFeatures()), "warp-drive");
}
