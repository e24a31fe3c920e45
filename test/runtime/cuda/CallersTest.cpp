//===- CallersTest.cpp - Sessions in the caller's context and stream ------===//
#include "examples/runtime/train-in-stream.cpp"
#include "test/runtime/cuda/StreamsFixture.h"

#include <algorithm>

using namespace glyptic;

namespace {

/// What an embedding program has: memory, and a stream of a context of its own.
class CallersTest : public StreamsTest {
protected:
  void SetUp() override {
    StreamsTest::SetUp();
    ASSERT_EQ(driverCall("cuCtxPushCurrent_v2", context), 0);
    ASSERT_EQ(driverCall("cuStreamCreate", &stream, 1u), 0);
    for (unsigned long long *memory : {&input, &output})
      ASSERT_EQ(driverCall("cuMemAlloc_v2", memory, sizeof(float) * kMost), 0);
    takeLog();
  }
  void TearDown() override {
    for (unsigned long long memory : {input, output})
      driverCall("cuMemFree_v2", memory);
    driverCall("cuStreamDestroy_v2", stream);
    driverCall("cuCtxPopCurrent_v2", &stream);
  }

  template <typename... Arguments> int driverCall(const char *name, Arguments... arguments) {
    return call<int>(name, arguments...);
  }

  glyptic_session_options optionsFor(void *context, void *stream) {
    glyptic_session_options options{};
    options.cuda_context = context;
    options.cuda_stream = stream;
    return options;
  }

