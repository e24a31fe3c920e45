//===- ConvolutionTest.cpp - Convolutions by cuDNN, without a GPU ---------===//
#include "runtime/core/Program.h"
#include "runtime/core/Schema.h"
#include "runtime/cuda/Convolution.h"
#include "test/runtime/cpu/Convolutions.h"
#include "test/runtime/cuda/FakeLibraries.h"

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

// What cuDNN needs to know of a GPU that is not here.
constexpr char kH200[] =
    R"({"deviceName":"NVIDIA H200","cudaDeviceId":0,"deviceVer":900,"driverVer":13000,"maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],"regsPerBlock":65536,"multiProcessorCount":132,"warpSize":32,"maxSharedMemoryPerBlock":49152,"maxSharedMemoryPerBlockOptin":232448,"reservedSharedMemoryPerBlock":1024,"maxRegistersPerSM":65536,"maxCtasPerSM":32,"maxThreadsPerBlock":1024,"maxThreadsPerSM":2048,"pciDeviceId":0,"isTccDriver":0,"supportCoopLaunch":1,"smClockRateKHz":1980000,"memClockRateKHz":3201000,"l2CacheSize":62914560,"totalGlobalMem":150110011392})";
constexpr char kA100[] =
    R"({"deviceName":"NVIDIA A100","cudaDeviceId":0,"deviceVer":800,"driverVer":13000,"maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],"regsPerBlock":65536,"multiProcessorCount":108,"warpSize":32,"maxSharedMemoryPerBlock":49152,"maxSharedMemoryPerBlockOptin":166912,"reservedSharedMemoryPerBlock":1024,"maxRegistersPerSM":65536,"maxCtasPerSM":32,"maxThreadsPerBlock":1024,"maxThreadsPerSM":2048,"pciDeviceId":0,"isTccDriver":0,"supportCoopLaunch":1,"smClockRateKHz":1410000,"memClockRateKHz":1215000,"l2CacheSize":41943040,"totalGlobalMem":42505273344})";

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
  const char *home = "/usr/local/cuda";
  if (!std::filesystem::exists(std::string(home) + "/lib64/libcudnn.so.9"))
    GTEST_SKIP() << "cuDNN is not in " << home;
  if (dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD))
    GTEST_SKIP() << "a driver is loaded, maybe that of other tests: run this one alone";
  setenv("CUDA_HOME", home, 1);
  using namespace runtime::cuda;
  Cudnn library = Cudnn::open();
  unsetenv("CUDA_HOME");
  if (library.getVersion() < 91100)
    GTEST_SKIP() << "cuDNN " << library.getVersion() << " answers only where there is a GPU";
  std::vector<Convolution> all(std::begin(kConvolutions), std::end(kConvolutions));
  all.insert(all.end(), std::begin(kZoo), std::end(kZoo));
  for (std::string gpu : {kH200, kA100}) {
    Descriptor properties(library, dnn::kDeviceProperties);
    properties.set(dnn::kDeviceJson, dnn::kChar, std::vector<char>(gpu.begin(), gpu.end()));
    properties.finish();
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
        auto plan = ConvolutionPlanner(library, shape, {nullptr, &properties}).plan(kBatch, {64, 64, 64}, SIZE_MAX);
        std::string what = std::string(c.name) + ", " + routine.name + ", " + gpu.substr(15, 11);
        ASSERT_TRUE(plan) << what;
        EXPECT_LE(plan->workspace, workspace) << what;
      }
  }
}

} // namespace
