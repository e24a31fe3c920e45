//===- Export.cpp - The trained model as ONNX ---------------------------------===//
#include "compiler/Export/Export.h"
#include "compiler/Export/InferenceForm.h"
#include "compiler/Export/WireFormat.h"
#include "compiler/Import/Diagnostics.h"
#include "compiler/Import/ModelFile.h"
#include "compiler/Import/Tensors.h"
#include "support/File.h"
#include "support/Safetensors.h"

using namespace llvm;

namespace glyptic {

namespace {

/// Weights that training may change. Integer tensors never change, and a body shared by several calls of a function
/// has one place in the file for all of them.
bool mayChange(const Weight &weight) { return isa<mlir::FloatType>(weight.type.getElementType()); }

/// Payloads of all weights, or nothing if one does not lie in `bytes` as it is in memory. Comparing the bytes catches
/// every way in which a file may say the same thing twice (a field that a later one overrides, for example).
std::optional<std::vector<ExportHole>> findHoles(StringRef bytes, ArrayRef<Weight> weights) {
  StringMap<Payload> payloads = findPayloads(bytes);
  std::vector<ExportHole> holes;
  for (const Weight &weight : weights) {
    if (!mayChange(weight))
      continue;
    auto payload = payloads.find(weight.name);
    if (payload == payloads.end()) {
      if (weight.role == role::Parameter)
        return std::nullopt;
      continue;
    }
    Payload at = payload->second;
    if (at.size != weight.bytes.size() || bytes.substr(at.offset, at.size) != StringRef(weight.bytes.data(), at.size))
      return std::nullopt;
    holes.push_back({weight.name, at.offset, at.size});
  }
  llvm::sort(holes, [](const ExportHole &a, const ExportHole &b) { return a.offset < b.offset; });
  return holes;
}

bool isExternal(const onnx::TensorProto &tensor) { return tensor.data_location() == onnx::TensorProto::EXTERNAL; }

/// Replaces the form of a tensor's elements by plain bytes.
void storeInline(onnx::TensorProto &tensor, ArrayRef<char> bytes) {
  tensor.clear_float_data();
  tensor.clear_int32_data();
  tensor.clear_int64_data();
  tensor.clear_double_data();
  tensor.clear_uint64_data();
  tensor.clear_external_data();
  tensor.clear_data_location();
  tensor.set_raw_data(bytes.data(), bytes.size());
}

/// External data is taken into the model, for the trained one may lie in another folder; so are parameters in a form
/// that cannot be patched.
class Rewriter {
public:
  Rewriter(mlir::MLIRContext &context, const ImportedModel &model, bool inferenceForm)
      : model(model), context(context), inferenceForm(inferenceForm) {
    for (const Weight &weight : model.weights)
      weights[weight.name] = &weight;
  }

  Expected<std::string> run() {
    onnx::ModelProto proto = model.file->proto;
    for (onnx::TensorProto &tensor : *proto.mutable_graph()->mutable_initializer())
      if (llvm::Error error = rewrite(tensor, tensor.name()))
        return std::move(error);
    for (onnx::NodeProto &node : *proto.mutable_graph()->mutable_node())
      for (onnx::AttributeProto &attribute : *node.mutable_attribute())
        if (attribute.has_t())
          if (llvm::Error error = rewrite(*attribute.mutable_t(), node.output_size() ? node.output(0) : ""))
            return std::move(error);
    if (inferenceForm)
      if (llvm::Error error = takeInferenceForm(proto))
        return makeFileError(model.file->path, toString(std::move(error)), ErrorCode::Unsupported);
    std::string bytes;
    if (proto.ByteSizeLong() > size_t(INT_MAX) || !proto.SerializeToString(&bytes))
      return makeFileError(model.file->path, "is larger than 2 GB with its external data, which one file cannot hold; "
                                             "exporting it is not supported");
    return bytes;
  }

private:
  llvm::Error rewrite(onnx::TensorProto &tensor, StringRef name) {
    const Weight *weight = weights.lookup(name);
    if (!isExternal(tensor) && !(weight && mayChange(*weight) && !tensor.has_raw_data()))
      return llvm::Error::success();
    Expected<TensorData> data = readTensor(context, *model.file, tensor);
    if (!data)
      return makeFileError(model.file->path, "tensor " + quote(name) + " " + toString(data.takeError()));
    storeInline(tensor, data->bytes);
    return llvm::Error::success();
  }

