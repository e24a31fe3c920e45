//===- CudnnSupportTest.cpp - What cuDNN has for attention and norms ------===//
//
// Asks cuDNN itself, without a GPU, what it has for the attention and the norms of the models that benchmarks train;
// ConvolutionTest.cpp asks for convolutions. The answers are printed, and those that the compiler's choice rests on
// (compiler/Fusion/GpuLibraries.cpp) are checked. Values that the runtime has no use for stand here.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/cuda/RealCudnn.h"

#include <algorithm>
#include <cstdio>

using namespace glyptic;
using namespace glyptic::runtime::cuda;

namespace {

using Sizes = std::vector<int64_t>;

// Values of cudnn_graph.h.
constexpr int kHalf = 2, kBrain = 9;
constexpr int kNormForward = 29, kNormBackward = 30, kAttentionForward = 41;
constexpr int kNormMode = 27, kNormPhase = 28;
constexpr int kIsByValue = 908;
constexpr int kLayerNorm = 0, kBatchNorm = 2, kTraining = 1;

/// Engines that cuDNN offers for an operation; none where it does not even describe it.
struct Engines {
  size_t count = 0;
  size_t strict = 0; ///< sum in FP32, without tensor cores, the same bits each time
};

class Question {
public:
  Question(const Cudnn &library, const Gpu &gpu) : library(library), properties(describe(library, gpu)) {}

  Descriptor tensor(int type, Sizes sizes, Sizes strides, bool isByValue = false) {
    Descriptor made(library, dnn::kTensor);
    made.set(dnn::kTensorType, dnn::kDataType, type);
    made.set(dnn::kTensorSizes, dnn::kInt64, sizes);
    made.set(dnn::kTensorStrides, dnn::kInt64, strides);
    made.set(dnn::kTensorId, dnn::kInt64, ++id);
    made.set(dnn::kTensorAlignment, dnn::kInt64, int64_t(16));
    if (isByValue)
      made.set(kIsByValue, dnn::kBoolean, true);
    made.finish();
    return made;
  }
  Descriptor number() { return tensor(dnn::kReal32, {1, 1, 1, 1}, {1, 1, 1, 1}, /*isByValue=*/true); }

  Engines ask(Descriptor &operation) {
    if (!operation.tryFinish())
      return {};
    Descriptor graph(library, dnn::kOperationGraph);
    graph.set(dnn::kGraphOperations, operation);
    if (!graph.tryFinish())
      return {};
    Engines engines;
    for (int mode : {dnn::kModeA, dnn::kModeFallback})
      if (engines.count == 0)
        ask(graph, mode, engines);
    return engines;
  }

private:
  void ask(const Descriptor &graph, int mode, Engines &engines) {
    Descriptor heuristics(library, dnn::kHeuristics);
    heuristics.set(dnn::kHeuristicsGraph, graph);
    heuristics.set(dnn::kHeuristicsMode, dnn::kHeuristicMode, mode);
    heuristics.set(dnn::kHeuristicsDevice, properties);
    if (!heuristics.tryFinish())
      return;
    std::vector<Descriptor> configs;
    for (size_t i = 0; i < 64; ++i)
      configs.emplace_back(library, dnn::kEngineConfig);
    const size_t count = heuristics.fill(dnn::kHeuristicsResults, configs);
    for (size_t i = 0; i < count; ++i) {
      std::vector<Descriptor> engine;
      engine.emplace_back(library, dnn::kEngine);
      configs[i].fill(dnn::kConfigEngine, engine);
      std::vector<int> notes = engine.front().getValues(dnn::kEngineNumericalNotes, dnn::kNumericalNote);
      ++engines.count;
      engines.strict += std::all_of(notes.begin(), notes.end(), [](int note) { return note > dnn::kWinograd; });
    }
  }

  const Cudnn &library;
  Descriptor properties;
  int64_t id = 0;
};

class RealCudnnSupport : public testing::Test {
protected:
  void SetUp() override {
    std::string why;
    library = openRealCudnn(why);
    if (!library)
      GTEST_SKIP() << why;
    const char *stub = "/usr/local/cuda/lib64/stubs/libcuda.so";
    if (!dlopen(stub, RTLD_NOW | RTLD_GLOBAL))
      GTEST_SKIP() << "there is no " << stub;
  }

  static void report(const Gpu &gpu, const std::string &what, const Engines &engines) {
    std::printf("%s  %-44s %zu engines, %zu of them in plain FP32\n", gpu.name, what.c_str(), engines.count,
                engines.strict);
  }

