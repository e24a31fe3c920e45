//===- ThreadsTest.cpp - How many threads a library call wakes ------------===//
#include "test/runtime/GlyphBuilder.h"

#include <dirent.h>
#include <thread>

using namespace glyptic;

namespace {

int countThreads() {
  int count = 0;
  DIR *folder = opendir("/proc/self/task");
  while (readdir(folder))
    ++count;
  closedir(folder);
  return count;
}

/// How many threads a product of 64 x 64 x 64 starts where the program says that it has `flops` operations.
int threadsStarted(uint64_t flops) {
  TemporaryFolder folder;
  GlyphBuilder builder;
  auto x = builder.work("x", DType::F32, {64, 64}), y = builder.work("y", DType::F32, {64, 64});
  auto &entry = builder.entry("call");
  builder.input(entry, x);
  builder.call(entry, "matmul", {&x, &x, &y}, {{"lhs_batch", {}}, {"rhs_batch", {}}, {"lhs_contracting", {1}}, {"rhs_contracting", {0}}});
  entry.instructions[0]->flops = std::make_unique<glyph::Size>(flops, 0);
  Program program(builder.write(folder / "a.glyph"));
  int started = 0;
  // libgomp keeps the threads that a caller once had: a new caller has none.
  std::thread([&] {
    Session session(program, 4);
    std::vector<float> values(64 * 64);
    session.setInput("call", "x", values.data(), values.size());
    int before = countThreads();
    session.run("call", 1);
    started = countThreads() - before;
  }).join();
  return started;
}

TEST(ThreadsTest, SmallCallsWakeNobody) {
  EXPECT_EQ(threadsStarted(1000), 0);
  EXPECT_EQ(threadsStarted(1 << 20), 3);
}

} // namespace
