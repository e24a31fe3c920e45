//===- ConvertTest.cpp - Conversions are exact or refused -----------------===//
#include "support/Convert.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

using namespace glyptic;

namespace {

template <typename From>
std::optional<size_t> convert(std::vector<From> values, DType from, DType to, std::vector<std::byte> &out) {
  return convertIntegers(values.data(), from, to, values.size(), out);
}

} // namespace

TEST(ConvertTest, IntegersToFloatOnlyWhereExact) {
  std::vector<std::byte> out;
  ASSERT_FALSE(convert<int64_t>({-3, 0, 16777216}, DType::I64, DType::F32, out));
  float values[3];
  std::memcpy(values, out.data(), sizeof values);
  EXPECT_EQ(values[0], -3.0f);
  EXPECT_EQ(values[2], 16777216.0f);
  EXPECT_EQ(convert<int64_t>({1, 16777217}, DType::I64, DType::F32, out), 1u);
  EXPECT_EQ(convert<uint64_t>({std::numeric_limits<uint64_t>::max()}, DType::U64, DType::F32, out), 0u);
  EXPECT_EQ(convert<int64_t>({std::numeric_limits<int64_t>::max()}, DType::I64, DType::F64, out), 0u);
  EXPECT_FALSE(convert<int64_t>({std::numeric_limits<int64_t>::min()}, DType::I64, DType::F32, out));
}

TEST(ConvertTest, IntegersToIntegersOnlyWhereTheyFit) {
  std::vector<std::byte> out;
  EXPECT_FALSE(convert<int64_t>({-128, 127}, DType::I64, DType::I8, out));
  EXPECT_EQ(convert<int64_t>({127, 128}, DType::I64, DType::I8, out), 1u);
  EXPECT_EQ(convert<int32_t>({-1}, DType::I32, DType::U64, out), 0u);
  EXPECT_EQ(convert<uint64_t>({uint64_t(1) << 63}, DType::U64, DType::I64, out), 0u);
}

TEST(ConvertTest, Bfloat16RoundsToNearestEven) {
  // 1 + 2^-8 lies between two neighbours: to the even one, 1. 1 + 3 * 2^-8 to 1 + 2^-6.
  float values[] = {1.0f + 0x1p-8f, 1.0f + 0x3p-8f, -2.5f, INFINITY, NAN};
  std::vector<std::byte> half = toBfloat16(values, 5), back = fromBfloat16(half.data(), 5);
  float rounded[5];
  std::memcpy(rounded, back.data(), sizeof rounded);
  EXPECT_EQ(rounded[0], 1.0f);
  EXPECT_EQ(rounded[1], 1.0f + 0x1p-6f);
  EXPECT_EQ(rounded[2], -2.5f);
  EXPECT_EQ(rounded[3], INFINITY);
  EXPECT_TRUE(std::isnan(rounded[4]));
}
