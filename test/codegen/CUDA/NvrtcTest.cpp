//===- NvrtcTest.cpp - CUDA C++ to machine code -----------------===//
#include "codegen/CUDA/Nvrtc.h"
#include "codegen/CUDA/CompileCuda.h"
#include "support/Cubin.h"
#include "support/Error.h"
#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace glyptic;
using namespace glyptic::codegen;
using namespace glyptic::codegen::cuda;
namespace fs = std::filesystem;

namespace {

constexpr const char *kReverse = R"(
extern "C" __global__ void __launch_bounds__(256) reverse(float *a, const float *b, unsigned batch) {
  __shared__ float tile[300];
  tile[threadIdx.x] = b[threadIdx.x];
  __syncthreads();
  a[threadIdx.x] = tile[255 - threadIdx.x];
}
)";
/// An array that is indexed by what memory holds cannot live in registers.
constexpr const char *kHistogram = R"(
extern "C" __global__ void histogram(unsigned *a, const unsigned *where, unsigned batch) {
  unsigned counts[64];
  for (unsigned i = 0; i < 64; ++i) counts[i] = 0;
  for (unsigned i = 0; i < batch; ++i) ++counts[where[i] & 63];
  for (unsigned i = 0; i < 64; ++i) a[i] = counts[i];
}
)";

const Nvrtc &nvrtc() {
  llvm::Expected<const Nvrtc *> library = Nvrtc::get();
  if (!library)
    throw std::runtime_error(llvm::toString(library.takeError()));
  return **library;
}

std::string_view view(const std::vector<char> &bytes) { return {bytes.data(), bytes.size()}; }

TEST(Nvrtc, CompilesForEachArchitecture) {
  for (const char *architecture : {"sm_80", "sm_89", "sm_90", "sm_100"}) {
    auto code = nvrtc().compile(kReverse, architecture);
    ASSERT_TRUE(bool(code)) << llvm::toString(code.takeError());
    EXPECT_NE(code->ptx.find(std::string(".target ") + architecture), std::string::npos);
    EXPECT_NE(code->ptx.find(".entry reverse("), std::string::npos);
    std::vector<CubinKernel> kernels = readCubin(view(code->cubin));
    ASSERT_EQ(kernels.size(), 1u);
    EXPECT_EQ(kernels[0].name, "reverse");
    EXPECT_EQ(kernels[0].sharedBytes, 1200u) << architecture;
    EXPECT_EQ(kernels[0].localBytes, 0u);
    EXPECT_GE(kernels[0].registers, 6u);
    EXPECT_LE(kernels[0].registers, 32u);
  }
}

TEST(Nvrtc, TellsWhichKernelIsWrong) {
  auto complain = [&](const std::string &head) {
    auto code = nvrtc().compile(kReverse + head + "(float *a) {\n  a[0] = missing;\n}\n", "sm_90");
    return code ? "compiles" : llvm::toString(code.takeError());
  };
  std::string message = complain("extern \"C\" __global__ void broken");
  EXPECT_NE(message.find("kernel 'broken': kernels.cu(9): error: identifier \"missing\" is undefined"),
            std::string::npos)
      << message;
  // As the translation prints it.
  message = complain("extern \"C\" __global__ void __launch_bounds__(256)\nbroken");
  EXPECT_NE(message.find("kernel 'broken': kernels.cu(10): error: identifier \"missing\" is undefined"),
            std::string::npos)
      << message;
}

TEST(Nvrtc, KnowsItsArchitectures) {
  auto code = nvrtc().compile(kReverse, "sm_42");
  ASSERT_FALSE(bool(code));
  EXPECT_NE(llvm::toString(code.takeError()).find("does not compile for sm_42, but for sm_75, sm_80"),
            std::string::npos);
}

TEST(Cubin, ShowsLocalMemory) {
  auto code = nvrtc().compile(std::string(kReverse) + kHistogram, "sm_90");
  ASSERT_TRUE(bool(code)) << llvm::toString(code.takeError());
  std::vector<CubinKernel> kernels = readCubin(view(code->cubin));
  ASSERT_EQ(kernels.size(), 2u);
  EXPECT_EQ(kernels[0].name, "histogram");
  EXPECT_EQ(kernels[0].localBytes, 256u);
  EXPECT_EQ(kernels[0].sharedBytes, 0u);
  EXPECT_EQ(kernels[1].localBytes, 0u);
}

TEST(Cubin, RefusesWhatIsNone) {
  auto code = nvrtc().compile(kReverse, "sm_90");
  ASSERT_TRUE(bool(code)) << llvm::toString(code.takeError());
  std::vector<char> bytes = code->cubin;
  EXPECT_THROW(readCubin("cubin"), Error);
  for (size_t size = 0; size < bytes.size(); size += 7)
    try {
      readCubin(view(bytes).substr(0, size));
    } catch (const Error &) {
    }
  for (size_t i = 0; i < bytes.size(); i += 5) { // any damage is read or refused
    std::vector<char> damaged = bytes;
    damaged[i] ^= 0x55;
    try {
      readCubin(view(damaged));
    } catch (const Error &) {
    }
  }
}

TEST(CompileCuda, ComesFromTheCacheTheSecondTime) {
  fs::path folder = fs::temp_directory_path() / ("glyptic-cuda-cache-" + std::to_string(::getpid()));
  ObjectCache cache(folder.string());
  std::vector<std::string> programs = {kReverse, kHistogram}, architectures = {"sm_80", "sm_90"};
  auto first = compilePrograms(programs, architectures, &cache);
  ASSERT_TRUE(bool(first)) << llvm::toString(first.takeError());
  EXPECT_FALSE(first->cached);
  ASSERT_EQ(first->parts.size(), 4u);
  EXPECT_EQ(first->parts[0].name, "sm_80-0");
  EXPECT_EQ(first->parts[3].name, "sm_90-1");
  EXPECT_EQ(readCubin(view(first->parts[3].code.cubin))[0].name, "histogram");
  auto second = compilePrograms(programs, architectures, &cache);
  ASSERT_TRUE(bool(second)) << llvm::toString(second.takeError());
  EXPECT_TRUE(second->cached);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(second->parts[i].code.cubin, first->parts[i].code.cubin);
    EXPECT_EQ(second->parts[i].code.ptx, first->parts[i].code.ptx);
  }
  fs::remove_all(folder);
}

} // namespace
