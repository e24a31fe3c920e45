//===- glyptic-translate.cpp - Shows what the importer makes of a model -------===//
//
// A developer's tool, like glyptic-opt: prints the module and the weights of an ONNX file, runs it in
// the reference interpreter, and writes models as `glyptic new` and `glyptic export` do.
//
//===----------------------------------------------------------------------===//
#include "InterpretModel.h"
#include "codegen/CUDA/Shim.h"
#include "codegen/CUDA/Translate.h"
#include "compiler/Export/Export.h"
#include "compiler/Import/Import.h"
#include "compiler/Models/Models.h"
#include "compiler/Pipeline/Registration.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

using namespace llvm;
using namespace glyptic;

static cl::opt<std::string> importOnnxPath("import-onnx", cl::desc("print the module of an ONNX model"),
                                           cl::value_desc("file"));
static cl::opt<std::string> cudaPath("cuda", cl::desc("print the kernels of a file with gpu modules as CUDA C++"),
                                     cl::value_desc("mlir file"));
static cl::opt<bool> forShim("shim", cl::desc("with --cuda: print the program that runs the kernels on a host"));
static cl::opt<std::string> newModel("new", cl::desc("write a fresh model"), cl::value_desc("architecture"));
static cl::list<std::string> sizes("size", cl::desc("a size of the fresh model"), cl::value_desc("name=number"));
static cl::opt<uint64_t> seed("seed", cl::desc("of the fresh model's weights"));
static cl::opt<std::string> statePath("export-state", cl::desc("write the imported model with these weights"),
                                      cl::value_desc("safetensors file"));
static cl::opt<std::string> inputPath("interpret", cl::desc("run the imported model in the reference interpreter"),
                                      cl::value_desc("npz file"));
static cl::opt<std::string> outputPath("o", cl::desc("where to write a model or its outputs"), cl::value_desc("file"));
static cl::list<std::string> shapes("shape", cl::desc("fix an input's shape; N is the batch"),
                                    cl::value_desc("name=N,3,8,8"));
static cl::list<std::string> train("train", cl::desc("train weights that match"), cl::value_desc("glob"));
static cl::opt<bool> listWeights("weights", cl::desc("list the weights and why they are trained instead"));
static cl::opt<bool> listOperators("operators", cl::desc("list importers: domain, operator, first version"));
static cl::opt<bool> showLocations("locations", cl::desc("print the module with the names of its nodes"));

static CompileOptions makeOptions() {
  CompileOptions options;
  for (StringRef shape : shapes) {
    auto [name, sizes] = shape.split('=');
    for (StringRef size : split(sizes, ',')) {
      int64_t number = -1;
      (void)size.getAsInteger(10, number); // anything else is the batch
      options.shapes[name.str()].push_back(number);
    }
  }
  if (!train.empty())
    options.training.emplace().train = std::vector<std::string>(train.begin(), train.end());
  return options;
}

static llvm::Error printOperators() {
  for (const SupportedOperator &known : getSupportedOperators())
    outs() << (known.domain.empty() ? "ai.onnx" : known.domain) << " " << known.op << " " << known.sinceVersion << "\n";
  return llvm::Error::success();
}

static void printWeights(const ImportedModel &model) {
  for (const Weight &weight : model.weights)
    outs() << weight.name << ": " << weight.type << ", " << weight.bytes.size() << " bytes, " << weight.role << ": "
           << weight.reason << "\n";
}

static llvm::Error writeNew() {
  Sizes chosen;
  for (StringRef size : sizes) {
    auto [name, text] = size.split('=');
    int64_t number = 0;
    (void)text.getAsInteger(10, number); // 0 is refused below
    chosen[name.str()] = number;
  }
  return writeNewModel(newModel, chosen, seed, outputPath);
}

/// Diagnostics have told what is wrong.
static llvm::Error printCuda(mlir::MLIRContext &context) {
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(cudaPath, &context);
  if (!module)
    return createStringError(cudaPath + " cannot be read");
  std::string text;
  raw_string_ostream stream(text);
  for (auto kernels : module->getOps<mlir::gpu::GPUModuleOp>())
    if (failed(forShim ? codegen::cuda::printShimProgram(kernels, stream)
                       : codegen::cuda::translateToCuda(kernels, stream)))
      return createStringError(cudaPath + " has no counterpart in CUDA C++");
  outs() << text;
  return llvm::Error::success();
}

static llvm::Error printImported(mlir::MLIRContext &context) {
  Expected<ImportedModel> model = importOnnx(context, importOnnxPath, makeOptions());
  if (!model)
    return model.takeError();
  mlir::OpPrintingFlags flags;
  flags.enableDebugInfo(showLocations);
  if (!inputPath.empty())
    return interpretModel(*model, inputPath, outputPath);
  if (listWeights)
    printWeights(*model);
  else
    model->module->print(outs(), flags);
  return llvm::Error::success();
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "Glyptic's importer and exporter\n");
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry);
  llvm::Error error = listOperators        ? printOperators()
                      : !cudaPath.empty()  ? printCuda(context)
                      : !newModel.empty()  ? writeNew()
                      : !statePath.empty() ? exportModel(context, importOnnxPath, statePath, outputPath).takeError()
                                           : printImported(context);
  if (!error)
    return 0;
  errs() << "error: " << toString(std::move(error)) << "\n";
  return 1;
}
