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

Convolution square(const char *name, int64_t inputs, int64_t outputs, int64_t space, int64_t kernel,
                   int64_t stride = 1, int64_t groups = 1) {
  const int64_t pad = kernel / 2;
  return {name,       inputs,     outputs, {space, space}, {kernel, kernel}, {stride, stride},
          {pad, pad}, {pad, pad}, {1, 1},  groups};
}

/// Every convolution of the models that benchmarks train, and one that goes channel by channel.
std::vector<Convolution> zoo() {
  std::vector<Convolution> all = {
      square("LeNet", 1, 32, 28, 5), square("LeNet", 32, 64, 14, 5), square("MobileNet depthwise", 96, 96, 56, 3, 2, 96),
      square("ResNet-50 stem", 3, 64, 224, 7, 2), square("ResNet-50 first block", 64, 64, 56, 1)};
  // Blocks narrow, convolve, and widen again; the first of a stage halves the image, besides that of the first stage.
  int64_t features = 64, space = 56;
  for (int64_t width : {64, 128, 256, 512}) {
    const int64_t stride = width == 64 ? 1 : 2, wide = 4 * width, out = space / stride;
    if (stride == 2) {
      all.push_back(square("ResNet-50 narrowing", features, width, space, 1));
      all.push_back(square("ResNet-50 halving", width, width, space, 3, 2));
    }
    all.push_back(square("ResNet-50 beside the first block", features, wide, space, 1, stride));
    if (stride == 2) // in the first stage that is the same
      all.push_back(square("ResNet-50 widening", width, wide, out, 1));
    all.push_back(square("ResNet-50 narrowing", wide, width, out, 1));
    all.push_back(square("ResNet-50", width, width, out, 3));
    features = wide;
    space = out;
  }
  return all;
}

std::string describe(const Convolution &c) {
  const std::vector<int64_t> out = outputSpace(c);
  return std::string(c.name) + ", " + std::to_string(c.kernel[0]) + "x" + std::to_string(c.kernel.back()) + ", " +
         std::to_string(c.inputs) + " to " + std::to_string(c.outputs) + " at " + std::to_string(out.back());
}

/// Asks cuDNN itself, which answers without a GPU, whether it has engines for what the compiler leaves to it, and whether
/// the first that keeps the rules does with the workspace that compiler/Fusion/GpuLibraries.cpp plans. Prints both.
TEST(RealCudnn, DoesWhatTheCompilerLeavesToIt) {
  using namespace runtime::cuda;
  std::string why;
  std::optional<Cudnn> library = openRealCudnn(why);
  if (!library)
    GTEST_SKIP() << why;
  std::vector<Convolution> all = zoo();
  EXPECT_EQ(all.size(), 3u + 23u);
  all.insert(all.end(), std::begin(kConvolutions), std::end(kConvolutions));
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
        const std::string what = std::string(gpu.name) + "  " + describe(c) + ", " + routine.name;
        ASSERT_TRUE(plan) << what;
        std::printf("%-90s %zu bytes of workspace, %zu planned\n", what.c_str(), plan->workspace, workspace);
        EXPECT_LE(plan->workspace, workspace) << what;
      }
  }
}

} // namespace
