//===- glyptic-conformance.cpp - Many small models, interpreted and compiled --===//
//
//   glyptic-conformance FOLDER < names
//
// For each name on a line of its own, runs FOLDER/NAME.onnx on the arrays of FOLDER/NAME.in.npz: in the reference
// interpreter, to FOLDER/NAME.interpreted.npz; compiled, to FOLDER/NAME.compiled.npz; and checks its gradient. Prints a
// JSON object for each of the three. A process for each would cost more than the run.
//
//===----------------------------------------------------------------------===//
#include "CheckGradient.h"
#include "compiler/Compiler.h"
#include "compiler/Import/Import.h"
#include "compiler/Pipeline/Registration.h"
#include "glyptic/runtime.hpp"
#include "support/Convert.h"
#include "support/Npz.h"
#include "tools/glyptic-translate/InterpretModel.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <iostream>

using namespace glyptic;

namespace {

/// The suite's sizes are what its arrays have; a size of 0 would else count as unknown.
CompileOptions getOptions(const std::string &stem) {
  CompileOptions options;
  options.maxBatch = options.threads = 1;
  for (const NpzArray &array : readNpz(stem + ".in.npz"))
    options.shapes[array.name] = array.shape;
  return options;
}

template <typename Use> void withModel(const mlir::DialectRegistry &registry, const std::string &stem, Use use) {
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  llvm::Expected<ImportedModel> model = importOnnx(context, stem + ".onnx", getOptions(stem));
  if (llvm::Error error = model ? use(*model) : model.takeError())
    throw std::runtime_error(llvm::toString(std::move(error)));
}

/// Shapes are fixed, so an execution is one sample.
void runCompiled(const Program &program, const std::string &stem) {
  Session session(program, 1);
  std::vector<NpzArray> arrays = readNpz(stem + ".in.npz");
  for (const glyptic_tensor &input : program.inputs("infer")) {
    auto array = std::find_if(arrays.begin(), arrays.end(), [&](const NpzArray &a) { return a.name == input.name; });
    if (array == arrays.end())
      throw std::runtime_error(std::string("there is no array ") + input.name);
    if (DType(input.dtype) == DType::BF16)
      array->bytes = toBfloat16(reinterpret_cast<const float *>(array->bytes.data()), array->bytes.size() / 4);
    session.setInput("infer", input.name, array->bytes.data(), array->bytes.size());
  }
  session.run("infer", 1);
  std::vector<NpzArray> results;
  for (const glyptic_tensor &output : program.outputs("infer")) {
    NpzArray array{output.name, DType(output.dtype), {output.dims, output.dims + output.rank}, {}};
    array.bytes.resize(*tensorBytes(array.type, array.shape));
    session.getOutput(output.name, array.bytes.data(), array.bytes.size());
    if (array.type == DType::BF16) {
      array.bytes = fromBfloat16(array.bytes.data(), array.bytes.size() / 2);
      array.type = DType::F32;
    }
    results.push_back(std::move(array));
  }
  writeNpz(stem + ".compiled.npz", results);
}

void compile(Compiler &compiler, const std::string &stem) {
  const std::string glyph = stem + ".glyph";
  if (Outcome outcome = compiler.compile(stem + ".onnx", getOptions(stem), glyph); !outcome)
    throw std::runtime_error(outcome.message);
  runCompiled(Program(glyph), stem);
}

template <typename Run> void report(const std::string &name, const char *mode, Run run) {
  std::string error;
  try {
    run();
  } catch (const std::exception &exception) {
    error = exception.what();
  }
  llvm::json::Object object{{"case", name}, {"mode", mode}, {"error", llvm::json::fixUTF8(error)}};
  llvm::outs() << llvm::json::Value(std::move(object)) << "\n";
  llvm::outs().flush();
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  if (argc != 2) {
    llvm::errs() << "usage: glyptic-conformance FOLDER < names\n";
    return 2;
  }
  mlir::DialectRegistry registry;
  registerDialects(registry);
  std::unique_ptr<Compiler> compiler(glypticCreateCompiler(kCompilerInterface));
  for (std::string name; std::getline(std::cin, name);) {
    const std::string stem = std::string(argv[1]) + "/" + name;
    report(name, "interpreted", [&] {
      withModel(registry, stem, [&](ImportedModel &model) {
        return interpretModel(model, stem + ".in.npz", stem + ".interpreted.npz");
      });
    });
    report(name, "compiled", [&] { compile(*compiler, stem); });
    report(name, "gradient", [&] {
      withModel(registry, stem, [&](ImportedModel &model) { return checkGradient(model, stem + ".in.npz"); });
    });
  }
}
