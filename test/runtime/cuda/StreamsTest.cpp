//===- StreamsTest.cpp - In what order a GPU is asked for what ------------===//
#include "test/runtime/cuda/StreamsFixture.h"

using namespace glyptic;

namespace {

TEST_F(StreamsTest, AStepIsOneGraph) {
  Program program = load();
  Session session(program);
  takeLog();
  start(session, 0);
  std::string first = takeLog();
  EXPECT_EQ(count(first, "launch sum on stream0\n"), 1u) << first;
  start(session, 1);
  std::string second = takeLog();
  EXPECT_EQ(count(second, "begin on stream2\n"), 1u) << second;
  EXPECT_EQ(count(second, "launch sum on stream2\n"), 1u) << second;
  EXPECT_EQ(count(second, "replay on stream0\n"), 1u) << second;
  EXPECT_EQ(count(second, "fetch"), 1u) << "for both numbers of the step";
  EXPECT_EQ(session.scalar("none"), 0);
  EXPECT_EQ(session.scalar("rate"), 0.5);
  takeLog();
  for (int64_t i : {2, 3, 4}) {
    std::vector<float> x = batch(i);
    session.setInput("step", "x", x.data(), x.size());
    const std::string sent = i % 2 ? "event1" : "event2", sending = "wait event0 on stream1\nsend on stream1\n";
    EXPECT_EQ(takeLog(), "await " + sent + "\n" + sending + "mark " + sent + " on stream1\n");
    session.start("step", 8);
    EXPECT_EQ(takeLog(), "wait " + sent + " on stream0\ncopy on stream0\nmark event0 on stream0\nreplay on stream0\n"
                         "mark event3 on stream0\n")
        << "nothing is waited for or allocated";
    EXPECT_EQ(session.scalar("loss"), expected(i + 1));
    EXPECT_EQ(takeLog(), "await event3\n") << "it came with the run";
  }
  session.start("step", 8); // inputs stay set
  EXPECT_EQ(takeLog(), "replay on stream0\nmark event3 on stream0\n");
  EXPECT_STREQ(glyptic_session_graph_failure(session.get(), "step"), "");
  EXPECT_EQ(glyptic_session_graph_failure(session.get(), "nothing"), nullptr);
}

/// A GPU may do what is asked for late or early: the result is the same, and so is the last batch of an epoch.
TEST_F(StreamsTest, InputsTravelDuringARun) {
  sizes = {8, 8, 5, 8, 40};
  for (int eager : {0, 1}) {
    driver.variable<int>("fake_eager") = eager;
    {
      Session session(load());
      for (int64_t i = 0; i < 23; ++i)
        start(session, i);
      EXPECT_EQ(session.scalar("loss"), expected(23)) << eager;
      std::vector<float> x = batch(22), last(x.size());
      session.getOutput("shifted", last.data(), last.size());
      EXPECT_EQ(last, x);
      start(session, 23);
      start(session, 24);
      float w = 0;
      session.readState("w", &w, 1);
      EXPECT_EQ(w, expected(25));
      std::vector<float> y(8, 100);
      session.setInput("step", "x", y.data(), y.size());
      EXPECT_EQ(session.scalar("loss"), expected(25)) << "until the next run";
      EXPECT_NE(errorOf([&] { session.getOutput("shifted", last.data(), 40); }).find("is not there"), std::string::npos);
      session.setInput("step", "x", batch(25).data(), 8); // takes the place of the one before
      session.run("step", 8);
      EXPECT_EQ(session.scalar("loss"), expected(26));
    }
    EXPECT_EQ(call<size_t>("fake_used"), 0u);
    for (const char *counted : {"fake_contexts", "fake_pinned", "fake_modules", "fake_graphs", "fake_events", "fake_streams"})
      EXPECT_EQ(driver.variable<int>(counted), 0) << counted;
  }
}

TEST_F(StreamsTest, WhatCannotBeRecordedIsNamedAndRuns) {
  driver.variable<const char *>("fake_unrecordable") = "sum";
  Session session(load());
  for (int64_t i = 0; i < 5; ++i)
    start(session, i);
  EXPECT_EQ(session.scalar("loss"), expected(5));
  EXPECT_STREQ(glyptic_session_graph_failure(session.get(), "step"),
               "'node1': cannot launch a kernel: operation not permitted when stream is capturing (CUDA error 900)");
  std::string log = takeLog();
  EXPECT_EQ(count(log, "begin"), 1u) << "it is tried once";
  EXPECT_EQ(count(log, "end\n"), 1u);
  EXPECT_EQ(count(log, "launch sum on stream0"), 5u);
}

TEST_F(StreamsTest, LargeStateGoesByPinnedMemory) {
  constexpr size_t kElements = 5 << 19; // 10 MiB, two and a half pieces
  builder.state("large", DType::F32, {int64_t(kElements)});
  Session session(load());
  std::vector<float> values(kElements), back(kElements);
  std::iota(values.begin(), values.end(), 1.0f);
  takeLog();
  session.writeState("large", values.data(), kElements);
  std::fill(values.begin() + 100, values.end(), 0.0f); // was read by then
  session.readState("large", back.data(), kElements);
  for (size_t i = 0; i < kElements; ++i)
    ASSERT_EQ(back[i], float(i + 1));
  std::string log = takeLog();
  EXPECT_EQ(count(log, "send on stream0"), 3u) << log;
  EXPECT_EQ(count(log, "fetch on stream0"), 3u) << log;
  EXPECT_EQ(count(log, "pageable"), 0u) << log;
}

TEST_F(StreamsTest, DebugSyncNamesTheKernel) {
  auto errorWith = [&](int debugSync) {
    Program program = load();
    glyptic_session_options options{};
    options.debug_sync = debugSync;
    Session session(program, options);
    driver.variable<int>("fake_fault") = driver.variable<int>("fake_launches") + 2;
    std::vector<float> x = batch(0);
    session.setInput("step", "x", x.data(), x.size());
    session.run("step", 8);
    return errorOf([&] { session.run("step", 8); });
  };
  const std::string fault = "the GPU has stopped: an illegal memory access was encountered (CUDA error 700)";
  EXPECT_EQ(errorWith(1), "'node1': kernel 'sum': " + fault);
  EXPECT_EQ(errorWith(0), fault + "; with --debug-sync (debug_sync in a session's options) the kernel is named");
}

} // namespace
