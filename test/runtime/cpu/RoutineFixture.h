//===- RoutineFixture.h - One library call as a whole program ---*- C++ -*-===//
#pragma once

#include "test/runtime/GlyphBuilder.h"

#include <numeric>
#include <random>

namespace glyptic {

/// A dense row-major tensor of the test's own loops.
struct Array {
  std::vector<int64_t> shape;
  std::vector<float> values;

  explicit Array(std::vector<int64_t> shape) : shape(std::move(shape)) {
    values.assign(std::accumulate(this->shape.begin(), this->shape.end(), size_t(1), std::multiplies<>()), 0.0f);
  }
  static Array random(std::vector<int64_t> shape, unsigned seed) {
    Array made(std::move(shape));
    std::mt19937 engine(seed);
    for (float &value : made.values)
      value = static_cast<float>(static_cast<int>(engine() % 2001) - 1000) / 1000.0f;
    return made;
  }
  float &at(const std::vector<int64_t> &index) {
    int64_t offset = 0;
    for (size_t i = 0; i < shape.size(); ++i)
      offset = offset * shape[i] + index[i];
    return values[static_cast<size_t>(offset)];
  }
};

/// Calls `visit` with every index of `shape`, in row-major order.
template <typename Visit> void forEachIndex(const std::vector<int64_t> &shape, Visit visit) {
  std::vector<int64_t> index(shape.size(), 0);
  for (int64_t extent : shape)
    if (extent == 0)
      return;
  while (true) {
    visit(index);
    size_t dim = shape.size();
    while (dim-- > 0) {
      if (++index[dim] < shape[dim])
        break;
      index[dim] = 0;
    }
    if (dim == SIZE_MAX)
      return;
  }
}

inline std::vector<int64_t> shapeAt(const TestShape &shape, int64_t batch) {
  std::vector<int64_t> out;
  for (const TestDim &dim : shape)
    out.push_back(dim.scale * (dim.batched ? batch : 1));
  return out;
}

using Parameters = std::map<std::string, std::vector<int64_t>>;

/// A program `call` with one library call; operands are its inputs "0", "1", ..., the last its output "result". With a
/// `workspace` of so many bytes it is for a GPU.
class RoutineProgram {
public:
  RoutineProgram(const std::string &routine, const std::vector<TestShape> &shapes, const Parameters &parameters,
                 uint64_t maxBatch, uint64_t workspace = 0) {
    GlyphBuilder builder(maxBatch);
    if (workspace)
      builder.program.target = "cuda:sm_90";
    std::vector<glyph::TensorT> tensors;
    for (size_t i = 0; i < shapes.size(); ++i)
      tensors.push_back(builder.work(i + 1 < shapes.size() ? std::to_string(i) : "result", DType::F32, shapes[i]));
    auto &entry = builder.entry("call");
    std::vector<const glyph::TensorT *> operands;
    for (const glyph::TensorT &tensor : tensors)
      operands.push_back(&tensor);
    for (size_t i = 0; i + 1 < tensors.size(); ++i)
      builder.input(entry, tensors[i]);
    builder.output(entry, tensors.back());
    builder.call(entry, routine, operands, parameters);
    if (workspace)
      builder.withWorkspace(entry, workspace);
    program = std::make_unique<Program>(builder.write(folder / "routine.glyph"));
    resultShape = shapes.back();
  }

  Array run(Session &session, int64_t batch, const std::vector<Array> &inputs) {
    for (size_t i = 0; i < inputs.size(); ++i)
      session.setInput("call", std::to_string(i), inputs[i].values.data(), inputs[i].values.size());
    session.run("call", batch);
    Array result(shapeAt(resultShape, batch));
    session.getOutput("result", result.values.data(), result.values.size());
    return result;
  }

  TemporaryFolder folder;
  std::unique_ptr<Program> program;
  TestShape resultShape;
};

/// Both sum the same products in another order.
inline void expectClose(const Array &found, const Array &expected, const std::string &what) {
  ASSERT_EQ(found.shape, expected.shape) << what;
  float scale = 0;
  for (float value : expected.values)
    scale = std::max(scale, std::abs(value));
  for (size_t i = 0; i < found.values.size(); ++i)
    ASSERT_NEAR(found.values[i], expected.values[i], 2e-6f * scale + 1e-7f) << what << " at " << i;
}

} // namespace glyptic
