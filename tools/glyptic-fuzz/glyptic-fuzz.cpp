//===- glyptic-fuzz.cpp - Damaged models must give named errors ---------------===//
//
// Imports damaged copies of a model. Each must be imported or refused with an error that names the file, within a
// second of work; whatever else happens, a crash above all, is a defect. The seed that is printed reproduces it.
//
//===----------------------------------------------------------------------===//
#include "Mutator.h"
#include "compiler/Import/Import.h"
#include "compiler/Pipeline/Registration.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/raw_ostream.h"
#include <ctime>

using namespace llvm;
using namespace glyptic;

static cl::opt<std::string> modelPath(cl::Positional, cl::desc("<model.onnx>"), cl::Required);
static cl::opt<uint64_t> firstSeed("seed", cl::desc("of the first copy"));
static cl::opt<uint64_t> copies("count", cl::desc("how many"), cl::init(100));
static cl::opt<std::string> keepPath("keep", cl::desc("leave the last copy in this file"), cl::value_desc("file"));

static constexpr double kMaxSeconds = 1.0;

/// What is wrong with how the copy at `path` was taken; empty if nothing is.
static std::string check(StringRef path, bool &isImported) {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  std::clock_t start = std::clock();
  Expected<ImportedModel> model = importOnnx(context, path, {});
  double seconds = double(std::clock() - start) / CLOCKS_PER_SEC;
  isImported = bool(model);
  std::string error = model ? "" : toString(model.takeError());
  if (seconds > kMaxSeconds)
    return "took " + std::to_string(seconds) + " seconds";
  if (!isImported && !StringRef(error).starts_with((path + ": ").str()))
    return "gave an error that does not name the file: " + error;
  if (StringRef(error).contains("defect of the compiler"))
    return error;
  return "";
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "Imports damaged copies of a model\n");
  auto buffer = MemoryBuffer::getFile(modelPath, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  SmallString<128> path(keepPath);
  if (!buffer || (path.empty() && sys::fs::createTemporaryFile("damaged", "onnx", path))) {
    errs() << "error: cannot read " << modelPath << " or write a copy\n";
    return 1;
  }
  Mutator mutator(std::string_view((*buffer)->getBufferStart(), (*buffer)->getBufferSize()));
  uint64_t imported = 0, faults = 0;
  for (uint64_t seed = firstSeed; seed < firstSeed + copies; ++seed) {
    PrettyStackTraceFormat trace("importing %s, damaged with --seed %llu", modelPath.c_str(), (unsigned long long)seed);
    std::error_code error;
    raw_fd_ostream(path, error) << mutator.mutate(seed);
    bool isImported = false;
    if (std::string fault = check(path, isImported); !fault.empty()) {
      errs() << "error: " << modelPath << ", damaged with --seed " << seed << ", " << fault << "\n";
      ++faults;
    }
    imported += isImported;
  }
  if (keepPath.empty())
    sys::fs::remove(path);
  outs() << copies << " damaged copies: " << imported << " imported, " << copies - imported - faults << " refused\n";
  return faults ? 1 : 0;
}
