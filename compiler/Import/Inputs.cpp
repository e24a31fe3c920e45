//===- Inputs.cpp - Types of a model's inputs ---------------------------------===//
#include "compiler/Import/Inputs.h"
#include "compiler/Import/Diagnostics.h"
#include "compiler/Import/Tensors.h"
#include "dialects/Graph/BatchDims.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using glyptic::graph::Dim;

namespace glyptic {

namespace {

/// Exporters write an unknown size as a name, as -1, as 0 (never a useful size of an input) or not at all.
bool isDynamic(const onnx::TensorShapeProto::Dimension &dim) { return !dim.has_dim_value() || dim.dim_value() <= 0; }

class InputCollector {
public:
  InputCollector(mlir::MLIRContext &context, const ModelFile &file, const CompileOptions &options)
      : context(context), file(file), options(options) {
    for (const onnx::TensorProto &tensor : file.proto.graph().initializer())
      weights.insert(tensor.name());
    for (const onnx::ValueInfoProto &input : file.proto.graph().input()) {
      const auto &shape = input.type().tensor_type().shape();
      if (batchName.empty() && !weights.contains(input.name()) && shape.dim_size() && isDynamic(shape.dim(0)))
        batchName = shape.dim(0).dim_param();
    }
  }

  Expected<std::vector<ModelInput>> run() {
    std::vector<ModelInput> inputs;
    for (const onnx::ValueInfoProto &input : file.proto.graph().input()) {
      if (weights.contains(input.name()))
        continue;
      if (!input.type().has_tensor_type())
        return fail(input, "is not a tensor, which is not supported");
      int32_t dataType = input.type().tensor_type().elem_type();
      mlir::Type elementType = getElementType(context, dataType);
      if (!elementType)
        return fail(input, "has the element type " + getDataTypeName(dataType) +
                               ", which is not supported; convert it to float, int64 or bool");
      Expected<SmallVector<Dim>> dims = getDims(input);
      if (!dims)
        return dims.takeError();
      inputs.push_back({input.name(), graph::getTensorType(*dims, elementType)});
    }
    for (const auto &shape : options.shapes)
      if (none_of(inputs, [&](const ModelInput &input) { return input.name == shape.first; }))
        return makeFileError(file.path, "--shape names " + quote(shape.first) + ", which is not an input; inputs are " +
                                            join(map_range(inputs, [](auto &i) { return quote(i.name); }), ", "),
                             ErrorCode::Argument);
    return inputs;
  }

private:
  llvm::Error fail(const onnx::ValueInfoProto &input, const Twine &message) {
    return makeFileError(file.path, "input " + quote(input.name()) + " " + message);
  }

  Expected<SmallVector<Dim>> getDims(const onnx::ValueInfoProto &input) {
    bool hasShape = input.type().tensor_type().has_shape();
    const auto &shape = input.type().tensor_type().shape();
    SmallVector<Dim> dims;
    if (auto fixed = options.shapes.find(input.name()); fixed != options.shapes.end()) {
      if (hasShape && fixed->second.size() != size_t(shape.dim_size()))
        return fail(input, "has " + Twine(shape.dim_size()) + " dimensions, but --shape gives " +
                               Twine(fixed->second.size()));
      for (int64_t size : fixed->second)
        dims.push_back(size < 0 ? Dim{1, true} : Dim{size, false});
    } else if (!hasShape) {
      return fail(input, "has no shape; give it with --shape " + escape(input.name()) + "=N,...");
    } else {
      for (int i = 0; i < shape.dim_size(); ++i) {
        const auto &dim = shape.dim(i);
        bool isBatch = i == 0 || (!batchName.empty() && dim.dim_param() == batchName);
        if (isDynamic(dim) && !isBatch)
          return fail(input, describe(dim, i) + ", which must be fixed: " + suggestShape(input));
        dims.push_back(isDynamic(dim) ? Dim{1, true} : Dim{dim.dim_value(), false});
      }
    }
    if (!graph::isCountable(dims))
      return fail(input, "has more elements than any machine holds");
    if (count_if(dims, [](Dim dim) { return dim.batched; }) > 1)
      return fail(input, "has the batch in two dimensions; fix one of them: " + suggestShape(input));
    return dims;
  }

  static std::string describe(const onnx::TensorShapeProto::Dimension &dim, int i) {
    if (dim.has_dim_value() && dim.dim_value() == 0)
      return ("has the size 0 in dimension " + Twine(i) + ", as some exporters write where they know none").str();
    std::string name = dim.dim_param().empty() ? "" : " (" + quote(dim.dim_param()) + ")";
    return ("has the dynamic dimension " + Twine(i) + name).str();
  }

  /// `--shape x=N,3,H,W` with the sizes that are known filled in.
  std::string suggestShape(const onnx::ValueInfoProto &input) {
    std::string text = "--shape " + escape(input.name()) + "=";
    const auto &shape = input.type().tensor_type().shape();
    for (int i = 0; i < shape.dim_size(); ++i)
      text += (i ? "," : "") + (!isDynamic(shape.dim(i)) ? std::to_string(shape.dim(i).dim_value()) : i ? "?" : "N");
    return text;
  }

  mlir::MLIRContext &context;
  const ModelFile &file;
  const CompileOptions &options;
  StringSet<> weights;
  std::string batchName;
};

} // namespace

Expected<std::vector<ModelInput>> collectInputs(mlir::MLIRContext &context, const ModelFile &file,
                                                const CompileOptions &options) {
  return InputCollector(context, file, options).run();
}

} // namespace glyptic
