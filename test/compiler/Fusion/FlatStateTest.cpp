//===- FlatStateTest.cpp - Flat updates change no bit -----------------------===//
//
// One model with all that makes flat memory difficult, compiled with the pass and without it, and trained by the
// runtime on the same batches.
//
//===----------------------------------------------------------------------===//
#include "codegen/CPU/CompileKernels.h"
#include "compiler/Glyph/Serialize.h"
#include "compiler/Glyph/WriteGlyph.h"
#include "compiler/Passes.h"
#include "compiler/Pipeline/Pipeline.h"
#include "compiler/Pipeline/Registration.h"
#include "compiler/Training/Training.h"
#include "glyptic/runtime.hpp"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "support/glyph/Glyph.h"
#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <random>

using namespace mlir;
using namespace glyptic;

namespace {

/// Sizes of one, odd ones, and more than a vector; a frozen weight in the middle; two biases with one gradient; a
/// weight that is used twice; a scalar.
constexpr llvm::StringLiteral kModel = R"(
  func.func @infer(%w1: tensor<4x9xf32> {graph.name = "w1", graph.role = "parameter"},
                   %gain: tensor<1xf32> {graph.name = "gain", graph.role = "parameter"},
                   %frozen: tensor<9xf32> {graph.name = "frozen", graph.role = "parameter"},
                   %b1: tensor<9xf32> {graph.name = "b1", graph.role = "parameter"},
                   %twin: tensor<9xf32> {graph.name = "twin", graph.role = "parameter"},
                   %tied: tensor<9x9xf32> {graph.name = "tied", graph.role = "parameter"},
                   %scale: tensor<f32> {graph.name = "scale", graph.role = "parameter"},
                   %x: tensor<?x4xf32> {graph.name = "x", graph.role = "input"})
      -> (tensor<?x9xf32> {graph.name = "y", graph.role = "output"}) {
    %0 = graph.dot_general %x, %w1 batch = [] x [] contracting = [1] x [0] : (tensor<?x4xf32>, tensor<4x9xf32>) -> tensor<?x9xf32>
    %1 = graph.add %b1, %frozen : tensor<9xf32>
    %11 = graph.add %1, %twin : tensor<9xf32>
    %2 = graph.broadcast %11 dims = [1] : (tensor<9xf32>) -> tensor<?x9xf32>
    %3 = graph.add %0, %2 : tensor<?x9xf32>
    %4 = graph.dot_general %3, %tied batch = [] x [] contracting = [1] x [0] : (tensor<?x9xf32>, tensor<9x9xf32>) -> tensor<?x9xf32>
    %5 = graph.tanh %4 : tensor<?x9xf32>
    %6 = graph.dot_general %5, %tied batch = [] x [] contracting = [1] x [1] : (tensor<?x9xf32>, tensor<9x9xf32>) -> tensor<?x9xf32>
    %7 = graph.broadcast %gain dims = [1] : (tensor<1xf32>) -> tensor<?x9xf32>
    %8 = graph.mul %6, %7 : tensor<?x9xf32>
    %9 = graph.broadcast %scale dims = [] : (tensor<f32>) -> tensor<?x9xf32>
    %10 = graph.mul %8, %9 : tensor<?x9xf32>
    return %10 : tensor<?x9xf32>
  })";

constexpr int64_t kBatch = 6;

using State = std::map<std::string, std::vector<float>>;

int64_t countLaunches(plan::ProgramOp program, StringRef entry) {
  auto op = cast<plan::EntryOp>(program.lookupSymbol(entry));
  return llvm::range_size(op.getBody().getOps<plan::LaunchOp>());
}