  const ImportedModel &model;
  mlir::MLIRContext &context;
  bool inferenceForm;
  StringMap<const Weight *> weights;
};

/// Runs what may throw an error of support/ (files, safetensors).
llvm::Error catchErrors(function_ref<llvm::Error()> action) {
  try {
    return action();
  } catch (const Error &error) {
    return makeError(error.code(), error.what());
  } catch (const std::exception &error) {
    return makeError(ErrorCode::Internal, error.what());
  }
}

} // namespace

Expected<ExportSkeleton> buildExportSkeleton(mlir::MLIRContext &context, const ImportedModel &model,
                                             bool inferenceForm) {
  ExportSkeleton skeleton;
  const ModelFile &file = *model.file;
  inferenceForm &= !model.trainingForm.empty();
  if (!file.isText && file.external.empty() && !inferenceForm) {
    skeleton.bytes = file.bytes->getBuffer();
    skeleton.owner = model.file;
    if (auto holes = findHoles(skeleton.bytes, model.weights)) {
      skeleton.holes = std::move(*holes);
      return skeleton;
    }
  }
  Expected<std::string> rewritten = Rewriter(context, model, inferenceForm).run();
  if (!rewritten)
    return rewritten.takeError();
  auto owner = std::make_shared<std::string>(std::move(*rewritten));
  skeleton.bytes = *owner;
  skeleton.owner = owner;
  auto holes = findHoles(skeleton.bytes, model.weights);
  if (!holes)
    return makeFileError(file.path, "holds weights in a form that cannot be written back");
  skeleton.holes = std::move(*holes);
  return skeleton;
}

llvm::Error writeTrainedModel(mlir::MLIRContext &context, const ImportedModel &model, const StateLookup &state,
                              const std::string &path, bool inferenceForm) {
  Expected<ExportSkeleton> skeleton = buildExportSkeleton(context, model, inferenceForm);
  if (!skeleton)
    return skeleton.takeError();
  StringMap<const Weight *> weights;
  for (const Weight &weight : model.weights)
    weights[weight.name] = &weight;
  std::vector<std::pair<ExportHole, ArrayRef<char>>> fillings;
  for (const ExportHole &hole : skeleton->holes) {
    ArrayRef<char> bytes = state(hole.state);
    if (bytes.empty() && hole.size && weights.lookup(hole.state)->role == role::Parameter)
      return makeFileError(model.file->path, "the state lacks the parameter " + quote(hole.state),
                           ErrorCode::Argument);
    if (bytes.empty())
      continue;
    if (bytes.size() != hole.size)
      return makeFileError(model.file->path, "the state's " + quote(hole.state) + " has " + Twine(bytes.size()) +
                                                 " bytes, but the model's has " + Twine(hole.size),
                           ErrorCode::Argument);
    fillings.push_back({hole, bytes});
  }
  return catchErrors([&] {
    OutputFile out(path);
    uint64_t position = 0;
    for (const auto &[hole, bytes] : fillings) {
      out.write(skeleton->bytes.data() + position, hole.offset - position);
      out.write(bytes.data(), bytes.size());
      position = hole.offset + hole.size;
    }
    out.write(skeleton->bytes.data() + position, skeleton->bytes.size() - position);
    out.commit();
    return llvm::Error::success();
  });
}

static std::optional<DType> getStateType(mlir::Type type) {
  if (type.isF32())
    return DType::F32;
  if (type.isF64())
    return DType::F64;
  if (type.isF16())
    return DType::F16;
  if (type.isBF16())
    return DType::BF16;
  return std::nullopt; // integers are not trained
}

/// Shapes and types must agree, not only sizes: a transposed weight would be written without a word otherwise.
static llvm::Error checkState(const ImportedModel &model, const SafetensorsReader &state, StringRef statePath) {
  for (const Weight &weight : model.weights) {
    const SafetensorsEntry *entry = state.find(weight.name);
    std::optional<DType> type = getStateType(weight.type.getElementType());
    std::vector<int64_t> shape = weight.type.getShape().vec();
    if (entry && type && (entry->type != *type || entry->shape != shape))
      return makeFileError(statePath, quote(weight.name) + " is " + describe(entry->type, entry->shape) +
                                          ", but the model's is " + describe(*type, shape),
                           ErrorCode::Argument);
  }
  return llvm::Error::success();
}

llvm::Expected<std::string> exportModel(mlir::MLIRContext &context, const std::string &modelPath,
                                        const std::string &statePath, const std::string &outputPath,
                                        bool inferenceForm) {
  Expected<ImportedModel> model = importWeights(context, modelPath, {});
  if (!model)
    return model.takeError();
  llvm::Error error = catchErrors([&]() -> llvm::Error {
    if (statePath.empty()) {
      StringMap<ArrayRef<char>> own;
      for (const Weight &weight : model->weights)
        own[weight.name] = weight.bytes;
      auto lookup = [&](StringRef name) { return own.lookup(name); };
      return writeTrainedModel(context, *model, lookup, outputPath, inferenceForm);
    }
    MappedFile file(statePath);
    auto reader = withSubject(statePath, [&] { return SafetensorsReader(file.bytes()); });
    if (llvm::Error error = checkState(*model, reader, statePath))
      return error;
    auto lookup = [&](StringRef name) -> ArrayRef<char> {
      const SafetensorsEntry *entry = reader.find({name.data(), name.size()});
      return entry ? ArrayRef<char>(entry->data.data(), entry->data.size()) : ArrayRef<char>();
    };
    return writeTrainedModel(context, *model, lookup, outputPath, inferenceForm);
  });
  if (error)
    return std::move(error);
  return inferenceForm ? std::string() : model->trainingForm;
}

} // namespace glyptic