  std::optional<Cudnn> library;
};

struct Attention {
  const char *model;
  int64_t batch, heads, tokens, width;
};
constexpr Attention kAttentions[] = {{"GPT-2", 8, 12, 1024, 64}, {"BERT-large", 8, 16, 128, 64}};

/// Scores are never stored; the one thing written besides the result is what a derivative needs. In version
/// 9.19 this operation has no attribute for a mask.
Engines askAttention(const Cudnn &library, const Gpu &gpu, const Attention &a, int type) {
  Question question(library, gpu);
  // Heads inside, as products leave queries, keys and values.
  auto operand = [&] {
    return question.tensor(type, {a.batch, a.heads, a.tokens, a.width},
                           {a.tokens * a.heads * a.width, a.width, a.heads * a.width, 1});
  };
  Descriptor operation(library, kAttentionForward), query = operand(), key = operand(), value = operand(),
                                                  result = operand(), scale = question.number();
  Descriptor logSum = question.tensor(dnn::kReal32, {a.batch, a.heads, a.tokens, 1},
                                      {a.heads * a.tokens, a.tokens, 1, 1});
  constexpr int kQuery = 2800, kKey = 2801, kValue = 2802, kResult = 2803, kStatistics = 2804, kScale = 2805;
  operation.set(kQuery, query);
  operation.set(kKey, key);
  operation.set(kValue, value);
  operation.set(kResult, result);
  operation.set(kStatistics, logSum);
  operation.set(kScale, scale);
  return question.ask(operation);
}

/// Though it takes FP32, too, it multiplies on tensor cores then: fewer digits than the program asks for.
TEST_F(RealCudnnSupport, AttentionIsOnTensorCoresOnly) {
  for (const Gpu &gpu : kGpus)
    for (const Attention &a : kAttentions)
      for (auto [name, type] : {std::pair("f32", dnn::kReal32), std::pair("f16", kHalf), std::pair("bf16", kBrain)}) {
        Engines engines = askAttention(*library, gpu, a, type);
        report(gpu, std::string(a.model) + " attention, " + name, engines);
        EXPECT_GT(engines.count, 0u);
        EXPECT_EQ(engines.strict, 0u);
      }
}

struct Norm {
  const char *name;
  int mode;
  int64_t rows, features, height, width;
};
constexpr Norm kNorms[] = {{"GPT-2 layer norm", kLayerNorm, 8 * 1024, 768, 1, 1},
                           {"BERT-large layer norm", kLayerNorm, 8 * 128, 1024, 1, 1},
                           {"ResNet-50 first batch norm", kBatchNorm, 64, 64, 112, 112},
                           {"ResNet-50 last batch norm", kBatchNorm, 64, 2048, 7, 7}};

struct NormTensors {
  Sizes data, dataStrides, affine, statistics;
};
NormTensors tensorsOf(const Norm &n) {
  Sizes affine = {1, n.features, 1, 1};
  return {{n.rows, n.features, n.height, n.width},
          {n.features * n.height * n.width, 1, n.features * n.width, n.features},
          affine,
          n.mode == kLayerNorm ? Sizes{n.rows, 1, 1, 1} : affine};
}
Sizes dense(const Sizes &sizes) { return {sizes[1], 1, 1, 1}; }

Engines askNormForward(const Cudnn &library, const Gpu &gpu, const Norm &n) {
  Question question(library, gpu);
  NormTensors t = tensorsOf(n);
  auto data = [&] { return question.tensor(dnn::kReal32, t.data, t.dataStrides); };
  auto affine = [&] { return question.tensor(dnn::kReal32, t.affine, dense(t.affine)); };
  auto statistics = [&] { return question.tensor(dnn::kReal32, t.statistics, dense(t.statistics)); };
  Descriptor operation(library, kNormForward), x = data(), y = data(), scale = affine(), bias = affine(),
                                             mean = statistics(), inverse = statistics(), epsilon = question.number();
  operation.set(2000, kNormMode, n.mode);
  operation.set(2001, kNormPhase, kTraining);
  operation.set(2002, x);
  operation.set(2003, mean);
  operation.set(2004, inverse);
  operation.set(2005, scale);
  operation.set(2006, bias);
  operation.set(2007, epsilon);
  operation.set(2013, y);
  return question.ask(operation);
}

Engines askNormBackward(const Cudnn &library, const Gpu &gpu, const Norm &n) {
  Question question(library, gpu);
  NormTensors t = tensorsOf(n);
  auto data = [&] { return question.tensor(dnn::kReal32, t.data, t.dataStrides); };
  auto affine = [&] { return question.tensor(dnn::kReal32, t.affine, dense(t.affine)); };
  auto statistics = [&] { return question.tensor(dnn::kReal32, t.statistics, dense(t.statistics)); };
  Descriptor operation(library, kNormBackward), x = data(), dy = data(), dx = data(), scale = affine(),
                                              scaleGradient = affine(), biasGradient = affine(), mean = statistics(),
                                              inverse = statistics();
  operation.set(2100, kNormMode, n.mode);
  operation.set(2101, x);
  operation.set(2102, mean);
  operation.set(2103, inverse);
  operation.set(2104, dy);
  operation.set(2105, scale);
  operation.set(2107, scaleGradient);
  operation.set(2108, biasGradient);
  operation.set(2109, dx);
  return question.ask(operation);
}

/// Norms are generated kernels whatever cuDNN says: they take in what stands around them. What it has is worth knowing.
TEST_F(RealCudnnSupport, NormsOfTheZoo) {
  for (const Gpu &gpu : kGpus)
    for (const Norm &n : kNorms)
      for (auto [direction, ask] :
           {std::pair("forward", &askNormForward), std::pair("backward", &askNormBackward)}) {
        Engines engines = ask(*library, gpu, n);
        report(gpu, std::string(n.name) + ", f32, " + direction, engines);
        EXPECT_GT(engines.strict, 0u);
      }
}

} // namespace
