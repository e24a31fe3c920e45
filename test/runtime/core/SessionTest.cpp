//===- SessionTest.cpp - Programs made by hand, run through the C API -----===//
#include "test/runtime/GlyphBuilder.h"

#include <numeric>
#include <thread>

using namespace glyptic;

namespace {

/// `infer`: y[n] = x[n] . w, with w [2, 3] in memory saved as [3, 2]. `step`: w += x's first sample, counts its runs in
/// `count`, loss = the number of samples. `look`: rows of a table by index.
class SessionTest : public testing::Test {
protected:
  void SetUp() override {
    builder.code(folder, R"(
void infer(void *const *b, int64_t batch, int64_t lo, int64_t hi) {
  const float *x = b[0], *w = b[1]; float *y = b[2];
  for (int64_t n = lo; n < hi; ++n)
    for (int o = 0; o < 2; ++o) {
      float sum = 0;
      for (int i = 0; i < 3; ++i) sum += x[n * 3 + i] * w[o * 3 + i];
      y[n * 2 + o] = sum;
    }
}
void step(void *const *b, int64_t batch, int64_t lo, int64_t hi) {
  const float *x = b[0]; float *w = b[1]; int64_t *count = b[2]; float *loss = b[3];
  for (int i = 0; i < 6; ++i) w[i] += x[i % 3];
  *count += 1; *loss = batch;
}
void look(void *const *b, int64_t batch, int64_t lo, int64_t hi) {
  const int64_t *index = b[0]; const float *table = b[1]; float *y = b[2];
  for (int64_t n = lo; n < hi; ++n) y[n] = index[n] < 0 ? -1 : table[index[n]];
})");
    auto &weight = builder.state("w", DType::F32, {2, 3}, {1, 0});
    weight.stored = true;
    builder.initial("w", {3, 2}, {1, 2, 3, 4, 5, 6});
    auto &count = builder.state("count", DType::I64, {});
    float table[4] = {10, 11, 12, 13};
    auto *bytes = reinterpret_cast<const uint8_t *>(table);
    builder.program.constants.assign(bytes, bytes + sizeof table);
    auto constants = builder.tensor("table", DType::F32, {4}, glyph::Arena::Constant);

    auto x = builder.work("x", DType::F32, {samples(), 3}), y = builder.work("y", DType::F32, {samples(), 2});
    auto loss = builder.work("loss", DType::F32, {}), copied = builder.work("copied", DType::F32, {samples(), 2});
    auto index = builder.work("index", DType::I64, {samples(), 2}),
         rows = builder.work("rows", DType::F32, {samples(), 2});
    auto &infer = builder.entry("infer");
    builder.input(infer, x);
    builder.launch(infer, "infer", {&x, weight.tensor.get(), &y}, {2}, {0, 1});
    builder.copyBuffer(infer, y, copied);
    builder.output(infer, copied);
    auto &step = builder.entry("step");
    builder.input(step, x);
    builder.launch(step, "step", {&x, weight.tensor.get(), count.tensor.get(), &loss}, {1, 2, 3}, {1, 0});
    builder.output(step, loss);
    auto &look = builder.entry("look");
    builder.input(look, index);
    builder.launch(look, "look", {&index, &constants, &rows}, {2}, {0, 2});
    builder.output(look, rows);
    auto range = std::make_unique<glyph::RangeT>();
    range->tensor = "index";
    range->high = 4;
    range->ignored = -100;
    builder.program.ranges.push_back(std::move(range));

    builder.archive[glyph::kModelEntry] = "head" + std::string(24, '?') + "tail";
    auto hole = std::make_unique<glyph::ExportHoleT>();
    hole->state = "w";
    hole->offset = 4;
    hole->size = 24;
    builder.program.export_holes.push_back(std::move(hole));
    path = builder.write(folder / "a.glyph");
  }

