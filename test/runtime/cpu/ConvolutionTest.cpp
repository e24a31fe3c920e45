//===- ConvolutionTest.cpp - Convolutions and gradients against plain loops -===//
#include "RoutineFixture.h"

using namespace glyptic;

namespace {

struct Case {
  const char *name;
  int64_t inputs, outputs; ///< features
  std::vector<int64_t> space, kernel;
  std::vector<int64_t> strides, low, high, dilations;
  int64_t groups = 1;
  bool channelsLast = true;
};

std::vector<int64_t> outputSpace(const Case &c) {
  std::vector<int64_t> out;
  for (size_t i = 0; i < c.space.size(); ++i)
    out.push_back((c.space[i] + c.low[i] + c.high[i] - c.dilations[i] * (c.kernel[i] - 1) - 1) / c.strides[i] + 1);
  return out;
}

/// {batch or output feature, feature, space...} as positions in memory.
std::vector<int64_t> dimNumbers(const Case &c) {
  auto rank = static_cast<int64_t>(c.space.size()) + 2;
  std::vector<int64_t> dims = {0, c.channelsLast ? rank - 1 : 1};
  for (int64_t i = 0; i + 2 < rank; ++i)
    dims.push_back(c.channelsLast ? i + 1 : i + 2);
  return dims;
}

TestShape arrange(const Case &c, TestDim first, int64_t feature, const std::vector<int64_t> &space) {
  TestShape shape(space.size() + 2, TestDim(0));
  std::vector<int64_t> dims = dimNumbers(c);
  shape[dims[0]] = first;
  shape[dims[1]] = feature;
  for (size_t i = 0; i < space.size(); ++i)
    shape[dims[i + 2]] = space[i];
  return shape;
}

struct Shapes {
  TestShape input, weight, output;
};

Shapes shapesOf(const Case &c) {
  return {arrange(c, samples(), c.inputs, c.space), arrange(c, c.outputs, c.inputs / c.groups, c.kernel),
          arrange(c, samples(), c.outputs, outputSpace(c))};
}

Parameters parametersOf(const Case &c) {
  std::vector<int64_t> dims = dimNumbers(c);
  return {{"input_dims", dims}, {"weight_dims", dims}, {"output_dims", dims},      {"strides", c.strides},
          {"pads_low", c.low},  {"pads_high", c.high}, {"dilations", c.dilations}, {"groups", {c.groups}}};
}

std::vector<int64_t> place(const Case &c, int64_t first, int64_t feature, const std::vector<int64_t> &space) {
  std::vector<int64_t> index;
  for (const TestDim &dim : arrange(c, first, feature, space))
    index.push_back(dim.scale);
  return index;
}

/// Calls visit(input index, weight index, output index) for every product of the convolution.
template <typename Visit> void forEachProduct(const Case &c, int64_t batch, Visit visit) {
  std::vector<int64_t> out = outputSpace(c), loop = {batch, c.outputs, c.inputs / c.groups};
  loop.insert(loop.end(), out.begin(), out.end());
  loop.insert(loop.end(), c.kernel.begin(), c.kernel.end());
  size_t rank = out.size();
  forEachIndex(loop, [&](const std::vector<int64_t> &i) {
    std::vector<int64_t> at(i.begin() + 3, i.begin() + 3 + rank), tap(i.begin() + 3 + rank, i.end()), from(rank);
    for (size_t d = 0; d < rank; ++d) {
      from[d] = at[d] * c.strides[d] + tap[d] * c.dilations[d] - c.low[d];
      if (from[d] < 0 || from[d] >= c.space[d])
        return;
    }
    int64_t group = i[1] / (c.outputs / c.groups);
    visit(place(c, i[0], group * (c.inputs / c.groups) + i[2], from), place(c, i[1], i[2], tap),
          place(c, i[0], i[1], at));
  });
}

const Case kCases[] = {
    {"1x1", 5, 7, {4, 6}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {1, 1}},
    {"3x3, odd sizes", 3, 7, {5, 9}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
    {"3x3, wide", 16, 32, {5, 5}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
    {"3x3, wide, channels first", 16, 32, {5, 5}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 1, false},
    {"one feature", 1, 6, {8, 8}, {5, 5}, {1, 1}, {2, 2}, {2, 2}, {1, 1}},
    {"one feature, channels first", 1, 6, {8, 8}, {5, 5}, {1, 1}, {2, 2}, {2, 2}, {1, 1}, 1, false},
    {"odd features, channels first", 3, 7, {5, 9}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 1, false},
    {"strides that do not divide", 4, 5, {8, 7}, {3, 2}, {2, 3}, {1, 0}, {0, 1}, {1, 1}},
    {"stem", 3, 16, {9, 9}, {7, 7}, {2, 2}, {3, 3}, {3, 3}, {1, 1}},
    {"dilation", 4, 5, {9, 11}, {3, 3}, {1, 1}, {2, 0}, {2, 3}, {2, 3}},
    {"groups", 6, 4, {5, 5}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 2},
    {"groups, channels first", 6, 4, {5, 5}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 2, false},
    {"depthwise", 24, 24, {6, 6}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, 24},
    {"sequence", 5, 7, {13}, {4}, {2}, {1}, {2}, {1}},
    {"volume", 2, 3, {4, 5, 6}, {2, 3, 2}, {1, 2, 1}, {0, 1, 1}, {1, 1, 0}, {1, 1, 1}},
};

struct Gradient {
  const char *routine;
  TestShape Shapes::*first, Shapes::*second, Shapes::*result;
};

/// The convolution is linear in each tensor, so one loop serves all three: what differs is which tensor collects.
void checkRoutine(const Gradient &routine) {
  for (const Case &c : kCases) {
    Shapes shapes = shapesOf(c);
    RoutineProgram program(routine.routine, {shapes.*routine.first, shapes.*routine.second, shapes.*routine.result},
                           parametersOf(c), 4);
    Session session(*program.program);
    for (int64_t batch : {4, 1, 3}) {
      Array first = Array::random(shapeAt(shapes.*routine.first, batch), 1),
            second = Array::random(shapeAt(shapes.*routine.second, batch), 2);
      Array expected(shapeAt(shapes.*routine.result, batch));
      std::vector<double> sums(expected.values.size());
      auto offset = [](Array &array, const std::vector<int64_t> &index) {
        return &array.at(index) - array.values.data();
      };
      forEachProduct(c, batch,
                     [&](const std::vector<int64_t> &input, const std::vector<int64_t> &weight,
                         const std::vector<int64_t> &output) {
                       auto index = [&](TestShape Shapes::*which) {
                         return which == &Shapes::input ? input : which == &Shapes::weight ? weight : output;
                       };
                       sums[offset(expected, index(routine.result))] +=
                           double(first.at(index(routine.first))) * second.at(index(routine.second));
                     });
      for (size_t i = 0; i < sums.size(); ++i)
        expected.values[i] = static_cast<float>(sums[i]);
      Array found = program.run(session, batch, {first, second});
      expectClose(found, expected, std::string(c.name) + ", batch " + std::to_string(batch));
    }
  }
}

TEST(Convolution, AgreesWithPlainLoops) {
  checkRoutine({"convolution", &Shapes::input, &Shapes::weight, &Shapes::output});
}

TEST(Convolution, InputGradientAgreesWithPlainLoops) {
  checkRoutine({"convolution_input_gradient", &Shapes::output, &Shapes::weight, &Shapes::input});
}

TEST(Convolution, WeightGradientAgreesWithPlainLoops) {
  checkRoutine({"convolution_weight_gradient", &Shapes::input, &Shapes::output, &Shapes::weight});
}

TEST(Convolution, LayoutsMayDiffer) {
  // Input channels first, weight [kh, kw, in, out], output channels last.
  Case c{"", 3, 5, {6, 7}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}};
  Parameters parameters = parametersOf(c);
  parameters["input_dims"] = {0, 1, 2, 3};
  parameters["weight_dims"] = {3, 2, 0, 1};
  RoutineProgram program("convolution", {{samples(), 3, 6, 7}, {3, 3, 3, 5}, {samples(), 6, 7, 5}}, parameters, 2);
  Session session(*program.program);
  Array input = Array::random({2, 3, 6, 7}, 1), weight = Array::random({3, 3, 3, 5}, 2), expected({2, 6, 7, 5});
  forEachProduct(c, 2,
                 [&](const std::vector<int64_t> &i, const std::vector<int64_t> &w, const std::vector<int64_t> &o) {
                   expected.at(o) += input.at({i[0], i[3], i[1], i[2]}) * weight.at({w[1], w[2], w[3], w[0]});
                 });
  expectClose(program.run(session, 2, {input, weight}), expected, "");
}

/// A weight as state, of which the routine keeps a second copy: what the caller writes later must count.
TEST(Convolution, PackedWeightsFollowTheState) {
  Case c{"", 16, 32, {5, 5}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}};
  Shapes shapes = shapesOf(c);
  Parameters parameters = parametersOf(c);
  parameters["packed"] = {1};
  TemporaryFolder folder;
  GlyphBuilder builder(3);
  glyph::TensorT input = builder.work("x", DType::F32, shapes.input),
                 output = builder.work("y", DType::F32, shapes.output);
  const glyph::TensorT &weight = *builder.state("w", DType::F32, shapes.weight).tensor;
  glyph::EntryT &entry = builder.entry("call");
  GlyphBuilder::input(entry, input);
  GlyphBuilder::output(entry, output);
  GlyphBuilder::call(entry, "convolution", {&input, &weight, &output}, parameters);
  Program program(builder.write(folder / "packed.glyph"));
  Session session(program);
  for (unsigned seed : {1, 2, 3, 4}) {
    Array weights = Array::random(shapeAt(shapes.weight, 1), seed);
    if (seed == 3) { // from a file
      SafetensorsLayout layout({{"w", DType::F32, weights.shape}});
      std::string state;
      layout.write([&](std::string_view bytes) { state += bytes; },
                   [&](const SafetensorsEntry &) {
                     return std::string_view(reinterpret_cast<const char *>(weights.values.data()),
                                             weights.values.size() * sizeof(float));
                   });
      writeFile(folder / "state.safetensors", state);
      session.loadState(folder / "state.safetensors");
    } else {
      session.writeState("w", weights.values.data(), weights.values.size());
    }
    for (int64_t batch : {3, 1}) { // the second finds the copy that the first has made
      Array x = Array::random(shapeAt(shapes.input, batch), 10 + seed), expected(shapeAt(shapes.output, batch)),
            found(shapeAt(shapes.output, batch));
      forEachProduct(c, batch,
                     [&](const std::vector<int64_t> &i, const std::vector<int64_t> &w, const std::vector<int64_t> &o) {
                       expected.at(o) += x.at(i) * weights.at(w);
                     });
      session.setInput("call", "x", x.values.data(), x.values.size());
      session.run("call", batch);
      session.getOutput("y", found.values.data(), found.values.size());
      expectClose(found, expected, "weights " + std::to_string(seed) + ", batch " + std::to_string(batch));
    }
  }
}

TEST(Convolution, BadCallsAreRefusedOnLoading) {
  Case c = kCases[1];
  auto complaint = [&](auto change) {
    Parameters parameters = parametersOf(c);
    Shapes shapes = shapesOf(c);
    change(parameters, shapes);
    return errorOf([&] { RoutineProgram("convolution", {shapes.input, shapes.weight, shapes.output}, parameters, 4); });
  };
  EXPECT_EQ(complaint([](auto &, auto &) {}), "");
  EXPECT_NE(complaint([](auto &p, auto &) { p["strides"] = {1, 0}; }).find("must be positive"), std::string::npos);
  EXPECT_NE(complaint([](auto &p, auto &) { p["strides"] = {1}; }).find("'strides' has 1 values instead of 2"),
            std::string::npos);
  EXPECT_NE(complaint([](auto &p, auto &) { p["strides"] = {2, 1}; }).find("shapes do not fit"), std::string::npos);
  EXPECT_NE(complaint([](auto &p, auto &) { p["groups"] = {2}; }).find("shapes do not fit"), std::string::npos);
  EXPECT_NE(complaint([](auto &p, auto &) { p["pads_low"] = {-1, 1}; }).find("negative padding"), std::string::npos);
  EXPECT_NE(complaint([](auto &p, auto &) {
              p["input_dims"] = {0, 0, 1, 2};
            }).find("no permutation"),
            std::string::npos);
  EXPECT_NE(complaint([](auto &, auto &s) { s.weight[0].batched = true; }).find("weight depends on the batch"),
            std::string::npos);
  EXPECT_NE(complaint([](auto &, auto &s) { s.input[1].scale = int64_t(1) << 40; }).find("out of range"),
            std::string::npos);
}

} // namespace
