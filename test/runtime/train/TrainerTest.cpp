//===- TrainerTest.cpp - The loop on a program made by hand ---------------===//
#include "glyptic/train.h"
#include "runtime/data/SampleOrder.h"
#include "support/Npz.h"
#include "test/runtime/GlyphBuilder.h"
#include "test/runtime/cuda/FakeLibraries.h"

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

using namespace glyptic;

namespace {

// Least squares in one parameter by gradient descent: loss = mean (w x - t)^2.
constexpr const char *kKernels = R"(
#include <math.h>
static void sums(const float *x, const float *t, float w, int64_t n, float *g, float *l) {
  for (int64_t i = 0; i < n; ++i) { float e = w * x[i] - t[i]; *l += e * e; *g += 2 * e * x[i]; }
}
static void update(float *w, int64_t *iteration, int64_t *step, float g, float l, float *loss, float *lr, float *norm, float *finite) {
  *loss = l; *lr = 0.05f; *norm = fabsf(g); *finite = isfinite(l) && isfinite(g);
  ++*iteration;
  if (*finite) { *w -= 0.05f * g; ++*step; }
}
void step(void *const *b, int64_t n, int64_t lo, int64_t hi) {
  float g = 0, l = 0; sums(b[0], b[1], *(float *)b[2], n, &g, &l);
  update(b[2], b[3], b[4], g / n, l / n, b[5], b[6], b[7], b[8]);
}
void grad(void *const *b, int64_t n, int64_t lo, int64_t hi) {
  sums(b[0], b[1], *(float *)b[2], n, b[3], b[4]); *(float *)b[5] += n;
}
void apply(void *const *b, int64_t n, int64_t lo, int64_t hi) {
  float weight = *(float *)b[2];
  update(b[3], b[4], b[5], *(float *)b[0] / weight, *(float *)b[1] / weight, b[6], b[7], b[8], b[9]);
}
int step_buffers = 9, grad_buffers = 6, apply_buffers = 10, evaluate_buffers = 6;
void evaluate(void *const *b, int64_t n, int64_t lo, int64_t hi) {
  float g = 0, l = 0; sums(b[0], b[1], *(float *)b[2], n, &g, &l);
  *(float *)b[3] = l; *(float *)b[4] = n; *(float *)b[5] = 0;
  for (int64_t i = 0; i < n; ++i) *(float *)b[5] += ((float *)b[0])[i] > 0;
}
)";

struct Record {
  std::vector<glyptic_train_progress> steps;
  std::vector<std::pair<double, double>> evaluations; ///< loss, and the share of positive x
  int64_t stopAt = 0;
};

