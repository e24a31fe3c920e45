//===- Samples.h - Instances of every graph op, as data ---------*- C++ -*-===//
//
// The .mlir files beside this header hold functions, each an instance of one op (elementwise.mlir says how they are
// written). Tests walk them: derivatives, folding, compiled code against the interpreter.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/Pipeline/Registration.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/HostTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <random>
#include <string>
#include <vector>

namespace glyptic::test {

/// What `?` stands for in samples: not 1, so that nothing broadcasts by accident, and odd.
inline constexpr int64_t kSampleBatch = 3;

struct Sample {
  std::string op; ///< "graph.exp"
  mlir::func::FuncOp function;
};

/// Every sample of every family, in a context with all dialects. Reads nothing but the folder of this header.
class Samples {
public:
  Samples() : context(makeRegistry()) {
    context.allowUnregisteredDialects(); // sample.low, sample.high
    context.loadAllAvailableDialects();
    std::error_code error;
    std::vector<std::string> paths;
    for (llvm::sys::fs::directory_iterator file(GLYPTIC_SOURCE_DIR "/test/dialects/Graph/samples", error), end;
         file != end && !error; file.increment(error))
      if (llvm::sys::path::extension(file->path()) == ".mlir")
        paths.push_back(file->path());
    llvm::sort(paths);
    for (const std::string &path : paths)
      load(path);
  }

  mlir::MLIRContext &getContext() { return context; }
  const std::vector<Sample> &get() const { return samples; }
  /// Files that do not parse.
  const std::vector<std::string> &getBroken() const { return broken; }

private:
  static mlir::DialectRegistry makeRegistry() {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    return registry;
  }

  void load(const std::string &path) {
    modules.push_back(mlir::parseSourceFile<mlir::ModuleOp>(path, &context));
    if (!modules.back()) {
      broken.push_back(path);
      return;
    }
    for (auto function : modules.back()->getOps<mlir::func::FuncOp>())
      samples.push_back({"graph." + function.getName().split("__").first.str(), function});
  }

  mlir::MLIRContext context;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules;
  std::vector<Sample> samples;
  std::vector<std::string> broken;
};

/// Random arguments in the ranges that the sample asks for; the same in every run, and alike in both precisions.
class ArgumentMaker {
public:
  explicit ArgumentMaker(graph::HostPrecision precision) : precision(precision) {}

  graph::HostTensor make(mlir::RankedTensorType type, double low = -2, double high = 2) {
    graph::HostTensor tensor(type.getElementType(), graph::getShapeAt(type, kSampleBatch), precision);
    bool isFloat = mlir::isa<mlir::FloatType>(type.getElementType());
    for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
      double unit = (engine() >> 11) * 0x1p-53; // std's distributions differ between libraries
      tensor.set(i, isFloat ? low + unit * (high - low) : std::floor(low + unit * (high - low + 1)));
    }
    return tensor;
  }

  std::vector<graph::HostTensor> make(mlir::func::FuncOp function) {
    std::vector<graph::HostTensor> arguments;
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      arguments.push_back(make(mlir::cast<mlir::RankedTensorType>(function.getArgumentTypes()[i]),
                               getBound(function, i, "sample.low", -2), getBound(function, i, "sample.high", 2)));
    return arguments;
  }

private:
  static double getBound(mlir::func::FuncOp function, unsigned argument, llvm::StringRef name, double otherwise) {
    mlir::Attribute bound = function.getArgAttr(argument, name);
    if (auto number = mlir::dyn_cast_or_null<mlir::FloatAttr>(bound))
      return number.getValueAsDouble();
    if (auto number = mlir::dyn_cast_or_null<mlir::IntegerAttr>(bound))
      return number.getInt();
    return otherwise;
  }

  graph::HostPrecision precision;
  std::mt19937_64 engine{20};
};

} // namespace glyptic::test
