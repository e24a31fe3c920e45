//===- StreamsFixture.h - A program whose order of steps shows --*- C++ -*-===//
#pragma once

#include "test/runtime/GlyphBuilder.h"
#include "test/runtime/cuda/FakeLibraries.h"

#include <numeric>

namespace glyptic {

/// `step`: w = 2 w + the sum of x, in which the order of steps shows; `loss` is w after it, `shifted` is x, moved by
/// half a buffer after it was copied there; `none` lies beside the loss and is 0, `rate` is a constant, 0.5.
class StreamsTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_NE(driver.handle, nullptr);
    for (auto [name, value] : {std::pair("fake_count", 1), std::pair("fake_architecture", 90),
                               std::pair("fake_eager", 0), std::pair("fake_fault", 0)})
      driver.variable<int>(name) = value;
    driver.variable<const char *>("fake_unrecordable") = nullptr;
    driver.variable<size_t>("fake_memory") = 64 << 20;
    builder.program.target = "cuda:sm_90";
    builder.archive["cuda/sm_90-0.cubin"] = "code";
    auto &w = *builder.state("w", DType::F32, {}).tensor;
    auto x = builder.work("x", DType::F32, {samples()}), loss = builder.work("loss", DType::F32, {}),
         none = builder.work("none", DType::F32, {}),
         copied = builder.work("copied", DType::F32, {samples()}), shifted = copied;
    builder.work("rest", DType::F32, {samples()});
    shifted.name = "shifted";
    shifted.buffer = std::make_unique<glyph::Buffer>(glyph::Arena::Work, copied.buffer->offset() + 64, copied.buffer->size());
    const float half = 0.5f;
    auto *bytes = reinterpret_cast<const uint8_t *>(&half);
    builder.program.constants.assign(bytes, bytes + sizeof half);
    auto rate = builder.tensor("rate", DType::F32, {}, glyph::Arena::Constant);
    auto &step = builder.entry("step");
    builder.input(step, x);
    builder.launch(step, "sum", {&x, &w, &loss}, {1, 2}, {1, 0});
    builder.inBlocks(step, 1, 1);
    builder.copyBuffer(step, x, copied);
    builder.copyBuffer(step, copied, shifted);
    builder.output(step, loss);
    builder.output(step, shifted);
    builder.output(step, none);
    builder.output(step, rate);
    takeLog();
  }

  Program load() { return Program(builder.write(folder / "a.glyph")); }
  template <typename Result, typename... Arguments> auto call(const char *name, Arguments... arguments) {
    return reinterpret_cast<Result (*)(Arguments...)>(dlsym(driver.handle, name))(arguments...);
  }
  std::string takeLog() { return call<const char *>("fake_log"); }
  static size_t count(const std::string &log, const std::string &what) {
    size_t found = 0;
    for (size_t at = log.find(what); at != std::string::npos; at = log.find(what, at + 1))
      ++found;
    return found;
  }

  /// Batches of 1 to kMost samples and what w should be after each.
  static constexpr int64_t kMost = 40;
  std::vector<float> batch(int64_t number) {
    std::vector<float> x;
    x.resize(static_cast<size_t>(sizes[static_cast<size_t>(number) % sizes.size()]));
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = float(number + 1) + float(i);
    return x;
  }
  float expected(int64_t steps) {
    float w = 0;
    for (int64_t i = 0; i < steps; ++i) {
      std::vector<float> x = batch(i);
      w = 2 * w + std::accumulate(x.begin(), x.end(), 0.0f);
    }
    return w;
  }
  void start(Session &session, int64_t number) {
    std::vector<float> x = batch(number);
    session.setInput("step", "x", x.data(), x.size());
    session.start("step", int64_t(x.size()));
  }

  const FakeLibrary &driver = fakeDriver();
  TemporaryFolder folder;
  GlyphBuilder builder{kMost};
  std::vector<int64_t> sizes = {8};
};

} // namespace glyptic
