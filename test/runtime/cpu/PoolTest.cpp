//===- PoolTest.cpp - Pooling and its gradient against plain loops --------===//
#include "RoutineFixture.h"

#include <limits>

using namespace glyptic;

namespace {

struct Case {
  const char *name;
  std::vector<int64_t> shape; ///< behind the batch
  std::vector<int64_t> window, strides, low, high, dilations;
};

const Case kCases[] = {
    {"2x2, channels last", {6, 8, 5}, {1, 2, 2, 1}, {1, 2, 2, 1}, {0, 0, 0, 0}, {0, 0, 0, 0}, {1, 1, 1, 1}},
    {"2x2, channels first", {5, 6, 8}, {1, 1, 2, 2}, {1, 1, 2, 2}, {0, 0, 0, 0}, {0, 0, 0, 0}, {1, 1, 1, 1}},
    {"3x3, overlapping, padded", {7, 9, 17}, {1, 3, 3, 1}, {1, 2, 2, 1}, {0, 1, 1, 0}, {0, 1, 1, 0}, {1, 1, 1, 1}},
    {"odd everything", {7, 9, 3}, {1, 3, 2, 1}, {1, 1, 3, 1}, {0, 2, 0, 0}, {0, 0, 1, 0}, {1, 1, 1, 1}},
    {"dilation", {9, 9, 4}, {1, 3, 2, 1}, {1, 1, 1, 1}, {0, 0, 0, 0}, {0, 0, 0, 0}, {1, 2, 3, 1}},
    {"over one dimension only", {5, 8, 3}, {1, 1, 2, 1}, {1, 1, 2, 1}, {0, 0, 0, 0}, {0, 0, 0, 0}, {1, 1, 1, 1}},
    {"over features", {6, 4}, {1, 3, 1}, {1, 3, 1}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}},
    {"sequence", {9, 4}, {1, 4, 1}, {1, 2, 1}, {0, 1, 0}, {0, 2, 0}, {1, 1, 1}},
    {"volume", {4, 5, 6, 3}, {1, 2, 3, 2, 1}, {1, 2, 1, 2, 1}, {0, 0, 1, 0, 0}, {0, 0, 1, 0, 0}, {1, 1, 1, 1, 1}},
    {"whole image", {5, 7, 6}, {1, 5, 7, 1}, {1, 1, 1, 1}, {0, 0, 0, 0}, {0, 0, 0, 0}, {1, 1, 1, 1}},
    {"nothing slides", {5, 6}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}},
};

TestShape inputShape(const Case &c) {
  TestShape shape = {samples()};
  shape.insert(shape.end(), c.shape.begin(), c.shape.end());
  return shape;
}

TestShape outputShape(const Case &c) {
  TestShape shape = {samples()};
  for (size_t i = 1; i < c.window.size(); ++i)
    shape.push_back((c.shape[i - 1] + c.low[i] + c.high[i] - c.dilations[i] * (c.window[i] - 1) - 1) / c.strides[i] +
                    1);
  return shape;
}

Parameters parametersOf(const Case &c, int64_t kind) {
  return {{"kind", {kind}},    {"window", c.window},  {"strides", c.strides},
          {"pads_low", c.low}, {"pads_high", c.high}, {"dilations", c.dilations}};
}

/// Calls visit(input index) for the elements of the window behind one output, in row-major order.
template <typename Visit>
void forEachTap(const Case &c, const std::vector<int64_t> &shape, const std::vector<int64_t> &output, Visit visit) {
  forEachIndex(c.window, [&](const std::vector<int64_t> &tap) {
    std::vector<int64_t> input(tap.size());
    for (size_t d = 0; d < tap.size(); ++d) {
      input[d] = output[d] * c.strides[d] + tap[d] * c.dilations[d] - c.low[d];
      if (input[d] < 0 || input[d] >= shape[d])
        return;
    }
    visit(input);
  });
}

