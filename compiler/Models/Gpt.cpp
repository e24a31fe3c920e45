//===- Gpt.cpp - A decoder-only transformer -----------------------------------===//
//
// GPT-2's arrangement: learned positions, normalisation before each branch, output weights tied to the embedding.
//
//===----------------------------------------------------------------------===//
#include "compiler/Errors.h"
#include "compiler/Models/ModelBuilder.h"
#include "compiler/Models/Networks.h"
#include <cmath>

using namespace llvm;
using onnx::MakeAttribute;
using onnx::TensorProto;

namespace glyptic {

namespace {

constexpr int64_t kBatch = ModelBuilder::kBatch;
/// GPT-2's deviation of embeddings; a uniform distribution within b has the deviation b / sqrt(3).
constexpr double kEmbeddingDeviation = 0.02;

class GptBuilder {
public:
  GptBuilder(ModelBuilder &builder, const Sizes &sizes)
      : builder(builder), layers(sizes.at("layers")), heads(sizes.at("heads")), width(sizes.at("width")),
        context(sizes.at("context")), vocabulary(sizes.at("vocabulary")) {}

  llvm::Error build() {
    if (width % heads)
      return makeError(ErrorCode::Argument, "--width " + Twine(width) + " must be a multiple of --heads " +
                                                             Twine(heads));
    std::string tokens = builder.addInput("tokens", TensorProto::INT64, {kBatch, context});
    double bound = kEmbeddingDeviation * std::sqrt(3.0);
    std::string table = builder.addUniform("embedding.weight", {vocabulary, width}, bound);
    std::string positions = builder.addUniform("position.weight", {context, width}, bound);
    std::string x = builder.add("embedding", "Gather", {table, tokens});
    x = builder.add("position", "Add", {x, positions});
    addMask();
    for (int64_t i = 0; i < layers; ++i) {
      std::string block = "blocks." + std::to_string(i);
      x = builder.add(block + ".attention.residual", "Add", {x, addAttention(block + ".attention", x)});
      x = builder.add(block + ".mlp.residual", "Add", {x, addMlp(block + ".mlp", x)});
    }
    x = addNorm("norm", x);
    std::string tied = builder.add("logits.weight", "Transpose", {table});
    builder.addOutput(builder.add("logits", "MatMul", {x, tied}), {kBatch, context, vocabulary});
    return llvm::Error::success();
  }

private:
  /// Position i sees the positions up to i. Computed, so that the file holds no table of context^2 booleans.
  void addMask() {
    std::string zero = builder.add("mask.zero", "Constant", {}, {MakeAttribute("value_int", int64_t(0))});
    std::string one = builder.add("mask.one", "Constant", {}, {MakeAttribute("value_int", int64_t(1))});
    std::string end = builder.add("mask.end", "Constant", {}, {MakeAttribute("value_int", context)});
    std::string columns = builder.add("mask.columns", "Range", {zero, end, one});
    std::string rows = builder.add("mask.rows", "Unsqueeze", {columns, builder.addIntegers({1})});
    mask = builder.add("mask", "GreaterOrEqual", {rows, columns});
    builder.addScalar("mask.value", -1e9f);
  }

  std::string addNorm(const std::string &name, const std::string &x) {
    std::string scale = builder.addFilled(name + ".weight", {width}, 1.0f);
    std::string bias = builder.addFilled(name + ".bias", {width}, 0.0f);
    return builder.add(name, "LayerNormalization", {x, scale, bias});
  }

  /// As MatMul and Add, which is how GPTs come out of exporters.
  std::string addDense(const std::string &name, const std::string &x, int64_t inputs, int64_t outputs,
                       double scale = 1.0) {
    auto [weight, bias] = builder.addWeights(name, {inputs, outputs}, inputs, outputs, scale);
    return builder.add(name, "Add", {builder.add(name + ".product", "MatMul", {x, weight}), bias});
  }

  /// Branches that end in the residual stream start smaller, so that its variance does not grow with depth.
  double getResidualScale() const { return 1.0 / std::sqrt(2.0 * double(layers)); }

  std::string addAttention(const std::string &name, const std::string &input) {
    std::string x = addNorm(name + ".norm", input);
    addDense(name + ".qkv", x, width, 3 * width);
    builder.add(name + ".split", "Split", {name + ".qkv"},
                {MakeAttribute("axis", int64_t(-1)), MakeAttribute("num_outputs", int64_t(3))}, /*outputs=*/3);
    std::string query = addHeads(name + ".query", name + ".split", {0, 2, 1, 3});
    std::string key = addHeads(name + ".key", name + ".split.1", {0, 2, 3, 1});
    std::string value = addHeads(name + ".value", name + ".split.2", {0, 2, 1, 3});
    std::string scale = builder.addScalar(name + ".scale", float(1.0 / std::sqrt(double(width / heads))));
    std::string scores = builder.add(name + ".scores", "MatMul", {query, key});
    scores = builder.add(name + ".scaled", "Mul", {scores, scale});
    scores = builder.add(name + ".masked", "Where", {mask, scores, "mask.value"});
    std::string weights = builder.add(name + ".softmax", "Softmax", {scores});
    x = builder.add(name + ".mixed", "MatMul", {weights, value});
    x = builder.add(name + ".merged", "Transpose", {x}, {MakeAttribute("perm", std::vector<int64_t>{0, 2, 1, 3})});
    x = builder.add(name + ".joined", "Reshape", {x, builder.addIntegers({0, 0, width})});
    return addDense(name + ".output", x, width, width, getResidualScale());
  }

  /// [N, context, width] to heads, in the order `permutation` of (N, context, head, width of a head).
  std::string addHeads(const std::string &name, const std::string &x, const std::vector<int64_t> &permutation) {
    std::string split = builder.add(name + ".heads", "Reshape", {x, builder.addIntegers({0, 0, heads, width / heads})});
    return builder.add(name, "Transpose", {split}, {MakeAttribute("perm", permutation)});
  }

  std::string addMlp(const std::string &name, const std::string &input) {
    std::string x = addDense(name + ".expand", addNorm(name + ".norm", input), width, 4 * width);
    x = builder.add(name + ".gelu", "Gelu", {x});
    return addDense(name + ".shrink", x, 4 * width, width, getResidualScale());
  }

  ModelBuilder &builder;
  int64_t layers, heads, width, context, vocabulary;
  std::string mask;
};

llvm::Error buildGpt(ModelBuilder &builder, const Sizes &sizes) { return GptBuilder(builder, sizes).build(); }

constexpr SizeFlag kGptFlags[] = {
    {"layers", 4, "number of blocks"},
    {"heads", 4, "attention heads of a block"},
    {"width", 128, "width of the residual stream"},
    {"context", 64, "tokens of a sample"},
    {"vocabulary", 256, "number of different tokens"},
};

} // namespace

const Architecture kGpt = {"gpt", "a decoder-only transformer with tied embeddings", kGptFlags, buildGpt};

} // namespace glyptic
