//===- MatmulTest.cpp - Contractions by cuBLASLt, without a GPU -----------===//
#include "runtime/cuda/CublasLt.h"
#include "support/CudaLibrary.h"
#include "test/runtime/cpu/Contractions.h"
#include "test/runtime/cuda/FakeLibraries.h"

using namespace glyptic;

namespace {

constexpr uint64_t kWorkspace = 4096;

class CublasLtTest : public testing::Test {
protected:
  void SetUp() override {
    unsetenv("CUDA_HOME"); // a real library there would come first
    unsetenv("VIRTUAL_ENV");
    unsetenv("CONDA_PREFIX");
    ASSERT_NE(fakeDriver().handle, nullptr);
    ASSERT_NE(fakeCublasLt().handle, nullptr);
    fakeDriver().variable<int>("fake_count") = 1;
    fakeDriver().variable<int>("fake_architecture") = 90;
    fakeDriver().variable<size_t>("fake_memory") = 16 << 20;
    blas<size_t>("fake_blas_version") = 130100;
    blas<size_t>("fake_need") = kWorkspace;
    for (const char *counter : {"fake_calls", "fake_transposed", "fake_batched"})
      blas<int>(counter) = 0;
  }

  template <typename T> static T &blas(const char *name) { return fakeCublasLt().variable<T>(name); }

  static std::unique_ptr<RoutineProgram> makeProgram(const Contraction &c, uint64_t workspace = kWorkspace) {
    return std::make_unique<RoutineProgram>("matmul", std::vector<TestShape>{c.lhs, c.rhs, resultShape(c)},
                                            parametersOf(c), 40, workspace);
  }

