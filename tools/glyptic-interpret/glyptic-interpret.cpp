//===- glyptic-interpret.cpp - Runs a function of graph ops -----*- C++ -*-===//
//
//   glyptic-interpret model.mlir --batch=2 --arg=iota --arg='dense<[1.0, -1.0]>'
//
// Interprets @main (or another entry) and prints each result. An argument is `iota` (0, 1, 2, ... in row-major order)
// or an attribute as it would follow `graph.constant`, without its type: `dense<0.5>` fills the whole tensor.
//
//===----------------------------------------------------------------------===//
#include "compiler/Interpreter/Interpreter.h"
#include "compiler/Pipeline/Registration.h"
#include "dialects/Graph/GraphDialect.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include <cmath>

using namespace mlir;
using namespace glyptic;
using namespace glyptic::graph;
namespace cl = llvm::cl;

static cl::opt<std::string> inputPath(cl::Positional, cl::desc("<.mlir file>"), cl::init("-"));
static cl::opt<std::string> entry("entry", cl::desc("function to run"), cl::init("main"));
static cl::opt<int64_t> batch("batch", cl::desc("what ? stands for"), cl::init(1));
static cl::opt<bool> f64("f64", cl::desc("compute in FP64"));
static cl::list<std::string> arguments("arg", cl::desc("an argument: iota or dense<...>"));

static FailureOr<HostTensor> parseArgument(func::FuncOp function, unsigned index, StringRef text,
                                           const InterpreterOptions &options) {
  auto declared = dyn_cast<RankedTensorType>(function.getArgumentTypes()[index]);
  if (!declared)
    return function.emitError() << "argument " << index << " is no tensor";
  auto type = RankedTensorType::get(getShapeAt(declared, options.batch), declared.getElementType());
  if (text == "iota") {
    HostTensor tensor(type.getElementType(), type.getShape(), options.precision);
    for (int64_t i = 0; i < tensor.getNumElements(); ++i)
      tensor.set(i, i);
    tensor.wrap();
    return tensor;
  }
  auto elements = dyn_cast_or_null<ElementsAttr>(parseAttribute(text, function.getContext(), type));
  FailureOr<HostTensor> tensor = failure();
  if (elements && elements.getType() == type)
    tensor = HostTensor::fromElements(elements, options.precision);
  if (failed(tensor))
    return function.emitError() << "argument " << index << ": `" << text << "` is no value of type " << type;
  return tensor;
}

/// Nested lists, from element `first` on, of the dimensions from `dim` on.
static void printElements(llvm::raw_ostream &out, const HostTensor &tensor, int64_t dim, int64_t first) {
  if (dim == tensor.getRank()) {
    double value = tensor.at(first);
    out << llvm::format("%.9g", std::isnan(value) ? std::abs(value) : value); // a NaN's sign means nothing
    return;
  }
  out << "[";
  for (int64_t i = 0; i < tensor.getShape()[dim]; ++i) {
    out << (i == 0 ? "" : ", ");
    printElements(out, tensor, dim + 1, first + i * tensor.getStrides()[dim]);
  }
  out << "]";
}

static LogicalResult run(ModuleOp module) {
  InterpreterOptions options;
  options.batch = batch;
  options.precision = f64 ? HostPrecision::F64 : HostPrecision::F32;
  auto function = module.lookupSymbol<func::FuncOp>(entry);
  if (!function)
    return module.emitError() << "has no function @" << entry;
  if (arguments.size() != function.getNumArguments())
    return function.emitError() << "takes " << function.getNumArguments() << " arguments (--arg), but was given "
                                << arguments.size();
  std::vector<HostTensor> values;
  for (auto [i, text] : llvm::enumerate(arguments)) {
    FailureOr<HostTensor> value = parseArgument(function, i, text, options);
    if (failed(value))
      return failure();
    values.push_back(std::move(*value));
  }
  FailureOr<std::vector<HostTensor>> results = interpret(function, values, options);
  if (failed(results))
    return failure();
  for (const HostTensor &result : *results) {
    llvm::outs() << RankedTensorType::get(result.getShape(), result.getElementType()) << " ";
    printElements(llvm::outs(), result, 0, 0);
    llvm::outs() << "\n";
  }
  return success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "Glyptic's reference interpreter\n");
  if (batch < 1) {
    llvm::errs() << "error: a batch has at least one sample\n";
    return 1;
  }
  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(inputPath, sources, &context);
  return module && succeeded(run(*module)) ? 0 : 1;
}