double divisor(const Case &c, int64_t kind, int64_t taps) {
  int64_t all = std::accumulate(c.window.begin(), c.window.end(), int64_t(1), std::multiplies<>());
  return static_cast<double>(kind == 1 ? taps : all);
}

/// The result, and the gradient with respect to the input where `gradient` comes in.
std::pair<Array, Array> reference(const Case &c, int64_t kind, int64_t batch, Array &input, Array &gradient) {
  Array result(shapeAt(outputShape(c), batch)), back(input.shape);
  forEachIndex(result.shape, [&](const std::vector<int64_t> &at) {
    int64_t taps = 0;
    double sum = 0;
    float best = -std::numeric_limits<float>::infinity();
    std::vector<int64_t> where;
    forEachTap(c, input.shape, at, [&](const std::vector<int64_t> &from) {
      ++taps;
      sum += input.at(from);
      if (where.empty() || input.at(from) > best) {
        best = input.at(from);
        where = from;
      }
    });
    result.at(at) = kind == 0 ? best : static_cast<float>(sum / divisor(c, kind, taps));
    if (kind == 0)
      back.at(where) += gradient.at(at);
    else
      forEachTap(c, input.shape, at, [&](const std::vector<int64_t> &from) {
        back.at(from) += static_cast<float>(gradient.at(at) / divisor(c, kind, taps));
      });
  });
  return {result, back};
}

TEST(Pool, AgreesWithPlainLoops) {
  for (const Case &c : kCases)
    for (int64_t kind : {0, 1, 2}) {
      std::string what = std::string(c.name) + ", kind " + std::to_string(kind);
      SCOPED_TRACE(what);
      RoutineProgram pool("pool", {inputShape(c), outputShape(c)}, parametersOf(c, kind), 3);
      RoutineProgram back("pool_gradient", {inputShape(c), outputShape(c), inputShape(c)}, parametersOf(c, kind), 3);
      Session poolSession(*pool.program), backSession(*back.program);
      for (int64_t batch : {3, 1, 2}) {
        Array input = Array::random(shapeAt(inputShape(c), batch), 1),
              gradient = Array::random(shapeAt(outputShape(c), batch), 2);
        // Few distinct values: ties in every window, of which the first in row-major order wins.
        for (float &value : input.values)
          value = std::round(value * 2);
        auto [result, expected] = reference(c, kind, batch, input, gradient);
        expectClose(pool.run(poolSession, batch, {input}), result, what);
        expectClose(back.run(backSession, batch, {input, gradient}), expected, what + ", gradient");
      }
    }
}

TEST(Pool, PaddingNeverWins) {
  Case c{"", {4, 4, 16}, {1, 3, 3, 1}, {1, 2, 2, 1}, {0, 1, 1, 0}, {0, 1, 1, 0}, {1, 1, 1, 1}};
  RoutineProgram pool("pool", {inputShape(c), outputShape(c)}, parametersOf(c, 0), 1);
  Session session(*pool.program);
  Array input({1, 4, 4, 16});
  for (float &value : input.values)
    value = -1e30f;
  for (float value : pool.run(session, 1, {input}).values)
    EXPECT_EQ(value, -1e30f);
}

TEST(Pool, BadCallsAreRefusedOnLoading) {
  Case c = kCases[0];
  auto complaint = [&](auto change) {
    Parameters parameters = parametersOf(c, 0);
    change(parameters);
    return errorOf([&] { RoutineProgram("pool", {inputShape(c), outputShape(c)}, parameters, 3); });
  };
  EXPECT_EQ(complaint([](auto &) {}), "");
  EXPECT_NE(complaint([](auto &p) { p["kind"] = {3}; }).find("kind 3 is unknown"), std::string::npos);
  EXPECT_NE(complaint([](auto &p) { p["window"] = {1, 2, 2, 0}; }).find("shapes do not fit"), std::string::npos);
  EXPECT_NE(complaint([](auto &p) { p["window"] = {1, 2, 2}; }).find("has 3 values instead of 4"), std::string::npos);
}

} // namespace