  static std::string errorFor(const Contraction &c, uint64_t workspace = kWorkspace) {
    return errorOf([&] {
      auto routine = makeProgram(c, workspace);
      Session session(*routine->program, 1, "cuda");
      routine->run(session, 5, {Array(shapeAt(c.lhs, 5)), Array(shapeAt(c.rhs, 5))});
    });
  }
};

TEST_F(CublasLtTest, AgreesWithPlainLoops) {
  size_t refused = 0;
  for (const Contraction &c : kContractions) {
    if (errorFor(c).find("an operand is no matrix in memory") != std::string::npos) {
      ++refused;
      continue;
    }
    auto routine = makeProgram(c);
    Session session(*routine->program, 1, "cuda");
    for (int64_t batch : {5, 1, 40, 3, 5}) {
      Array lhs = Array::random(shapeAt(c.lhs, batch), 1), rhs = Array::random(shapeAt(c.rhs, batch), 2);
      Array found = routine->run(session, batch, {lhs, rhs});
      expectClose(found, contract(c, batch, lhs, rhs), std::string(c.name) + ", batch " + std::to_string(batch));
    }
  }
  // Dimensions apart in memory, in two orders, and no unit stride: a compiler for GPUs asks for none of these.
  EXPECT_EQ(refused, 3u);
  EXPECT_EQ(blas<int>("fake_objects"), 0);
  EXPECT_GT(blas<int>("fake_transposed"), 0);
  EXPECT_GT(blas<int>("fake_batched"), 0);
}

TEST_F(CublasLtTest, BatchesAreOneCallWhereMemoryAllows) {
  auto countCalls = [](const char *name) {
    for (const Contraction &c : kContractions)
      if (std::string(name) == c.name) {
        blas<int>("fake_calls") = 0;
        EXPECT_EQ(errorFor(c), "");
        return blas<int>("fake_calls");
      }
    return -1;
  };
  EXPECT_EQ(countCalls("tokens"), 1);
  EXPECT_EQ(countCalls("attention scores, heads outside"), 1);
  // Five samples and two heads: one goes by strides, the other by calls.
  EXPECT_EQ(countCalls("attention scores, heads inside"), 2);
}

/// Neither partial sums in the order of arrival nor more memory than was planned.
TEST_F(CublasLtTest, KeepsToThePlan) {
  const Contraction &c = kContractions[0];
  EXPECT_EQ(errorFor(c), "");
  EXPECT_EQ(blas<uint32_t>("fake_reductions"), 2u);
  EXPECT_EQ(blas<uint64_t>("fake_limit"), kWorkspace);
  blas<size_t>("fake_need") = kWorkspace + 1;
  EXPECT_NE(
      errorFor(c).find(
          "'node1': library routine 'matmul': cuBLASLt has no algorithm for 5 samples with 4096 bytes of workspace"),
      std::string::npos);
}

TEST_F(CublasLtTest, NamesWhatDoesNotFit) {
  blas<size_t>("fake_blas_version") = 110803;
  EXPECT_NE(errorFor(kContractions[0]).find("is version 11.8.3; 12.0.0 or newer is needed"), std::string::npos)
      << errorFor(kContractions[0]);
}

/// A floor for the time of a step is that of the GPU's libraries, not of the processor's.
TEST_F(CublasLtTest, AreTimedWhereTheyRun) {
  auto routine = makeProgram(kContractions[0]);
  double seconds = 0;
  check(glyptic_program_time_library_calls(routine->program->get(), "call", 40, "cuda", 1, 3, &seconds, 1));
  EXPECT_GT(seconds, 0);
  EXPECT_EQ(blas<int>("fake_calls"), 4) << "one to warm up";
  check(glyptic_program_time_library_calls(routine->program->get(), "call", 40, "shim", 1, 3, &seconds, 1));
  EXPECT_EQ(blas<int>("fake_calls"), 4);
  EXPECT_EQ(blas<int>("fake_objects"), 0);
}

/// What can be asked of the library itself without a GPU: that attributes have the numbers and sizes we think.
TEST(RealCublasLt, TakesOurAttributes) {
  const char *home = "/usr/local/cuda";
  if (!std::filesystem::exists(std::string(home) + "/lib64/libcublasLt.so.13"))
    GTEST_SKIP() << "cuBLASLt is not in " << home;
  setenv("CUDA_HOME", home, 1);
  using namespace runtime::cuda;
  CublasLt library = CublasLt::open();
  unsetenv("CUDA_HOME");
  EXPECT_NE(library.path.find(home), std::string::npos);
  CublasLt::Layout layout;
  ASSERT_EQ(library.layoutCreate(&layout, kReal32, 10, 20, 10), 0);
  int32_t count = 3, transposed = 1;
  int64_t stride = 200;
  EXPECT_EQ(library.layoutSet(layout, kLayoutBatchCount, &count, sizeof count), 0);
  EXPECT_EQ(library.layoutSet(layout, kLayoutBatchStride, &stride, sizeof stride), 0);
  EXPECT_NE(library.layoutSet(layout, kLayoutBatchStride, &stride, sizeof count), 0) << "it does not look at sizes";
  CublasLt::Operation operation;
  ASSERT_EQ(library.operationCreate(&operation, kCompute32, kReal32), 0);
  EXPECT_EQ(library.operationSet(operation, kOperationTransposeA, &transposed, sizeof transposed), 0);
  EXPECT_EQ(library.operationSet(operation, kOperationTransposeB, &transposed, sizeof transposed), 0);
  CublasLt::Preference preference;
  ASSERT_EQ(library.preferenceCreate(&preference), 0);
  uint64_t workspace = 4096;
  uint32_t value = kReduceInComputeType;
  EXPECT_EQ(library.preferenceSet(preference, kPreferWorkspace, &workspace, sizeof workspace), 0);
  for (int attribute : {kPreferReductions, kPreferAlignmentA, kPreferAlignmentB, kPreferAlignmentC, kPreferAlignmentD})
    EXPECT_EQ(library.preferenceSet(preference, attribute, &value, sizeof value), 0) << attribute;
  library.preferenceDestroy(preference);
  library.operationDestroy(operation);
  library.layoutDestroy(layout);
}

TEST(CudaLibrary, IsLookedForWhereItMayBe) {
  TemporaryFolder folder;
  const std::string packages = folder / "env/lib/python3.11/site-packages/nvidia/cu13/lib";
  std::filesystem::create_directories(packages);
  writeFile(packages + "/libthing.so.2", "");
  setenv("CUDA_HOME", (folder / "home").c_str(), 1);
  setenv("VIRTUAL_ENV", (folder / "env").c_str(), 1);
  unsetenv("CONDA_PREFIX");
  CudaLibraryName name{"a thing", "libthing.so", {"2", "1"}};
  std::vector<std::string> paths = getCudaLibraryPaths(name);
  EXPECT_EQ(paths,
            (std::vector<std::string>{folder / "home/lib64/libthing.so.2", folder / "home/lib64/libthing.so.1",
                                      folder / "home/lib/libthing.so.2", folder / "home/lib/libthing.so.1",
                                      packages + "/libthing.so.2", "libthing.so.2", "libthing.so.1",
                                      "/usr/local/cuda/lib64/libthing.so.2", "/usr/local/cuda/lib64/libthing.so.1",
                                      "/usr/local/cuda/lib/libthing.so.2", "/usr/local/cuda/lib/libthing.so.1"}));
  std::string message = errorOf([&] { CudaLibrary::open(name); });
  for (const std::string &path : paths)
    EXPECT_NE(message.find(path), std::string::npos) << message;
  unsetenv("CUDA_HOME");
  unsetenv("VIRTUAL_ENV");
}

} // namespace
