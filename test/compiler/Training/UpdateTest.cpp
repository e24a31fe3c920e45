//===- UpdateTest.cpp - Updates against PyTorch's definitions ---------------===//
#include "TrainingProgram.h"
#include <array>
#include <cmath>
#include <cstring>

using namespace glyptic;
using namespace glyptic::test;
using graph::HostPrecision;
using graph::HostTensor;

namespace {

std::vector<double> valuesOf(const HostTensor &tensor) {
  std::vector<double> values;
  for (int64_t i = 0; i < tensor.getNumElements(); ++i)
    values.push_back(tensor.at(i));
  return values;
}

/// One parameter's state as torch.optim documents it, on vectors of doubles.
struct Reference {
  const TrainingOptions &options;
  double decay; ///< of this parameter
  std::vector<double> parameter, first, second;

  void update(std::vector<double> gradient, double lr, int t) {
    first.resize(parameter.size());
    second.resize(parameter.size());
    for (size_t i = 0; i < parameter.size(); ++i) {
      double &p = parameter[i], &m = first[i], &v = second[i], g = gradient[i];
      if (options.optimizer == "adamw")
        p -= lr * decay * p;
      else
        g += decay * p;
      if (options.optimizer == "sgd") {
        p -= lr * g;
      } else if (options.optimizer == "momentum" || options.optimizer == "nesterov") {
        m = t == 1 ? g : options.momentum * m + g;
        p -= lr * (options.optimizer == "nesterov" ? g + options.momentum * m : m);
      } else {
        m += (g - m) * (1 - options.beta1);
        v = options.beta2 * v + (1 - options.beta2) * g * g;
        double denominator = std::sqrt(v) / std::sqrt(1 - std::pow(options.beta2, t)) + options.epsilon;
        p -= lr / (1 - std::pow(options.beta1, t)) * m / denominator;
      }
    }
  }
};

double learningRate(const TrainingOptions &o, double base, int64_t step) {
  if (step < o.warmupSteps)
    return base * (step + 1) / o.warmupSteps;
  if (o.schedule == "constant")
    return base;
  double progress = double(step - o.warmupSteps) / (o.totalSteps - o.warmupSteps);
  if (o.schedule == "linear")
    return base * (1 - std::min(progress, 1.0)) + o.minLearningRate * std::min(progress, 1.0);
  return o.minLearningRate + (base - o.minLearningRate) * (1 + std::cos(M_PI * std::min(progress, 1.0))) / 2;
}

/// Five steps of a program in FP64 beside the reference, on gradients that @grad computes at each step's parameters.
void expectTrajectory(const TrainingOptions &options, double baseRate, double decay) {
  Program program(kMlp, options, HostPrecision::F64);
  ASSERT_TRUE(program.isBuilt());
  const int64_t batch = 4;
  Tensors state = program.randomInputs(batch);
  std::map<std::string, Reference> reference;
  for (std::string name : {"w1", "b1", "w2"}) // the test's globs spare b1 only
    reference.emplace(
        name,
        Reference{options, options.noDecay.empty() || name != "b1" ? decay : 0.0, valuesOf(state.at(name)), {}, {}});
  for (int step = 0; step < 5; ++step) {
    Tensors sums = program.run("grad", state, batch);
    Tensors results = program.advance(state, batch);
    double squares = 0.0;
    for (auto &[name, r] : reference)
      for (double g : valuesOf(sums.at("gradient." + name)))
        squares += g * g / (batch * batch);
    double norm = std::sqrt(squares);
    double scale = (options.clipNorm ? std::min(1.0, *options.clipNorm / (norm + 1e-6)) : 1.0) / batch;
    double lr = learningRate(options, baseRate, step);
    EXPECT_NEAR(results.at("gradient_norm").at(0), norm, 1e-12);
    EXPECT_NEAR(results.at("learning_rate").at(0), lr, 1e-15);
    EXPECT_NEAR(results.at("loss").at(0), sums.at("total.loss").at(0) / batch, 1e-12);
    EXPECT_EQ(results.at("training.step").at(0), step + 1);
    EXPECT_EQ(results.at("training.iteration").at(0), step + 1);
    for (auto &[name, r] : reference) {
      std::vector<double> gradient = valuesOf(sums.at("gradient." + name));
      for (double &g : gradient)
        g *= scale;
      r.update(gradient, lr, step + 1);
      std::vector<double> actual = valuesOf(state.at(name));
      for (size_t i = 0; i < actual.size(); ++i)
        EXPECT_NEAR(actual[i], r.parameter[i], 1e-12)
            << options.optimizer << " " << name << "[" << i << "] step " << step;
    }
  }
}

TEST(Update, Sgd) {
  TrainingOptions options;
  options.optimizer = "sgd";
  expectTrajectory(options, 0.01, 0.0);
}

TEST(Update, MomentumWithDecayAndClipping) {
  TrainingOptions options;
  options.optimizer = "momentum";
  options.learningRate = 0.3;
  options.weightDecay = 0.02;
  options.noDecay = {"b*"};
  options.clipNorm = 0.05;
  expectTrajectory(options, 0.3, 0.02);
}

TEST(Update, NesterovWithWarmUpAndLinearDecay) {
  TrainingOptions options;
  options.optimizer = "nesterov";
  options.momentum = 0.8;
  options.schedule = "linear";
  options.warmupSteps = 2;
  options.totalSteps = 6;
  options.weightDecay = 0.1;
  expectTrajectory(options, 0.01, 0.1);
}

TEST(Update, AdamWithCosine) {
  TrainingOptions options;
  options.optimizer = "adam";
  options.weightDecay = 0.1;
  options.schedule = "cosine";
  options.warmupSteps = 1;
  options.totalSteps = 4; // the fifth step stays at the minimum
  options.minLearningRate = 1e-4;
  expectTrajectory(options, 0.001, 0.1);
}

TEST(Update, AdamWDecaysByDefault) {
  TrainingOptions options;
  options.optimizer = "adamw";
  options.noDecay = {"b?"};
  options.clipNorm = 100.0; // never reached
  expectTrajectory(options, 0.001, 0.01);
}

bool sameBits(const HostTensor &a, const HostTensor &b) {
  if (a.getStorage().index() != b.getStorage().index() || a.getNumElements() != b.getNumElements())
    return false;
  return std::visit(
      [&](const auto &elements) {
        const auto &other = std::get<std::decay_t<decltype(elements)>>(b.getStorage());
        return std::memcmp(elements.data(), other.data(), elements.size() * sizeof(elements[0])) == 0;
      },
      a.getStorage());
}

TEST(Update, StepIsApplyAfterGradToTheBit) {
  TrainingOptions options;
  options.metrics = {"accuracy"};
  options.clipNorm = 0.1;
  Program program(kMlp, options, HostPrecision::F32);
  ASSERT_TRUE(program.isBuilt());
  Tensors state = program.randomInputs(4);
  for (int step = 0; step < 2; ++step) {
    Tensors split = state;
    for (auto &[name, sum] : program.run("grad", state, 4))
      split.insert_or_assign(name, sum);
    Tensors expected = program.run("apply", split, 4), actual = program.advance(state, 4);
    for (auto &[name, value] : split)
      if (llvm::StringRef(name).starts_with("gradient."))
        expected.insert_or_assign(name, value); // what @step leaves in the accumulators
    ASSERT_EQ(expected.size(), actual.size());
    for (auto &[name, value] : expected)
      EXPECT_TRUE(sameBits(value, actual.at(name))) << name;
  }
}

TEST(Update, OneInfiniteInputLeavesTheStateAlone) {
  TrainingOptions options;
  options.optimizer = "adamw";
  Program program(kMlp, options, HostPrecision::F32);
  ASSERT_TRUE(program.isBuilt());
  Tensors state = program.randomInputs(4);
  program.advance(state, 4); // so that slots are not zero
  Tensors broken = state;
  broken.at("x").set(5, std::numeric_limits<double>::quiet_NaN());
  Tensors after = program.run("step", broken, 4);
  EXPECT_EQ(after.at("finite").at(0), 0.0);
  EXPECT_EQ(after.at("training.iteration").at(0), 2.0);
  EXPECT_EQ(after.at("training.step").at(0), 1.0);
  for (const char *name : {"w1", "b1", "w2", "optimizer.exp_avg.w1", "optimizer.exp_avg_sq.w1", "optimizer.exp_avg.b1"})
    EXPECT_TRUE(sameBits(after.at(name), state.at(name))) << name;
  EXPECT_EQ(program.run("step", state, 4).at("finite").at(0), 1.0);
}

/// Rows [begin, end) of a tensor.
HostTensor rows(const HostTensor &tensor, int64_t begin, int64_t end, HostPrecision precision) {
  llvm::SmallVector<int64_t> shape(tensor.getShape());
  int64_t size = tensor.getNumElements() / shape[0];
  shape[0] = end - begin;
  HostTensor part(tensor.getElementType(), shape, precision);
  for (int64_t i = 0; i < part.getNumElements(); ++i)
    part.set(i, tensor.at(begin * size + i));
  return part;
}

/// Parts of different size, one with a label that does not count: the mean is over labels, not over parts.
TEST(Update, TwoMicrobatchesMakeOneBatch) {
  TrainingOptions options;
  options.ignoreIndex = 2;
  options.metrics = {"accuracy"};
  Program program(kMlp, options, HostPrecision::F64);
  ASSERT_TRUE(program.isBuilt());
  Tensors whole = program.randomInputs(5);
  for (auto [i, label] : llvm::enumerate(std::array<int, 5>{0, 1, 2, 1, 2}))
    whole.at("label").set(i, label);
  Tensors parts = whole;
  for (auto [begin, end] : {std::pair<int64_t, int64_t>{0, 2}, {2, 5}}) {
    for (const char *name : {"x", "label"})
      parts.insert_or_assign(name, rows(whole.at(name), begin, end, HostPrecision::F64));
    for (auto &[name, sum] : program.run("grad", parts, end - begin))
      parts.insert_or_assign(name, sum);
  }
  EXPECT_EQ(parts.at("total.weight").at(0), 3.0);
  Tensors expected = program.run("step", whole, 5), actual = program.run("apply", parts, 5);
  actual.insert(parts.begin(), parts.end()); // @step returns the gradients, too
  for (auto &[name, value] : expected)
    for (int64_t i = 0; i < value.getNumElements(); ++i)
      EXPECT_NEAR(actual.at(name).at(i), value.at(i), 1e-13) << name;
}

TEST(Metrics, CountCorrectPredictions) {
  TrainingOptions options;
  options.loss = "bce-logits";
  options.metrics = {"accuracy", "mse"};
  Program program(R"(
    func.func @infer(%w: tensor<1xf32> {graph.name = "w", graph.role = "parameter"},
                     %x: tensor<?x1xf32> {graph.name = "x", graph.role = "input"})
        -> (tensor<?x1xf32> {graph.name = "y", graph.role = "output"}) {
      %0 = graph.broadcast %w dims = [1] : (tensor<1xf32>) -> tensor<?x1xf32>
      %1 = graph.mul %0, %x : tensor<?x1xf32>
      return %1 : tensor<?x1xf32>
    })",
                  options, HostPrecision::F64);
  ASSERT_TRUE(program.isBuilt());
  Tensors tensors = program.randomInputs(4);
  tensors.at("w").set(0, 1.0);
  double logits[] = {-2.0, 0.3, 1.5, -0.1}, labels[] = {0.0, 1.0, 0.0, 0.0}, squares = 0.0, loss = 0.0;
  for (int i = 0; i < 4; ++i) {
    tensors.at("x").set(i, logits[i]);
    tensors.at("label").set(i, labels[i]);
    double p = 1 / (1 + std::exp(-logits[i]));
    squares += (p - labels[i]) * (p - labels[i]);
    loss -= std::log(labels[i] == 1.0 ? p : 1 - p);
  }
  Tensors totals = program.run("evaluate", tensors, 4);
  EXPECT_EQ(totals.at("accuracy").at(0), 3.0);
  EXPECT_EQ(totals.at("weight").at(0), 4.0);
  EXPECT_NEAR(totals.at("mse").at(0), squares, 1e-12);
  EXPECT_NEAR(totals.at("loss").at(0), loss, 1e-12);
}

} // namespace
