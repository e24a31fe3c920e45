//===- InterpretModel.cpp - Runs an imported model ----------------------------===//
#include "InterpretModel.h"
#include "compiler/Interpreter/Interpreter.h"
#include "dialects/Graph/BatchDims.h"
#include "compiler/Glyph/Serialize.h"
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

/// NumPy's files know no BF16: such arrays are FP32, as `glyptic run` has it.
static DType getArrayType(Type type) { return type.isBF16() ? DType::F32 : *toDataType(type); }

/// The interpreter computes in its own precision; what leaves has the values of its declared type.
static NpzArray makeArray(StringRef name, const HostTensor &tensor) {
  auto make = [&](DType type, auto number) {
    using T = decltype(number);
    NpzArray array{name.str(), type, tensor.getShape().vec(), {}};
    array.bytes.resize(tensor.getNumElements() * sizeof(T));
    T *elements = reinterpret_cast<T *>(array.bytes.data());
    for (int64_t i = 0; i < tensor.getNumElements(); ++i)
      if constexpr (std::is_integral_v<T>)
        elements[i] = tensor.get<int64_t>()[i];
      else
        elements[i] = roundTo(cast<FloatType>(tensor.getElementType()), tensor.at(i));
    return array;
  };
  return isa<FloatType>(tensor.getElementType()) ? make(DType::F64, double()) : make(DType::I64, int64_t());
}

/// The bytes of argument `index`: a weight of the model or an array of the user.
static Expected<HostTensor> getArgument(ImportedModel &model, func::FuncOp function, unsigned index,
                                        ArrayRef<NpzArray> arrays, InterpreterOptions &options) {
  int64_t &batch = options.batch;
  auto type = cast<RankedTensorType>(function.getArgumentTypes()[index]);
  if (index < model.weights.size()) {
    const Weight &weight = model.weights[index];
    return *HostTensor::fromElements(getElements(weight.type, weight.bytes), options.precision);
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
  Type stored = type.getElementType().isBF16() ? Float32Type::get(type.getContext()) : type.getElementType();
  auto concrete = RankedTensorType::get(array->shape, stored);
  ArrayRef<char> bytes(reinterpret_cast<const char *>(array->bytes.data()), array->bytes.size());
  DenseElementsAttr elements = getElements(concrete, bytes);
  HostTensor tensor(type.getElementType(), array->shape, options.precision);
  tensor.getStorage() = HostTensor::fromElements(elements, options.precision)->getStorage();
  return tensor;
}

/// A program that computes anything in FP64 is interpreted in FP64.
static HostPrecision getPrecision(func::FuncOp function) {
  auto isF64 = [](Type type) { return getElementTypeOrSelf(type).isF64(); };
  bool hasF64 = function.walk([&](Operation *op) {
    return llvm::any_of(op->getOperandTypes(), isF64) ? WalkResult::interrupt() : WalkResult::advance();
  }).wasInterrupted();
  return hasF64 ? HostPrecision::F64 : HostPrecision::F32;
}

Expected<std::vector<HostTensor>> readArguments(ImportedModel &model, const std::string &inputPath,
                                                InterpreterOptions &options) {
  auto function = model.module->lookupSymbol<func::FuncOp>(entry::Infer);
  std::vector<HostTensor> arguments;
  try {
    std::vector<NpzArray> arrays = readNpz(inputPath);
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      Expected<HostTensor> argument = getArgument(model, function, i, arrays, options);
      if (!argument)
        return argument.takeError();
      arguments.push_back(std::move(*argument));
    }
  } catch (const std::exception &e) {
    return fail(e.what());
  }
  return arguments;
}

Expected<std::vector<HostTensor>> interpretFunction(func::FuncOp function, ArrayRef<HostTensor> arguments,
                                                    const InterpreterOptions &options) {
  std::string diagnostics;
  ScopedDiagnosticHandler handler(function.getContext(), [&](Diagnostic &diagnostic) {
    diagnostics += diagnostic.str() + "\n";
    return success();
  });
  auto results = interpret(function, arguments, options);
  if (failed(results))
    return fail(diagnostics);
  return std::move(*results);
}

llvm::Error interpretModel(ImportedModel &model, const std::string &inputPath, const std::string &outputPath) {
  auto function = model.module->lookupSymbol<func::FuncOp>(entry::Infer);
  InterpreterOptions options;
  options.precision = getPrecision(function);
  auto arguments = readArguments(model, inputPath, options);
  if (!arguments)
    return arguments.takeError();
  auto results = interpretFunction(function, *arguments, options);
  if (!results)
    return results.takeError();
  std::vector<NpzArray> outputs;
  for (auto [i, result] : llvm::enumerate(*results))
    outputs.push_back(makeArray(getName(function.getResultAttrDict(i)), result));
  try {
    writeNpz(outputPath, outputs);
  } catch (const std::exception &e) {
    return fail(e.what());
  }
  return llvm::Error::success();
}

} // namespace glyptic
