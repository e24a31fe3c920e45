//===- ProfileTest.cpp - Where the time of a run goes ---------------------===//
#include "test/runtime/GlyphBuilder.h"

#include <array>

using namespace glyptic;

namespace {

/// `step`: a kernel of two chunks, the first of which sleeps; a product; a copy.
class ProfileTest : public testing::Test {
protected:
  void SetUp() override {
    builder.code(folder, R"(
#include <time.h>
void nap(void *const *b, int64_t batch, int64_t lo, int64_t hi) {
  float *x = b[0];
  struct timespec nap = {0, 20000000};
  if (lo == 0) nanosleep(&nap, 0);
  for (int64_t i = lo; i < hi; ++i) x[i] += 1;
})");
    auto x = builder.work("x", DType::F32, {2, 2}), y = builder.work("y", DType::F32, {2, 2});
    auto copied = builder.work("copied", DType::F32, {2, 2});
    auto &step = builder.entry("step");
    builder.input(step, x);
    builder.launch(step, "nap", {&x}, {0}, {2, 0});
    builder.call(step, "matmul", {&x, &x, &y}, {{"lhs_batch", {}}, {"rhs_batch", {}}, {"lhs_contracting", {1}}, {"rhs_contracting", {0}}});
    builder.copyBuffer(step, y, copied);
    builder.output(step, copied);
    step.instructions[0]->flops = std::make_unique<glyph::Size>(3, 5);
    path = builder.write(folder / "a.glyph");
  }

  TemporaryFolder folder;
  GlyphBuilder builder;
  std::string path;
};

TEST_F(ProfileTest, TellsWhatAnEntryDoes) {
  std::vector<glyptic_instruction> instructions = Program(path).instructions("step");
  ASSERT_EQ(instructions.size(), 3u);
  EXPECT_EQ(instructions[0].action, GLYPTIC_KERNEL);
  EXPECT_EQ(instructions[1].action, GLYPTIC_LIBRARY_CALL);
  EXPECT_EQ(instructions[2].action, GLYPTIC_COPY);
  EXPECT_EQ(Program(path).instructions("nothing").size(), 0u);
}

TEST_F(ProfileTest, NamesBelongToTheProgram) {
  Program program(path);
  std::vector<glyptic_instruction> instructions = program.instructions("step");
  EXPECT_STREQ(instructions[0].name, "nap");
  EXPECT_STREQ(instructions[0].nodes, "node1");
  EXPECT_STREQ(instructions[1].name, "matmul");
  EXPECT_EQ(instructions[0].flops.fixed, 3u);
  EXPECT_EQ(instructions[0].flops.per_sample, 5u);
}

TEST_F(ProfileTest, TellsWorkFromWaiting) {
  Program program(path);
  Session session(program, 2);
  glyptic_instruction_time times[3] = {};
  float x[4] = {1, 2, 3, 4}, y[4];
  session.setInput("step", "x", x, 4);
  check(glyptic_session_profile(session.get(), "step", 1, times, 3));
  session.getOutput("copied", y, 4);
  EXPECT_EQ(y[0], 2 * 2 + 3 * 3) << "the same as a run";
  EXPECT_GE(times[0].longest, 0.02);
  EXPECT_GE(times[0].total, times[0].longest);
  EXPECT_LT(times[0].busy, times[0].longest) << "one thread of two sleeps";
  EXPECT_GE(times[0].busy, 0.01);
  EXPECT_EQ(times[1].busy, times[1].total) << "a library's threads are not seen";
  EXPECT_GT(times[1].total, 0);
  EXPECT_GT(times[2].total, 0);
  glyptic_error *error = glyptic_session_profile(session.get(), "step", 1, times, 2);
  EXPECT_STREQ(glyptic_error_message(error), "entry 'step' has 3 instructions, there is room for 2 times");
  glyptic_error_free(error);
}

TEST_F(ProfileTest, TimesLibraryCallsAlone) {
  Program program(path);
  double seconds[3] = {-1, -1, -1};
  check(glyptic_program_time_library_calls(program.get(), "step", 1, "cpu", 2, 3, seconds, 3));
  EXPECT_EQ(seconds[0], 0);
  EXPECT_GT(seconds[1], 0);
  EXPECT_LT(seconds[1], 0.02) << "without the nap before it";
  EXPECT_EQ(seconds[2], 0);
  for (auto [samples, threads, repeats, count] : {std::array<int, 4>{2, 1, 1, 3}, {1, 0, 1, 3}, {1, 1, 0, 3}, {1, 1, 1, 2}}) {
    glyptic_error *error = glyptic_program_time_library_calls(program.get(), "step", samples, "cpu", threads, repeats,
                                                              seconds, count);
    EXPECT_STREQ(glyptic_error_message(error), "timing needs 1 to 1 samples, threads, repeats, and room for 3 times");
    glyptic_error_free(error);
  }
}

} // namespace