  TemporaryFolder folder;
  GlyphBuilder builder{7};
  std::string path;
};

TEST_F(SessionTest, TellsWhatAProgramTakes) {
  Program program(path);
  EXPECT_EQ(program.maxBatch(), 7);
  std::vector<glyptic_tensor> state = program.state();
  ASSERT_EQ(state.size(), 2u);
  EXPECT_EQ(std::vector<int64_t>(state[0].dims, state[0].dims + 2), (std::vector<int64_t>{3, 2}))
      << "in its saved shape";
  EXPECT_EQ(state[1].rank, 0u);
  glyptic_tensor x = program.inputs("infer").at(0);
  EXPECT_STREQ(x.name, "x");
  EXPECT_EQ(x.batched[0], 1);
  EXPECT_EQ(x.batched[1], 0);
  EXPECT_EQ(program.inputs("nothing").size(), 0u);
  const glyptic_range *ranges;
  ASSERT_EQ(glyptic_program_ranges(program.get(), &ranges), 1u);
  EXPECT_EQ(ranges->high, 4);
  EXPECT_EQ(ranges->ignored, -100);
  const char *const *names;
  ASSERT_EQ(glyptic_program_entries(program.get(), &names), 3u);
  EXPECT_STREQ(names[1], "step");
}

TEST_F(SessionTest, RunsAnyBatchOnAnyThreads) {
  Program program(path);
  for (int threads : {1, 2, 5})
    for (int64_t batch : {1, 3, 7}) {
      Session session(program, threads);
      std::vector<float> x(batch * 3), y(batch * 2);
      std::iota(x.begin(), x.end(), 0.0f);
      session.setInput("infer", "x", x.data(), x.size());
      session.run("infer", batch);
      session.getOutput("copied", y.data(), y.size());
      for (int64_t n = 0; n < batch; ++n) {
        // Saved w is [3, 2]: {1, 2}, {3, 4}, {5, 6}.
        EXPECT_EQ(y[n * 2], x[n * 3] * 1 + x[n * 3 + 1] * 3 + x[n * 3 + 2] * 5);
        EXPECT_EQ(y[n * 2 + 1], x[n * 3] * 2 + x[n * 3 + 1] * 4 + x[n * 3 + 2] * 6);
      }
    }
}

TEST_F(SessionTest, ComputesOnTheFirstCallersThread) {
  GlyphBuilder builder;
  builder.code(folder, R"(
#include <pthread.h>
void self(void *const *b, int64_t batch, int64_t lo, int64_t hi) { *(int64_t *)b[0] = (int64_t)pthread_self(); })");
  auto thread = builder.work("thread", DType::I64, {});
  auto &entry = builder.entry("who");
  builder.launch(entry, "self", {&thread}, {0}, {1, 0});
  builder.output(entry, thread);
  Program program(builder.write(folder / "who.glyph"));
  Session session(program, 2);
  auto who = [&] {
    session.run("who", 1);
    int64_t id = 0;
    session.getOutput("thread", &id, 1);
    return id;
  };
  auto self = [] { return static_cast<int64_t>(pthread_self()); };
  EXPECT_EQ(who(), self());
  int64_t first = 0, second = 0;
  std::thread([&] { EXPECT_NE(first = who(), self()); }).join();
  std::thread([&] { EXPECT_NE(second = who(), self()); }).join();
  EXPECT_EQ(first, second) << "one thread for all others, or libgomp would keep a pool for each";
  EXPECT_EQ(who(), self());
}

TEST_F(SessionTest, KeepsAndSavesState) {
  Program program(path);
  Session session(program), other(program);
  std::vector<float> x{10, 20, 30}, w(6);
  session.setInput("step", "x", x.data(), 3);
  session.run("step", 1);
  session.run("step", 1); // inputs stay set
  EXPECT_EQ(session.scalar("loss"), 1.0);
  int64_t count = 0;
  session.readState("count", &count, 1);
  EXPECT_EQ(count, 2);
  session.readState("w", w.data(), 6);
  EXPECT_EQ(w, (std::vector<float>{21, 22, 43, 44, 65, 66}));
  other.readState("w", w.data(), 6);
  EXPECT_EQ(w, (std::vector<float>{1, 2, 3, 4, 5, 6})) << "sessions are independent";

  session.saveState(folder / "s.safetensors");
  other.loadState(folder / "s.safetensors");
  other.readState("w", w.data(), 6);
  EXPECT_EQ(w, (std::vector<float>{21, 22, 43, 44, 65, 66}));
  other.saveState(folder / "t.safetensors");
  EXPECT_EQ(readFile(folder / "s.safetensors"), readFile(folder / "t.safetensors"));

  w = {1, 0, 0, 0, 0, 9};
  other.writeState("w", w.data(), 6);
  other.exportModel(folder / "m.onnx");
  EXPECT_EQ(readFile(folder / "m.onnx"), "head" + std::string(reinterpret_cast<char *>(w.data()), 24) + "tail");
}

TEST_F(SessionTest, NamesTheFirstBadSample) {
  Session session{Program(path)};
  std::vector<int64_t> index{0, 1, 2, -100, 3, 4, 9, 9};
  session.setInput("look", "index", index.data(), 8);
  EXPECT_EQ(errorOf([&] { session.run("look", 4); }),
            "input 'index' is 4 in sample 2, the program takes 0 to 3 or -100");
  session.setInput("look", "index", index.data(), 4);
  session.run("look", 2);
  std::vector<float> rows(4);
  session.getOutput("rows", rows.data(), 4);
  EXPECT_EQ(rows, (std::vector<float>{10, 11, 12, -1}));
}

TEST_F(SessionTest, MisuseIsNamed) {
  Program program(path);
  Session session(program);
  float x[24] = {};
  double value;
  auto set = [&](const char *entry, const char *name, size_t count) { session.setInput(entry, name, x, count); };
  EXPECT_EQ(errorOf([&] { session.run("train", 1); }),
            "the program has no entry 'train', it has 'infer', 'step', 'look'");
  EXPECT_EQ(errorOf([&] { session.run("infer", 1); }), "input 'x' is not set");
  EXPECT_EQ(errorOf([&] { session.run("infer", 8); }), "a run takes 1 to 7 samples, not 8");
  EXPECT_EQ(errorOf([&] { set("infer", "z", 3); }), "entry 'infer' has no input 'z'");
  EXPECT_EQ(errorOf([&] { set("infer", "x", 24); }), "input 'x' is given 96 bytes, the largest batch has 84");
  set("infer", "x", 6);
  EXPECT_EQ(errorOf([&] { session.run("infer", 3); }), "input 'x' holds 24 bytes, 3 samples of it are 36");
  EXPECT_EQ(errorOf([&] { session.run("step", 2); }), "input 'x' is not set") << "it was set for another entry";
  EXPECT_EQ(errorOf([&] { session.scalar("copied"); }),
            "output 'copied' is not there: no entry has run since inputs were set");
  set("infer", "x", 6);
  session.run("infer", 2);
  EXPECT_EQ(errorOf([&] { session.scalar("copied"); }), "output 'copied' is not a scalar");
  EXPECT_EQ(errorOf([&] { session.scalar("loss"); }), "entry 'infer', which ran last, has no output 'loss'");
  EXPECT_EQ(errorOf([&] { session.getOutput("copied", x, 5); }), "output 'copied' has 16 bytes, not 20");
  EXPECT_EQ(errorOf([&] { session.readState("v", x, 6); }), "the program has no state 'v'");
  EXPECT_EQ(errorOf([&] { session.writeState("w", x, 5); }), "state 'w' has 24 bytes, not 20");
  EXPECT_NE(errorOf([&] { Session(program, -1); }), "");
  glyptic_error *error = glyptic_session_get_scalar(session.get(), "loss", &value);
  EXPECT_EQ(glyptic_error_get_code(error), GLYPTIC_ERROR_ARGUMENT);
  glyptic_error_free(error);
}

TEST_F(SessionTest, StateFilesAreCheckedWhole) {
  Session session{Program(path)};
  session.saveState(folder / "good.safetensors");
  auto write = [&](std::vector<SafetensorsEntry> entries) {
    std::string file, zeros(1024, '\0');
    SafetensorsLayout(std::move(entries))
        .write([&](std::string_view bytes) { file += bytes; },
               [&](const SafetensorsEntry &entry) {
                 return std::string_view(zeros).substr(0, *tensorBytes(entry.type, entry.shape));
               });
    writeFile(folder / "bad.safetensors", file);
    return errorOf([&] { session.loadState(folder / "bad.safetensors"); });
  };
  std::string name = "'" + folder / "bad.safetensors" + "': ";
  EXPECT_EQ(write({{"w", DType::F32, {3, 2}}}), name + "it lacks state 'count' (int64 [])");
  EXPECT_EQ(write({{"w", DType::F32, {2, 3}}, {"count", DType::I64, {}}}),
            name + "its 'w' is float32 [2, 3], the program has float32 [3, 2]");
  EXPECT_EQ(write({{"w", DType::F32, {3, 2}}, {"count", DType::F32, {}}}),
            name + "its 'count' is float32 [], the program has int64 []");
  float w[6];
  session.readState("w", w, 6);
  EXPECT_EQ(w[5], 6.0f) << "nothing was taken from a bad file";
  EXPECT_EQ(write({{"w", DType::F32, {3, 2}}, {"count", DType::I64, {}}, {"more", DType::F32, {}}}), "");
}

} // namespace