  int marker = 0; ///< at an address that no other context has
  void *context = &marker, *stream = nullptr;
  unsigned long long input = 0, output = 0;
};

TEST_F(CallersTest, NothingIsWaitedForInTheCallersStream) {
  {
    Session session(load(), optionsFor(nullptr, stream)); // whose context it is
    EXPECT_EQ(session.device(), "cuda:0 (Paper GPU, sm_90), as the program is compiled for cuda:sm_90");
    EXPECT_EQ(driver.variable<int>("fake_contexts"), 0) << "the device's own was not opened";
    std::vector<std::vector<float>> batches;
    for (int64_t i = 0; i < 6; ++i)
      batches.push_back(batch(i));
    auto run = [&](const std::vector<float> &x) {
      // The caller's own work before and after a run, in order without an event.
      driverCall("cuMemcpyHtoDAsync_v2", input, static_cast<const void *>(x.data()), size_t(32), stream);
      session.setDeviceInput("step", "x", reinterpret_cast<float *>(input), 8);
      session.start("step", 8);
      session.getDeviceOutput("shifted", reinterpret_cast<float *>(output), 8);
    };
    run(batches[0]); // binds the entry, where inputs of another would have to arrive first
    takeLog();
    std::for_each(batches.begin() + 1, batches.end(), run);
    std::string log = takeLog();
    for (const char *what : {"synchronize", "await", "allocate", "pin\n"})
      EXPECT_EQ(count(log, what), 0u) << what;
    EXPECT_EQ(count(log, "replay on stream0\n"), 5u) << log;
    std::vector<float> last(8);
    driverCall("cuMemcpyDtoHAsync_v2", static_cast<void *>(last.data()), output, size_t(32), stream);
    driverCall("cuStreamSynchronize", stream);
    EXPECT_EQ(last, batches.back());
    EXPECT_EQ(session.scalar("loss"), expected(6));
    void *now = nullptr;
    driverCall("cuStreamGetCtx", stream, &now);
    EXPECT_EQ(now, context);
  }
  EXPECT_EQ(driver.variable<int>("fake_streams"), 1) << "the caller's";
}

/// It cannot be recorded itself, yet takes what was recorded elsewhere.
TEST_F(CallersTest, TheDefaultStreamTakesGraphs) {
  Session session(load(), optionsFor(context, reinterpret_cast<void *>(1)));
  for (int64_t i = 0; i < 4; ++i)
    start(session, i);
  EXPECT_EQ(session.scalar("loss"), expected(4));
  EXPECT_EQ(count(takeLog(), "replay on default\n"), 3u);
}

TEST_F(CallersTest, StateIsSharedInPlace) {
  Session session(load(), optionsFor(context, nullptr));
  start(session, 0);
  glyptic_memory memory = session.locateState("w");
  EXPECT_EQ(memory.size, 4u);
  EXPECT_EQ(memory.permutation, nullptr);
  session.wait();
  float w = 0;
  auto address = reinterpret_cast<unsigned long long>(memory.address);
  driverCall("cuMemcpyDtoHAsync_v2", static_cast<void *>(&w), address, size_t(4), stream);
  driverCall("cuStreamSynchronize", stream);
  EXPECT_EQ(w, expected(1));
  w = 0;
  driverCall("cuMemcpyHtoDAsync_v2", address, static_cast<const void *>(&w), size_t(4), stream);
  driverCall("cuStreamSynchronize", stream);
  session.stateChanged();
  start(session, 0);
  EXPECT_EQ(session.scalar("loss"), expected(1));
  EXPECT_EQ(session.locateOutput("shifted").size, 32u);
  EXPECT_EQ(errorOf([&] { session.locateState("v"); }), "the program has no state 'v'");
}

TEST_F(CallersTest, TheExampleTrains) {
  auto label = builder.work("label", DType::I64, {samples()});
  glyph::EntryT &step = *builder.program.entries[0];
  builder.input(step, label);
  step.inputs[0]->dims = {{1, true}, {2, false}};
  step.inputs[0]->buffer = std::make_unique<glyph::Buffer>(*builder.work("pairs", DType::F32, {samples(), 2}).buffer);
  step.instructions[0]->action.AsLaunch()->buffers[0] = *step.inputs[0]->buffer;
  std::vector<float> x = batch(0);
  driverCall("cuMemcpyHtoDAsync_v2", input, static_cast<const void *>(x.data()), size_t(32), stream);
  double loss = trainInStream(load(), stream, reinterpret_cast<float *>(input), reinterpret_cast<int64_t *>(output), 4, 3);
  float sum = x[0] + x[1] + x[2] + x[3]; // the kernel's samples are single numbers
  EXPECT_EQ(loss, 2 * (2 * sum + sum) + sum);
}

/// On this processor the same calls copy at once.
TEST_F(CallersTest, ThisProcessorTakesItsOwnAddresses) {
  builder.program.target = glyph::kCpuTarget;
  builder.code(folder, R"(
void sum(void *const *b, int64_t n, int64_t lo, int64_t hi) {
  const float *x = b[0]; float *w = b[1], added = 0;
  for (int64_t i = 0; i < n; ++i) added += x[i];
  *(float *)b[2] = *w = 2 * *w + added;
})");
  builder.program.entries[0]->instructions[0]->action.AsLaunch()->threads = 0;
  Session session(load());
  for (int64_t i = 0; i < 3; ++i) {
    std::vector<float> x = batch(i), shifted(8);
    session.setDeviceInput("step", "x", x.data(), x.size());
    session.start("step", 8);
    session.getDeviceOutput("shifted", shifted.data(), shifted.size());
    EXPECT_EQ(shifted, x);
    EXPECT_EQ(session.scalar("loss"), expected(i + 1));
  }
  *static_cast<float *>(session.locateState("w").address) = 0;
  session.stateChanged();
  session.run("step", 8);
  std::vector<float> x = batch(2);
  EXPECT_EQ(session.scalar("loss"), std::accumulate(x.begin(), x.end(), 0.0f));
}

TEST_F(CallersTest, MisuseIsNamed) {
  auto errorWith = [&](const char *device) {
    glyptic_session_options options = optionsFor(context, stream);
    options.device = device;
    return errorOf([&] { Session(load(), options); });
  };
  EXPECT_EQ(errorWith("cuda:0"), "");
  driver.variable<int>("fake_count") = 2;
  EXPECT_EQ(errorWith("cuda:1"), "the context that the session was given is not one of GPU 1");
  EXPECT_EQ(errorWith("shim"), "a session on this processor takes no CUDA context and no CUDA stream");
}

} // namespace
