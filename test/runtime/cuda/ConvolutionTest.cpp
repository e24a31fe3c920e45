//===- ConvolutionTest.cpp - Convolutions by cuDNN, without a GPU ---------===//
#include "runtime/core/Program.h"
#include "runtime/core/Schema.h"
#include "runtime/cuda/Convolution.h"
#include "test/runtime/cpu/Convolutions.h"
#include "test/runtime/cuda/FakeLibraries.h"
#include "test/runtime/cuda/RealCudnn.h"

using namespace glyptic;

namespace {

class CudnnTest : public testing::Test {
protected:
  void SetUp() override {
    for (const char *variable : {"CUDA_HOME", "VIRTUAL_ENV", "CONDA_PREFIX"})
      unsetenv(variable); // a real library there would come first
    ASSERT_NE(fakeDriver().handle, nullptr);
    ASSERT_NE(fakeCudnn().handle, nullptr);
    fakeDriver().variable<int>("fake_count") = 1;
    fakeDriver().variable<int>("fake_architecture") = 90;
    fakeDriver().variable<size_t>("fake_memory") = 16 << 20;
    dnn<size_t>("fake_dnn_version") = 91900;
    dnn<size_t>("fake_dnn_need") = 256;
  }

  template <typename T> static T &dnn(const char *name) { return fakeCudnn().variable<T>(name); }

  static std::string errorFor(const Convolution &c) {
    return errorOf([&] {
      Shapes shapes = shapesOf(c);
      RoutineProgram program("convolution", {shapes.input, shapes.weight, shapes.output}, parametersOf(c), 4, 1024);
      Session session(*program.program, 1, "cuda");
      program.run(session, 2, {Array(shapeAt(shapes.input, 2)), Array(shapeAt(shapes.weight, 2))});
    });
  }
};

TEST_F(CudnnTest, AgreesWithPlainLoops) {
  for (const ConvolutionRoutine &routine : kConvolutionRoutines)
    checkRoutine(routine, /*onGpu=*/true);
  EXPECT_EQ(dnn<int>("fake_descriptors"), 0);
}

/// Engines with tensor cores, with bits that vary, with kernels yet to compile, and with too much workspace come first.
TEST_F(CudnnTest, TakesTheFirstEngineThatKeepsTheRules) {
  EXPECT_EQ(errorFor(kConvolutions[0]), "");
  EXPECT_EQ(dnn<int>("fake_engine"), 4);
  dnn<size_t>("fake_dnn_need") = 1025;
  EXPECT_NE(errorFor(kConvolutions[0]).find("cuDNN has no engine for 2 samples that sums in FP32, gives the same bits "
                                            "each time and needs at most 1024 bytes"),
            std::string::npos)
      << errorFor(kConvolutions[0]);
}

TEST_F(CudnnTest, NamesWhatDoesNotFit) {
  dnn<size_t>("fake_dnn_version") = 8907;
  EXPECT_NE(errorFor(kConvolutions[0]).find("needed"), std::string::npos) << errorFor(kConvolutions[0]);
}

/// Of the models that benchmarks train, with the batch they train with.
const Convolution kZoo[] = {
    {"LeNet 1", 1, 32, {28, 28}, {5, 5}, {1, 1}, {2, 2}, {2, 2}, {1, 1}},
    {"LeNet 2", 32, 64, {14, 14}, {5, 5}, {1, 1}, {2, 2}, {2, 2}, {1, 1}},
    {"ResNet stem", 3, 64, {224, 224}, {7, 7}, {2, 2}, {3, 3}, {3, 3}, {1, 1}},
    {"ResNet 3x3", 64, 64, {56, 56}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
    {"ResNet 3x3 down", 128, 128, {56, 56}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}},
    {"ResNet 1x1", 256, 64, {56, 56}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {1, 1}},
    {"ResNet 1x1 down", 1024, 2048, {14, 14}, {1, 1}, {2, 2}, {0, 0}, {0, 0}, {1, 1}},
    {"ResNet deep", 512, 512, {7, 7}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
    {"MobileNet depthwise", 96, 96, {56, 56}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, 96},
};

/// Asks cuDNN itself, which answers without a GPU, whether it has engines for what the compiler leaves to it, and whether
/// the first that keeps the rules does with the workspace that compiler/Fusion/GpuLibraries.cpp plans.
TEST(RealCudnn, DoesWhatTheCompilerLeavesToIt) {
  using namespace runtime::cuda;
  std::string why;
  std::optional<Cudnn> library = openRealCudnn(why);
  if (!library)
    GTEST_SKIP() << why;
  std::vector<Convolution> all(std::begin(kConvolutions), std::end(kConvolutions));
  all.insert(all.end(), std::begin(kZoo), std::end(kZoo));
  for (const Gpu &gpu : kGpus) {
    Descriptor properties = describe(*library, gpu);
    for (const Convolution &c : all)
      for (const ConvolutionRoutine &routine : kConvolutionRoutines) {
        constexpr int64_t kBatch = 64;
        Shapes shapes = shapesOf(c);
        RoutineProgram program(routine.name, {shapes.*routine.first, shapes.*routine.second, shapes.*routine.result},
                               parametersOf(c), kBatch, 1024);
        auto loaded = runtime::Program::load(program.folder / "routine.glyph");
        const auto &call = *loaded->tables().entries()->Get(0)->instructions()->Get(0)->action_as_LibraryCall();
        runtime::ConvolutionShape shape{runtime::CallSite(call)};
        size_t workspace = 1 << 20;
        for (const TestShape *tensor : {&shapes.input, &shapes.weight, &shapes.output}) {
          size_t elements = 1;
          for (int64_t extent : shapeAt(*tensor, kBatch))
            elements *= static_cast<size_t>(extent);
          workspace += elements * sizeof(float);
        }
        auto plan = ConvolutionPlanner(*library, shape, {nullptr, &properties}).plan(kBatch, {64, 64, 64}, SIZE_MAX);
        std::string what = std::string(c.name) + ", " + routine.name + ", " + gpu.name;
        ASSERT_TRUE(plan) << what;
        EXPECT_LE(plan->workspace, workspace) << what;
      }
  }
}

} // namespace
