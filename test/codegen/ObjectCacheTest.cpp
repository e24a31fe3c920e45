//===- ObjectCacheTest.cpp - Compiled kernels on disk -----------===//
#include "codegen/ObjectCache.h"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace glyptic::codegen;
namespace fs = std::filesystem;

namespace {

class ObjectCacheTest : public testing::Test {
protected:
  ObjectCacheTest() { fs::remove_all(folder); }
  ~ObjectCacheTest() override { fs::remove_all(folder); }

  fs::path folder = fs::temp_directory_path() / ("glyptic-cache-test-" + std::to_string(::getpid()));
  std::vector<char> bytes = {'a', 'b', '\0', 'd'};
};

TEST_F(ObjectCacheTest, FindsWhatWasSaved) {
  ObjectCache cache(folder.string());
  EXPECT_FALSE(cache.load("key"));
  cache.save("key", bytes);
  EXPECT_EQ(ObjectCache(folder.string()).load("key"), bytes);
  EXPECT_FALSE(cache.load("other"));
}

TEST_F(ObjectCacheTest, IgnoresDamage) {
  ObjectCache cache(folder.string());
  cache.save("key", bytes);
  fs::path file = fs::directory_iterator(folder)->path();
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(-1, std::ios::end).put('e');
  EXPECT_FALSE(cache.load("key"));
  cache.save("key", bytes);
  fs::resize_file(file, fs::file_size(file) - 1);
  EXPECT_FALSE(cache.load("key"));
  fs::resize_file(file, 3);
  EXPECT_FALSE(cache.load("key"));
}

TEST_F(ObjectCacheTest, StaysWithinItsBound) {
  ObjectCache cache(folder.string(), /*maxBytes=*/3000);
  for (int i = 0; i < 8; ++i)
    cache.save("key" + std::to_string(i), std::vector<char>(1000));
  uintmax_t total = 0;
  for (auto &entry : fs::directory_iterator(folder))
    total += entry.file_size();
  EXPECT_LE(total, 3000u);
  EXPECT_TRUE(cache.load("key7"));
}

TEST_F(ObjectCacheTest, WithoutAFolderKeepsNothing) {
  ObjectCache cache("");
  cache.save("key", bytes);
  EXPECT_FALSE(cache.load("key"));
}

TEST(CacheKey, TellsPartsApart) {
  EXPECT_NE(getCacheKey({"ab", "c"}), getCacheKey({"a", "bc"}));
  EXPECT_EQ(getCacheKey({"ab", "c"}), getCacheKey({"ab", "c"}));
}

} // namespace