/// Writes the training program to a new glyph, and returns its path.
std::string compile(const TrainingOptions &options, bool flat) {
  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(kModel, &context);
  EXPECT_TRUE(module && succeeded(buildTraining(*module, options)));
  PassSettings settings;
  settings.maxBatch = kBatch;
  settings.target = glyph::kCpuTarget + codegen::CpuTarget::host().features;
  PassManager manager(&context);
  for (Phase phase : {Phase::Training, Phase::Decompose, Phase::Layout})
    addPasses(manager, phase, settings);
  if (flat)
    addPasses(manager, Phase::Fusion, settings);
  else
    manager.addNestedPass<func::FuncOp>(createFusionPass());
  addPasses(manager, Phase::Kernels, settings);
  addPasses(manager, Phase::Planning, settings);
  EXPECT_TRUE(succeeded(manager.run(*module)));

  auto plan = *module->getOps<plan::ProgramOp>().begin();
  // For five tensors: the norm, the scalars, and at most two rules.
  EXPECT_EQ(countLaunches(plan, "apply") <= 4, flat);
  std::vector<std::vector<char>> zeros; // the test writes its own values
  std::vector<Weight> weights;
  for (auto state : plan.getBody().getOps<plan::StateOp>())
    if (state.getStored()) {
      Weight &weight = weights.emplace_back();
      weight.name = state.getName().str();
      weight.type = cast<RankedTensorType>(state.getTensor());
      weight.bytes = zeros.emplace_back(weight.type.getNumElements() * sizeof(float));
    }
  llvm::Expected<std::vector<char>> kernels = codegen::compileKernels(
      *module->getOps<ModuleOp>().begin(), codegen::CpuTarget::host(), /*cache=*/nullptr, /*times=*/nullptr);
  EXPECT_TRUE(static_cast<bool>(kernels));
  FailureOr<glyph::ProgramT> program = toGlyphProgram(plan);
  EXPECT_TRUE(succeeded(program));
  const std::string path = testing::TempDir() + (flat ? "flat.glyph" : "apart.glyph");
  writeGlyph(path, {*program, *kernels, weights, ""});
  return path;
}

/// 20 updates: single steps, and updates from two microbatches between them, which share the accumulators.
State train(const std::string &path) {
  Program program(path);
  Session session(program);
  std::mt19937 random(3);
  auto fill = [&](std::vector<float> &values) {
    for (float &value : values)
      value = (random() % 2001) / 1000.0f - 1.0f;
  };
  State state;
  for (const glyptic_tensor &tensor : program.state())
    if (tensor.dtype == GLYPTIC_F32) {
      size_t elements = 1;
      for (size_t i = 0; i < tensor.rank; ++i)
        elements *= tensor.dims[i];
      state[tensor.name].resize(elements);
    }
  for (const char *name : {"w1", "gain", "frozen", "b1", "twin", "tied", "scale"}) {
    fill(state.at(name));
    session.writeState(name, state.at(name).data(), state.at(name).size());
  }
  auto setInputs = [&](const char *entry) {
    std::vector<float> x(kBatch * 4), label(kBatch * 9);
    fill(x);
    fill(label);
    session.setInput(entry, "x", x.data(), x.size());
    session.setInput(entry, "label", label.data(), label.size());
  };
  for (int step = 0; step < 20; ++step) {
    if (step % 3 == 2) {
      session.clearAccumulators();
      for (int part = 0; part < 2; ++part) {
        setInputs("grad");
        session.run("grad", kBatch);
      }
      session.run("apply", kBatch);
    } else {
      setInputs("step");
      session.run("step", kBatch);
    }
    EXPECT_EQ(session.scalar("finite"), 1.0);
    EXPECT_GT(session.scalar("gradient_norm"), 0.0);
  }
  for (auto &[name, values] : state)
    session.readState(name, values.data(), values.size());
  return state;
}

TrainingOptions makeOptions(const char *optimizer) {
  TrainingOptions options;
  options.loss = "mse";
  options.optimizer = optimizer;
  options.freeze = {"frozen"};
  return options;
}

void expectSameBits(const TrainingOptions &options) {
  State flat = train(compile(options, true)), apart = train(compile(options, false));
  ASSERT_EQ(flat.size(), apart.size());
  for (auto &[name, values] : apart)
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(flat.at(name)[i], values[i]) << name << "[" << i << "]";
      EXPECT_TRUE(std::isfinite(values[i])) << name << "[" << i << "]";
    }
}

TEST(FlatState, Sgd) { expectSameBits(makeOptions("sgd")); }

TEST(FlatState, NesterovWithDecay) {
  TrainingOptions options = makeOptions("nesterov");
  options.weightDecay = 0.01;
  expectSameBits(options);
}

/// 0 / 0 in every gap: they fill with NaN, and nobody notices.
TEST(FlatState, AdamWithoutEpsilon) {
  TrainingOptions options = makeOptions("adam");
  options.epsilon = 0;
  expectSameBits(options);
}

TEST(FlatState, AdamWWithTwoGroups) {
  TrainingOptions options = makeOptions("adamw");
  options.weightDecay = 0.1;
  options.noDecay = {"b1", "gain"};
  expectSameBits(options);
}

/// The norm is summed in another order, and the factor that it gives reaches every parameter.
TEST(FlatState, ClippingAgreesToRounding) {
  TrainingOptions options = makeOptions("momentum");
  options.clipNorm = 0.05;
  options.weightDecay = 0.01;
  options.noDecay = {"b1", "gain"};
  State flat = train(compile(options, true)), apart = train(compile(options, false));
  for (auto &[name, values] : apart)
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(flat.at(name)[i], values[i], 1e-6) << name << "[" << i << "]";
}

} // namespace
