//===- CudaDeviceTest.cpp - Programs for GPUs, without one ----------------===//
#include "support/SharedObject.h"
#include "test/runtime/GlyphBuilder.h"
#include "test/runtime/cuda/FakeLibraries.h"

using namespace glyptic;

namespace {

/// `infer`: y = x * w[0] + table, then `copied` = y. `count`: w[0] grows by the samples.
class CudaDeviceTest : public testing::Test {
protected:
  void SetUp() override {
    builder.program.target = "cuda:sm_80,sm_90";
    auto &weight = builder.state("w", DType::F32, {2, 3}, {1, 0});
    weight.stored = true;
    builder.initial("w", {3, 2}, {2, 3, 4, 5, 6, 7});
    float values[4] = {10, 20, 30, 40};
    auto *bytes = reinterpret_cast<const uint8_t *>(values);
    builder.program.constants.assign(bytes, bytes + sizeof values);
    auto table = builder.tensor("table", DType::F32, {4}, glyph::Arena::Constant);
    auto x = builder.work("x", DType::F32, {samples()}), y = builder.work("y", DType::F32, {samples()}),
         copied = builder.work("copied", DType::F32, {samples()});
    auto &infer = builder.entry("infer");
    builder.input(infer, x);
    builder.launch(infer, "scale", {&x, weight.tensor.get(), &table, &y}, {3}, {0, 1});
    builder.inBlocks(infer, 8, 8);
    builder.copyBuffer(infer, y, copied);
    builder.output(infer, copied);
    auto &count = builder.entry("count");
    builder.launch(count, "count", {weight.tensor.get()}, {0}, {1, 0});
    builder.inBlocks(count, 1, 1);
    for (const char *entry : {"sm_80-0.cubin", "sm_80-0.ptx", "sm_90-0.cubin", "sm_90-0.ptx"})
      builder.archive[std::string("cuda/") + entry] = std::string("code ") + entry;
    builder.archive[glyph::kShimEntry] = R"(
#include <cstdint>
extern "C" void scale(void *const *p, int64_t batch, int64_t lo, int64_t hi) {
  auto *x = (float *)p[0], *w = (float *)p[1], *table = (float *)p[2], *y = (float *)p[3];
  for (int64_t i = lo * 8; i < hi * 8 && i < batch; ++i) y[i] = x[i] * w[0] + table[i % 4];
}
extern "C" void count(void *const *p, int64_t batch, int64_t lo, int64_t hi) { *(float *)p[0] += batch; }
)";
  }

  std::string write() { return builder.write(folder / "a.glyph"); }

  /// What a run on `device` gives, with a second one that leaves more samples behind it.
  void expectRuns(const std::string &device) {
    Program program(write());
    Session session(program, 2, device);
    for (int64_t batch : {20, 1, 9}) {
      std::vector<float> x(batch), y(batch);
      for (int64_t i = 0; i < batch; ++i)
        x[i] = float(i + batch);
      session.setInput("infer", "x", x.data(), x.size());
      session.run("infer", batch);
      session.getOutput("copied", y.data(), y.size());
      for (int64_t i = 0; i < batch; ++i)
        EXPECT_EQ(y[i], x[i] * 2 + 10 * float(i % 4 + 1)) << i;
    }
    session.run("count", 5);
    std::vector<float> w(6);
    session.readState("w", w.data(), w.size());
    EXPECT_EQ(w, (std::vector<float>{7, 3, 4, 5, 6, 7}));
    session.saveState(folder / "state.safetensors");
    session.writeState("w", std::vector<float>{1, 2, 3, 4, 5, 6}.data(), 6);
    session.run("count", 1);
    session.readState("w", w.data(), w.size());
    EXPECT_EQ(w, (std::vector<float>{2, 2, 3, 4, 5, 6}));
    session.loadState(folder / "state.safetensors");
    session.readState("w", w.data(), w.size());
    EXPECT_EQ(w, (std::vector<float>{7, 3, 4, 5, 6, 7}));
    const glyptic_instruction *instructions;
    std::vector<glyptic_instruction_time> times(glyptic_program_instructions(program.get(), "count", &instructions));
    ASSERT_EQ(times.size(), 1u);
    check(glyptic_session_profile(session.get(), "count", 1, times.data(), 1));
    EXPECT_GT(times[0].total, 0);
  }

