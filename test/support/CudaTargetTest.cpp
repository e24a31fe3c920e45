//===- CudaTargetTest.cpp - The text of a target for GPUs -----------------===//
#include "support/CudaTarget.h"

#include <gtest/gtest.h>

using namespace glyptic;
using Parts = std::vector<std::string>;

TEST(CudaTarget, IsSplitAtCommas) {
  EXPECT_EQ(splitCudaTarget("cuda:sm_80,sm_90"), (Parts{"sm_80", "sm_90"}));
  EXPECT_EQ(splitCudaTarget("cuda:sm_90,no-cudnn"), (Parts{"sm_90", "no-cudnn"}));
  EXPECT_EQ(splitCudaTarget("cuda:"), Parts{""});
  EXPECT_EQ(splitCudaTarget("cuda:sm_80,"), (Parts{"sm_80", ""}));
  EXPECT_EQ(splitCudaTarget("cpu:avx2"), Parts{});
  EXPECT_EQ(splitCudaTarget(""), Parts{});
}

TEST(CudaTarget, ArchitecturesHaveNumbers) {
  EXPECT_EQ(getArchitectureNumber("sm_90"), 90);
  EXPECT_EQ(getArchitectureNumber("sm_120"), 120);
  for (const char *other : {"", "sm_", "sm_90a", "90", "sm_x", "sm_99999999999", "no-cudnn"})
    EXPECT_EQ(getArchitectureNumber(other), -1) << other;
}
