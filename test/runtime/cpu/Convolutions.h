//===- Convolutions.h - Convolutions for libraries to do --------*- C++ -*-===//
#pragma once

#include "test/runtime/cpu/RoutineFixture.h"

namespace glyptic {

struct Convolution {
  const char *name;
  int64_t inputs, outputs; ///< features
  std::vector<int64_t> space, kernel;
  std::vector<int64_t> strides, low, high, dilations;
  int64_t groups = 1;
  bool channelsLast = true;
};

inline std::vector<int64_t> outputSpace(const Convolution &c) {
  std::vector<int64_t> out;
  for (size_t i = 0; i < c.space.size(); ++i)
    out.push_back((c.space[i] + c.low[i] + c.high[i] - c.dilations[i] * (c.kernel[i] - 1) - 1) / c.strides[i] + 1);
  return out;
}

/// {batch or output feature, feature, space...} as positions in memory.
inline std::vector<int64_t> dimNumbers(const Convolution &c) {
  auto rank = static_cast<int64_t>(c.space.size()) + 2;
  std::vector<int64_t> dims = {0, c.channelsLast ? rank - 1 : 1};
  for (int64_t i = 0; i + 2 < rank; ++i)
    dims.push_back(c.channelsLast ? i + 1 : i + 2);
  return dims;
}

inline TestShape arrange(const Convolution &c, TestDim first, int64_t feature, const std::vector<int64_t> &space) {
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

inline Shapes shapesOf(const Convolution &c) {
  return {arrange(c, samples(), c.inputs, c.space), arrange(c, c.outputs, c.inputs / c.groups, c.kernel),
          arrange(c, samples(), c.outputs, outputSpace(c))};
}

inline Parameters parametersOf(const Convolution &c) {
  std::vector<int64_t> dims = dimNumbers(c);
  return {{"input_dims", dims}, {"weight_dims", dims}, {"output_dims", dims},      {"strides", c.strides},
          {"pads_low", c.low},  {"pads_high", c.high}, {"dilations", c.dilations}, {"groups", {c.groups}}};
}

inline std::vector<int64_t> place(const Convolution &c, int64_t first, int64_t feature,
                                  const std::vector<int64_t> &space) {
  std::vector<int64_t> index;
  for (const TestDim &dim : arrange(c, first, feature, space))
    index.push_back(dim.scale);
  return index;
}

/// Calls visit(input index, weight index, output index) for every product of the convolution.
template <typename Visit> void forEachProduct(const Convolution &c, int64_t batch, Visit visit) {
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

inline const Convolution kConvolutions[] = {
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

/// One of the three routines, and which tensor is which operand.
struct ConvolutionRoutine {
  const char *name;
  TestShape Shapes::*first, Shapes::*second, Shapes::*result;
};

/// The convolution is linear in each tensor, so one loop serves all three: what differs is which tensor collects.
inline void checkRoutine(const ConvolutionRoutine &routine, bool onGpu = false) {
  for (const Convolution &c : kConvolutions) {
    Shapes shapes = shapesOf(c);
    RoutineProgram program(routine.name, {shapes.*routine.first, shapes.*routine.second, shapes.*routine.result},
                           parametersOf(c), 4, onGpu ? 1024 : 0);
    Session session(*program.program, 1, onGpu ? "cuda" : "cpu");
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

inline const ConvolutionRoutine kConvolutionRoutines[] = {
    {"convolution", &Shapes::input, &Shapes::weight, &Shapes::output},
    {"convolution_input_gradient", &Shapes::output, &Shapes::weight, &Shapes::input},
    {"convolution_weight_gradient", &Shapes::input, &Shapes::output, &Shapes::weight},
};

} // namespace glyptic