/// On this processor and, with the same kernels, on a driver that has no GPU behind it.
class TrainerTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    builder.code(folder, kKernels);
    auto &w = *builder.state("w", DType::F32, {}).tensor;
    auto &iteration = *builder.state("training.iteration", DType::I64, {}).tensor;
    auto &count = *builder.state("training.step", DType::I64, {}).tensor;
    auto x = builder.tensor("x", DType::F32, {samples()}, glyph::Arena::Work, "input");
    auto t = builder.tensor("t", DType::F32, {samples()}, glyph::Arena::Work, "label");
    auto scalar = [&](const char *name, glyph::Arena arena) { return builder.tensor(name, DType::F32, {}, arena); };
    auto g = scalar("gradient.w", glyph::Arena::Accumulator), sum = scalar("total.loss", glyph::Arena::Accumulator),
         weights = scalar("total.weight", glyph::Arena::Accumulator);
    auto loss = scalar("loss", glyph::Arena::Work), rate = scalar("learning_rate", glyph::Arena::Work),
         norm = scalar("gradient_norm", glyph::Arena::Work), finite = scalar("finite", glyph::Arena::Work),
         weight = scalar("weight", glyph::Arena::Work), positive = scalar("positive", glyph::Arena::Work);
    auto add = [&](const char *name, std::vector<const glyph::TensorT *> inputs,
                   std::vector<const glyph::TensorT *> buffers, uint8_t firstWrite,
                   std::vector<const glyph::TensorT *> outputs) {
      auto &entry = builder.entry(name);
      for (auto *tensor : inputs)
        builder.input(entry, *tensor);
      std::vector<uint8_t> writes(buffers.size() - firstWrite);
      std::iota(writes.begin(), writes.end(), firstWrite);
      builder.launch(entry, name, buffers, writes, {1, 0});
      for (auto *tensor : outputs)
        builder.output(entry, *tensor);
    };
    add("step", {&x, &t}, {&x, &t, &w, &iteration, &count, &loss, &rate, &norm, &finite}, 2,
        {&loss, &rate, &norm, &finite});
    add("grad", {&x, &t}, {&x, &t, &w, &g, &sum, &weights}, 3, {});
    add("apply", {}, {&g, &sum, &weights, &w, &iteration, &count, &loss, &rate, &norm, &finite}, 3,
        {&loss, &rate, &norm, &finite});
    add("evaluate", {&x, &t}, {&x, &t, &w, &loss, &weight, &positive}, 3, {&loss, &weight, &positive});
    if (GetParam() == std::string("cuda"))
      moveToDevice();
    path = builder.write(folder / "a.glyph");

    for (size_t i = 0; i < 10; ++i) {
      xs.push_back(0.3f * float(i) - 1);
      ts.push_back(2 * xs.back() + 0.1f * float(i % 3));
    }
    options.epochs = 2;
    options.batch = 4;
    options.sequential = 1;
    options.user = &record;
    options.on_step = [](void *user, const glyptic_train_progress *step) {
      static_cast<Record *>(user)->steps.push_back(*step);
    };
    options.on_evaluation = [](void *user, const glyptic_evaluation *event) {
      static_cast<Record *>(user)->evaluations.push_back({event->loss, event->metrics[0].value});
    };
    options.should_stop = [](void *user) {
      auto *record = static_cast<Record *>(user);
      return int(record->steps.back().step == record->stopAt);
    };
  }

  void moveToDevice() {
    ASSERT_NE(fakeDriver().handle, nullptr);
    fakeDriver().variable<int>("fake_count") = 1;
    fakeDriver().variable<int>("fake_architecture") = 90;
    fakeDriver().variable<int>("fake_eager") = 0;
    fakeDriver().variable<size_t>("fake_memory") = 1 << 20;
    builder.program.target = "cuda:sm_90";
    builder.archive["cuda/sm_90-0.cubin"] = "object " + folder / "kernels.so";
    for (auto &entry : builder.program.entries)
      GlyphBuilder::inBlocks(*entry, 1, 1);
  }

  /// Trains a session of its own; `message` is what went wrong, `w` the parameter afterwards.
  void train(bool withValid = false) {
    NpzArray x{"x", DType::F32, {int64_t(xs.size())}, {}}, t{"t", DType::F32, {int64_t(ts.size())}, {}};
    for (auto [array, values] : {std::pair(&x, &xs), std::pair(&t, &ts)}) {
      array->bytes.resize(values->size() * sizeof(float));
      std::memcpy(array->bytes.data(), values->data(), array->bytes.size());
    }
    writeNpz(folder / "data.npz", {x, t});
    Program program(path);
    Session session(program);
    glyptic_dataset *data = nullptr;
    check(glyptic_dataset_load((folder / "data.npz").c_str(), program.get(), &data));
    record = Record{{}, {}, record.stopAt};
    message = errorOf([&] {
      check(glyptic_train(program.get(), session.get(), data, withValid ? data : nullptr, &options, &result));
    });
    glyptic_dataset_free(data);
    session.readState("w", &w, 1);
    session.readState("training.step", &committed, 1);
  }

  /// The same in double precision; `order` lists the samples of all steps.
  struct Reference {
    double w = 0;
    std::vector<double> losses;
  };
  Reference reference(const std::vector<std::vector<uint64_t>> &batches) {
    Reference run;
    for (auto &batch : batches) {
      double g = 0, l = 0;
      for (uint64_t i : batch) {
        double e = run.w * xs[i] - ts[i];
        l += e * e;
        g += 2 * e * xs[i];
      }
      run.losses.push_back(l / double(batch.size()));
      run.w -= 0.05 * g / double(batch.size());
    }
    return run;
  }
  void expectLike(const Reference &run) {
    ASSERT_EQ(message, "");
    ASSERT_EQ(record.steps.size(), run.losses.size());
    for (size_t i = 0; i < run.losses.size(); ++i)
      EXPECT_NEAR(record.steps[i].loss, run.losses[i], 1e-6);
    EXPECT_NEAR(w, run.w, 1e-6);
  }

  TemporaryFolder folder;
  GlyphBuilder builder{4};
  std::string path, message;
  std::vector<float> xs, ts;
  glyptic_train_options options{};
  glyptic_train_result result{};
  Record record;
  float w = 0;
  int64_t committed = 0;
};

const std::vector<std::vector<uint64_t>> kSequential = {{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9},
                                                        {0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}};

INSTANTIATE_TEST_SUITE_P(On, TrainerTest, testing::Values("cpu", "cuda"),
                         [](const auto &info) { return std::string(info.param); });

} // namespace

