//===- InterpretModel.cpp - Runs an imported model ----------------------------===//
#include "InterpretModel.h"
#include "compiler/Interpreter/Interpreter.h"
#include "dialects/Graph/BatchDims.h"
#include "support/Npz.h"
#include "support/Error.h"
#include "mlir/IR/Diagnostics.h"
#include <cstring>

using namespace llvm;
using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

static llvm::Error fail(const Twine &message) { return createStringError(inconvertibleErrorCode(), message); }

static StringRef getName(DictionaryAttr attributes) { return attributes.getAs<StringAttr>(kNameAttr).getValue(); }

static std::optional<DType> getArrayType(Type type) {
  if (type.isF32())
    return DType::F32;
  if (type.isInteger(64))
    return DType::I64;
  if (type.isInteger(32))
    return DType::I32;
  if (type.isInteger(1))
    return DType::Bool;
  return std::nullopt;
}

static NpzArray makeArray(StringRef name, const HostTensor &tensor) {
  NpzArray array{name.str(), DType::F64, tensor.getShape().vec(), {}};
  array.bytes.resize(tensor.getNumElements() * sizeof(double));
  for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
    double value = tensor.at(i);
    std::memcpy(array.bytes.data() + i * sizeof(double), &value, sizeof(double));
  }
  return array;
}

/// The bytes of argument `index`: a weight of the model or an array of the user.
static Expected<HostTensor> getArgument(ImportedModel &model, func::FuncOp function, unsigned index,
                                        ArrayRef<NpzArray> arrays, int64_t &batch) {
  auto type = cast<RankedTensorType>(function.getArgumentTypes()[index]);
  if (index < model.weights.size()) {
    const Weight &weight = model.weights[index];
    return *HostTensor::fromElements(getElements(weight.type, weight.bytes), HostPrecision::F32);
  }
  StringRef name = getName(function.getArgAttrDict(index));
  const NpzArray *array = find_if(arrays, [&](const NpzArray &candidate) { return candidate.name == name; });
  if (array == arrays.end())
    return fail("there is no array " + quoteName(name.str()));
  if (int64_t dim = getBatchedDim(type); dim >= 0 && size_t(dim) < array->shape.size())
    batch = array->shape[dim] / getDim(type, dim).scale;
  if (getShapeAt(type, batch) != ArrayRef<int64_t>(array->shape) || getArrayType(type.getElementType()) != array->type)
    return fail("the array " + quoteName(name.str()) + " is " + describe(array->type, array->shape) +
                ", which the input is not");
  auto concrete = RankedTensorType::get(array->shape, type.getElementType());
  ArrayRef<char> bytes(reinterpret_cast<const char *>(array->bytes.data()), array->bytes.size());
  return *HostTensor::fromElements(getElements(concrete, bytes), HostPrecision::F32);
}

static llvm::Error run(ImportedModel &model, const std::string &inputPath, const std::string &outputPath) {
  auto function = model.module->lookupSymbol<func::FuncOp>(entry::Infer);
  std::vector<NpzArray> arrays = readNpz(inputPath);
  InterpreterOptions options;
  std::vector<HostTensor> arguments;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    Expected<HostTensor> argument = getArgument(model, function, i, arrays, options.batch);
    if (!argument)
      return argument.takeError();
    arguments.push_back(std::move(*argument));
  }
  std::string diagnostics;
  ScopedDiagnosticHandler handler(function.getContext(), [&](Diagnostic &diagnostic) {
    diagnostics += diagnostic.str() + "\n";
    return success();
  });
  auto results = interpret(function, arguments, options);
  if (failed(results))
    return fail(diagnostics);
  std::vector<NpzArray> outputs;
  for (auto [i, result] : llvm::enumerate(*results))
    outputs.push_back(makeArray(getName(function.getResultAttrDict(i)), result));
  writeNpz(outputPath, outputs);
  return llvm::Error::success();
}

llvm::Error interpretModel(ImportedModel &model, const std::string &inputPath, const std::string &outputPath) {
  try {
    return run(model, inputPath, outputPath);
  } catch (const std::exception &e) {
    return fail(e.what());
  }
}

} // namespace glyptic
