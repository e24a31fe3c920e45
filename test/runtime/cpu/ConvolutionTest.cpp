//===- ConvolutionTest.cpp - Convolutions and gradients against plain loops -===//
#include "Convolutions.h"

using namespace glyptic;

namespace {

TEST(Convolution, AgreesWithPlainLoops) { checkRoutine(kConvolutionRoutines[0]); }
TEST(Convolution, InputGradientAgreesWithPlainLoops) { checkRoutine(kConvolutionRoutines[1]); }
TEST(Convolution, WeightGradientAgreesWithPlainLoops) { checkRoutine(kConvolutionRoutines[2]); }

TEST(Convolution, LayoutsMayDiffer) {
  // Input channels first, weight [kh, kw, in, out], output channels last.
  Convolution c{"", 3, 5, {6, 7}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}};
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
  Convolution c{"", 16, 32, {5, 5}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}};
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
  Convolution c = kConvolutions[1];
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