TEST_P(TrainerTest, TrainsThePartialBatchAndEvaluatesExactly) {
  train(/*withValid=*/true);
  expectLike(reference(kSequential));
  EXPECT_EQ(result.last_step, 6);
  EXPECT_EQ(result.epochs, 2);
  EXPECT_EQ(result.samples, 20u);
  EXPECT_EQ(record.steps[2].samples, 2);
  EXPECT_EQ(record.steps[3].epoch, 2);
  ASSERT_EQ(record.evaluations.size(), 2u);
  double loss = 0;
  for (size_t i = 0; i < xs.size(); ++i)
    loss += (double(w) * xs[i] - ts[i]) * (double(w) * xs[i] - ts[i]);
  EXPECT_NEAR(record.evaluations[1].first, loss / 10, 1e-6);
  EXPECT_NEAR(record.evaluations[1].second, 0.6, 1e-12);
}

TEST_P(TrainerTest, ShufflesEachEpochBySeed) {
  options.sequential = 0;
  options.seed = 11;
  std::vector<std::vector<uint64_t>> batches;
  for (uint64_t epoch : {1, 2}) {
    std::vector<uint64_t> order(10);
    std::iota(order.begin(), order.end(), 0);
    runtime::shuffle(order, 11, epoch);
    for (auto [from, to] : {std::pair(0, 4), std::pair(4, 8), std::pair(8, 10)})
      batches.emplace_back(order.begin() + from, order.begin() + to);
  }
  train();
  expectLike(reference(batches));
}

TEST_P(TrainerTest, MicrobatchesSumToTheBatch) {
  options.batch = 10;
  options.accumulate = 0; // a batch of 10 takes three runs of at most 4
  std::vector<uint64_t> all(10);
  std::iota(all.begin(), all.end(), 0);
  train();
  expectLike(reference({all, all}));
  options.accumulate = 2;
  train();
  EXPECT_NE(message.find("accumulate 3"), std::string::npos) << message;
}

TEST_P(TrainerTest, StopsBeforeAnUpdateThatIsNotFinite) {
  xs[5] = 1e30f;
  train();
  EXPECT_NE(message.find("step 2"), std::string::npos) << message;
  EXPECT_NE(message.find("finite"), std::string::npos) << message;
  EXPECT_NEAR(w, reference({kSequential[0]}).w, 1e-6) << "the state of the last good step";
  EXPECT_EQ(committed, 1);
}

TEST_P(TrainerTest, ResumesToTheBitAndContinuesTheLog) {
  std::string log = folder / "log.jsonl", checkpoint = folder / "checkpoints";
  options.log = log.c_str();
  options.sequential = 0;
  train(true);
  float whole = w;
  std::string wholeLog = readFile(log);

  options.checkpoint = checkpoint.c_str();
  options.resume = 1;
  // At the end of an epoch, which is evaluated all the same, and within one.
  for (int64_t stop : {3, 4}) {
    record.stopAt = stop;
    train(true);
    EXPECT_EQ(result.stopped, 1);
    EXPECT_EQ(result.last_step, stop);
  }
  // As a killed run leaves it: lines after the checkpoint.
  writeFile(log, readFile(log) + "{\"step\":5,\"epo");
  record.stopAt = 0;
  train(true);
  EXPECT_EQ(message, "");
  EXPECT_EQ(result.first_step, 5);
  EXPECT_EQ(std::memcmp(&w, &whole, sizeof w), 0);
  std::istringstream a(wholeLog), b(readFile(log));
  for (std::string one, two; std::getline(a, one);) {
    ASSERT_TRUE(std::getline(b, two));
    nlohmann::json left = nlohmann::json::parse(one), right = nlohmann::json::parse(two);
    left.erase("samples_per_s");
    right.erase("samples_per_s");
    EXPECT_EQ(left, right);
  }

  options.seed = 1;
  train();
  EXPECT_NE(message.find("seed 0"), std::string::npos) << message;
  options.seed = 0;
  ts[3] += 1;
  train();
  EXPECT_NE(message.find("data"), std::string::npos) << message;
}

TEST_P(TrainerTest, DamagedCheckpointsAreNamed) {
  std::string checkpoint = folder / "checkpoints", file = checkpoint + "/checkpoint.safetensors";
  options.checkpoint = checkpoint.c_str();
  train();
  options.resume = 1;
  std::string bytes = readFile(file);
  bytes.replace(bytes.find("log_size"), 8, "log_time");
  writeFile(file, bytes);
  train();
  EXPECT_NE(message.find("is not a checkpoint of a training run"), std::string::npos) << message;
}

TEST_P(TrainerTest, MisuseIsNamed) {
  options.steps = 3;
  train();
  EXPECT_NE(message.find("either epochs or steps"), std::string::npos) << message;
  options.steps = 0;
  options.epochs = INT64_MAX;
  train();
  EXPECT_NE(message.find("more steps than can be counted"), std::string::npos) << message;
}
