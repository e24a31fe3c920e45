//===- TrainingProgram.h - Runs training programs in the interpreter-*- C++ -*-===//
#pragma once

#include "compiler/Interpreter/Interpreter.h"
#include "compiler/Pipeline/Registration.h"
#include "compiler/Training/Entry.h"
#include "compiler/Training/Training.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>
#include <map>
#include <random>

namespace glyptic::test {

using Tensors = std::map<std::string, graph::HostTensor>;

/// A program built from text of @infer, whose functions take and give tensors by name.
class Program {
public:
  Program(llvm::StringRef text, const TrainingOptions &options, graph::HostPrecision precision) : precision(precision) {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    // In FP64 the model's type is changed as well, or constants would be rounded to FP32.
    std::string source = text.str();
    if (precision == graph::HostPrecision::F64)
      for (size_t at; (at = source.find("f32")) != std::string::npos;)
        source.replace(at, 3, "f64");
    module = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
    built = module && succeeded(buildTraining(*module, options));
  }

  bool isBuilt() const { return built; }

  /// Runs a function on `tensors`; missing ones are zeros, as slots, counters and accumulators start. Returns its
  /// results.
  Tensors run(llvm::StringRef name, const Tensors &tensors, int64_t batch) {
    auto function = module->lookupSymbol<mlir::func::FuncOp>(name);
    std::vector<graph::HostTensor> arguments;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto found = tensors.find(getArgumentName(function, i).str());
      arguments.push_back(found != tensors.end() ? found->second : zeros(function.getArgumentTypes()[i], batch));
    }
    auto results = interpret(function, arguments, {batch, precision});
    EXPECT_TRUE(succeeded(results)) << name.str();
    Tensors named;
    for (unsigned i = 0; i < function.getNumResults() && succeeded(results); ++i)
      named.emplace(getResultName(function, i).str(), (*results)[i]);
    return named;
  }

  /// One execution of @step: its results, and `tensors` with the new state.
  Tensors advance(Tensors &tensors, int64_t batch) {
    Tensors results = run("step", tensors, batch);
    auto function = module->lookupSymbol<mlir::func::FuncOp>("step");
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (llvm::StringRef role = getResultRole(function, i); role != "metric" && role != "accumulator")
        if (std::string name = getResultName(function, i).str(); results.count(name))
          tensors.insert_or_assign(name, results.at(name));
    return results;
  }

  /// Random values for all arguments of @infer: normal, or integers in [0, `bound`).
  Tensors randomInputs(int64_t batch, int64_t bound = 3) {
    std::mt19937 random(1);
    std::normal_distribution<double> normal(0.0, 0.5);
    Tensors tensors;
    auto function = module->lookupSymbol<mlir::func::FuncOp>("evaluate");
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      graph::HostTensor tensor = zeros(function.getArgumentTypes()[i], batch);
      bool isInteger = tensor.getElementType().isInteger();
      for (int64_t j = 0; j < tensor.getNumElements(); ++j)
        tensor.set(j, isInteger ? double(random() % bound) : normal(random));
      tensors.emplace(getArgumentName(function, i).str(), std::move(tensor));
    }
    return tensors;
  }

private:
  graph::HostTensor zeros(mlir::Type type, int64_t batch) {
    auto tensor = mlir::cast<mlir::RankedTensorType>(type);
    return {tensor.getElementType(), graph::getShapeAt(tensor, batch), precision};
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  graph::HostPrecision precision;
  bool built = false;
};

/// Two layers and a softmax: [batch, 4] -> [batch, 3].
inline constexpr llvm::StringLiteral kMlp = R"(
  func.func @infer(%w1: tensor<4x5xf32> {graph.name = "w1", graph.role = "parameter"},
                   %b1: tensor<5xf32> {graph.name = "b1", graph.role = "parameter"},
                   %w2: tensor<5x3xf32> {graph.name = "w2", graph.role = "parameter"},
                   %x: tensor<?x4xf32> {graph.name = "x", graph.role = "input"})
      -> (tensor<?x3xf32> {graph.name = "y", graph.role = "output"}) {
    %0 = graph.dot_general %x, %w1 batch = [] x [] contracting = [1] x [0] : (tensor<?x4xf32>, tensor<4x5xf32>) -> tensor<?x5xf32>
    %1 = graph.broadcast %b1 dims = [1] : (tensor<5xf32>) -> tensor<?x5xf32>
    %2 = graph.add %0, %1 : tensor<?x5xf32>
    %3 = graph.tanh %2 : tensor<?x5xf32>
    %4 = graph.dot_general %3, %w2 batch = [] x [] contracting = [1] x [0] : (tensor<?x5xf32>, tensor<5x3xf32>) -> tensor<?x3xf32>
    %5 = graph.softmax %4 dims = [1] : tensor<?x3xf32>
    return %5 : tensor<?x3xf32>
  })";

} // namespace glyptic::test
