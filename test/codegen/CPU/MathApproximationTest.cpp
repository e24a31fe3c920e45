//===- MathApproximationTest.cpp - How far polynomials are off --===//
//
// The functions as compiled for this machine, on floats spread evenly over all bit patterns and on special values, against
// the C library in double precision.
//
//===----------------------------------------------------------------------===//
#include "compiler/Pipeline/Registration.h"
#include "test/codegen/RegionRunner.h"
#include "mlir/Parser/Parser.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

using namespace mlir;
using namespace glyptic;
using namespace glyptic::test;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kSmallest = std::numeric_limits<float>::min();

std::vector<float> makeArguments() {
  std::vector<float> arguments = {0.0f, -0.0f, kInfinity, -kInfinity, 88.72f, 88.73f, -87.33f, -87.34f, -1e30f, 3.85f};
  for (uint64_t bits = 0; bits < uint64_t(1) << 32; bits += 4001) {
    auto word = static_cast<uint32_t>(bits);
    float value;
    std::memcpy(&value, &word, sizeof(value));
    if (std::isfinite(value))
      arguments.push_back(value);
  }
  return arguments;
}

class MathApproximation : public testing::Test {
protected:
  MathApproximation() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  std::vector<float> run(const std::string &op, const std::vector<float> &arguments) {
    std::string type = "tensor<" + std::to_string(arguments.size()) + "xf32>";
    std::string text = "func.func @f(%x: " + type + ") -> " + type + " { %r = graph.region (%x) { ^bb0(%a: " + type +
                       "): %y = " + op + " %a : " + type + " graph.yield %y : " + type + " } : (" + type + ") -> " +
                       type + " return %r : " + type + " }";
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(bool(module));
    graph::RegionOp region;
    module->walk([&](graph::RegionOp op) { region = op; });
    RegionRunner runner(*module);
    EXPECT_EQ(runner.getError(), "");
    auto *bytes = reinterpret_cast<const char *>(arguments.data());
    Bytes result = runner.run(region, {Bytes(bytes, bytes + arguments.size() * sizeof(float))}, 1).front();
    std::vector<float> values(arguments.size());
    std::memcpy(values.data(), result.data(), result.size());
    return values;
  }

  /// The largest error in units of the last place of normal results; of smaller ones nothing need be left, and infinity
  /// must be infinity.
  double getError(const std::string &op, double (*function)(double)) {
    std::vector<float> arguments = makeArguments(), values = run(op, arguments);
    double largest = 0;
    for (auto [x, y] : llvm::zip_equal(arguments, values)) {
      double exact = function(x);
      auto rounded = static_cast<float>(exact);
      float magnitude = std::abs(rounded);
      if (magnitude >= kSmallest && std::isfinite(rounded))
        largest = std::max(largest, std::abs(y - exact) / (std::nextafter(magnitude, kInfinity) - magnitude));
      else if (y != rounded && std::abs(y) > kSmallest)
        ADD_FAILURE() << op << " of " << x << " is " << y << ", not " << rounded;
    }
    return largest;
  }

  MLIRContext context;
};

TEST_F(MathApproximation, Exponential) { EXPECT_LT(getError("graph.exp", std::exp), 1.1); }

TEST_F(MathApproximation, ErrorFunction) { EXPECT_LT(getError("graph.erf", std::erf), 5); }

TEST_F(MathApproximation, KeepsNaN) {
  for (const char *op : {"graph.exp", "graph.erf"})
    EXPECT_TRUE(std::isnan(run(op, {1, std::numeric_limits<float>::quiet_NaN()})[1])) << op;
}

} // namespace