  std::string errorOn(const std::string &device) {
    try {
      Program program(write());
      Session(program, 1, device);
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder;
  GlyphBuilder builder{20};
};

TEST_F(CudaDeviceTest, RunsOnTheShim) { expectRuns("shim"); }

TEST_F(CudaDeviceTest, NamesWhatDoesNotFit) {
  EXPECT_NE(errorOn("tpu").find("there is no device 'tpu'; devices are auto, cpu, cuda, cuda:N and shim"),
            std::string::npos);
  EXPECT_NE(errorOn("cuda:").find("there is no device"), std::string::npos);
  EXPECT_NE(errorOn("cpu").find("is compiled for cuda:sm_80,sm_90"), std::string::npos);
  builder.archive[glyph::kShimEntry] = "this is no C++";
  EXPECT_NE(errorOn("shim").find("does not compile the host shim"), std::string::npos);
  builder.archive.erase(glyph::kShimEntry);
  EXPECT_NE(errorOn("shim").find("it lacks cuda/shim.cpp"), std::string::npos);
  builder.program.entries[0]->instructions[0]->action.AsLaunch()->threads = 2000;
  EXPECT_NE(errorOn("shim").find("too many threads"), std::string::npos);
  builder.program.entries[0]->instructions[0]->action.AsLaunch()->threads = 0;
  EXPECT_NE(errorOn("shim").find("another kind of target"), std::string::npos);
}

/// With a driver that has no GPU behind it. The runtime finds it by its name, as it is loaded already.
class FakeDriverTest : public CudaDeviceTest {
protected:
  void SetUp() override {
    CudaDeviceTest::SetUp();
    library = fakeDriver().handle;
    ASSERT_NE(library, nullptr);
    variable("fake_count") = 1;
    variable("fake_architecture") = 90;
    *static_cast<size_t *>(dlsym(library, "fake_memory")) = 16 << 20;
  }

  int &variable(const char *name) { return *static_cast<int *>(dlsym(library, name)); }
  std::string loadedCode() { return static_cast<const char *>(dlsym(library, "fake_loaded")); }

  void *library = nullptr;
};

TEST_F(FakeDriverTest, RunsAndLeavesNothing) {
  expectRuns("cuda");
  EXPECT_EQ(loadedCode(), "code sm_90-0.cubin");
  EXPECT_GT(variable("fake_launches"), 0);
  EXPECT_EQ(reinterpret_cast<size_t (*)()>(dlsym(library, "fake_used"))(), 0u);
  for (const char *count : {"fake_contexts", "fake_pinned", "fake_modules"})
    EXPECT_EQ(variable(count), 0) << count;
}

TEST_F(FakeDriverTest, ChoosesTheGpuAndSaysSo) {
  Program program(write());
  EXPECT_EQ(Session(program).device(), "cuda:0 (Paper GPU, sm_90), as the program is compiled for cuda:sm_80,sm_90");
  EXPECT_EQ(Session(program, 0, "cuda:0").device(), "cuda:0 (Paper GPU, sm_90)");
}

TEST_F(FakeDriverTest, TakesTheCodeThatFits) {
  for (auto [architecture, code] : {std::pair(80, "code sm_80-0.cubin"), std::pair(86, "code sm_80-0.cubin"),
                                    std::pair(90, "code sm_90-0.cubin"), std::pair(100, "code sm_90-0.ptx")}) {
    variable("fake_architecture") = architecture;
    EXPECT_EQ(errorOn("cuda"), "");
    EXPECT_EQ(loadedCode(), code);
  }
  variable("fake_architecture") = 75;
  EXPECT_NE(errorOn("cuda").find("it has no code for this GPU (Paper GPU, sm_75) or an older one, but is compiled for "
                                 "cuda:sm_80,sm_90; compile it with --target cuda:sm_75"),
            std::string::npos);
}

TEST_F(FakeDriverTest, NamesWhatIsMissing) {
  EXPECT_NE(errorOn("cuda:3").find("there is no GPU 3, the last of 1 is cuda:0"), std::string::npos);
  builder.archive["cuda/sm_90-0.cubin"] = "broken";
  EXPECT_NE(errorOn("cuda").find("the driver does not load 'cuda/sm_90-0.cubin': some error (CUDA error 200)"),
            std::string::npos);
  builder.archive["cuda/sm_90-0.cubin"] = "code";
  builder.program.arena_sizes[size_t(glyph::Arena::Work)] = 9 << 20;
  *static_cast<size_t *>(dlsym(library, "fake_memory")) = 5 << 20;
  std::string message = errorOn("cuda");
  EXPECT_NE(message.find("the program plans 10 MiB on cuda:0 (Paper GPU, sm_90), where 5 MiB of 5 MiB are free"),
            std::string::npos)
      << message;
  *static_cast<size_t *>(dlsym(library, "fake_memory")) = 16 << 20;
  variable("fake_count") = 0;
  EXPECT_NE(errorOn("auto").find("but the NVIDIA driver finds no GPU; --device shim runs it"), std::string::npos);
  variable("fake_count") = 1;
  builder.program.entries[0]->instructions[0]->action.AsLaunch()->symbol = "nothing";
  EXPECT_NE(errorOn("cuda").find("its code for sm_90 lacks kernel 'nothing'"), std::string::npos);
}

} // namespace
