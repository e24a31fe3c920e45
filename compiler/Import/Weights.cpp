//===- Weights.cpp - Which tensors of a model are state -----------------------===//
#include "compiler/Import/Weights.h"
#include "compiler/Globs.h"
#include "compiler/Import/Diagnostics.h"
#include "compiler/Import/Provenance.h"
#include "compiler/Import/ShapeValue.h"
#include "compiler/Import/TensorUse.h"
#include "compiler/Import/Tensors.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;

namespace glyptic {

namespace {

/// Only a `value` is stored as a tensor; the other forms of Constant are small numbers, which its importer reads.
const onnx::TensorProto *getStoredTensor(const FlatNode &node) {
  const onnx::NodeProto &proto = *node.proto;
  bool isStored = proto.op_type() == "Constant" && normalizeDomain(proto.domain()).empty() && proto.output_size() &&
                  proto.attribute_size() == 1 && proto.attribute(0).name() == "value";
  return isStored ? &proto.attribute(0).t() : nullptr;
}

/// Graph inputs; those with an initializer of the same name are weights.
StringSet<> collectFed(const onnx::GraphProto &graph) {
  StringSet<> fed;
  for (const onnx::ValueInfoProto &input : graph.input())
    fed.insert(input.name());
  for (const onnx::TensorProto &tensor : graph.initializer())
    fed.erase(tensor.name());
  return fed;
}

/// Rows of sines and cosines of positions, in any order: the squares of each pair add up to 1.
bool holdsWaves(const TensorData &data) {
  const int64_t width = data.type.getRank() ? data.type.getShape().back() : 0;
  if (width == 0 || width % 2 || data.type.getNumElements() == width)
    return false;
  double squares = 0;
  int64_t column = 0;
  for (APFloat value : getElements(data.type, data.bytes).getValues<APFloat>()) {
    squares += value.convertToDouble() * value.convertToDouble();
    if (++column < width)
      continue;
    constexpr double kRounding = 1e-2; // of tables in BF16
    if (!(std::abs(squares / width - 0.5) < kRounding))
      return false;
    squares = column = 0;
  }
  return true;
}

StringMap<SmallVector<int64_t>> collectShapes(const ModelFile &file, const FlatGraph &graph) {
  StringMap<SmallVector<int64_t>> shapes;
  auto add = [&](StringRef name, const onnx::TensorProto &tensor) {
    bool isFloat = is_contained(
        {onnx::TensorProto::FLOAT, onnx::TensorProto::DOUBLE, onnx::TensorProto::FLOAT16, onnx::TensorProto::BFLOAT16},
        tensor.data_type());
    if (isFloat)
      shapes[name].assign(tensor.dims().begin(), tensor.dims().end());
  };
  for (const onnx::TensorProto &tensor : file.proto.graph().initializer())
    add(tensor.name(), tensor);
  for (const FlatNode &node : graph.nodes)
    if (const onnx::TensorProto *tensor = getStoredTensor(node))
      add(node.proto->output(0), *tensor);
  return shapes;
}

class Collector {
public:
  Collector(mlir::MLIRContext &context, const ModelFile &file, const FlatGraph &graph, const CompileOptions &options)
      : context(context), file(file), readers(graph, collectShapes(file, graph), collectFed(file.proto.graph())),
        declaredRoles(collectDeclaredRoles(file.proto)), options(options) {
    // PaddlePaddle keeps all weights in Constant nodes; who has initializers keeps a formula's numbers there.
    hasStoredWeights = any_of(file.proto.graph().initializer(), [&](const onnx::TensorProto &tensor) {
      return tensor.dims_size() > 1 && readers.classify(tensor.name()).use.kind == TensorUse::Learnt;
    });
  }

  /// A tensor inside a function is one for all calls, so it cannot be trained.
  void add(StringRef name, const onnx::TensorProto &tensor, const FlatNode *constant = nullptr) {
    Expected<TensorData> data = readTensor(context, file, tensor);
    if (!data) {
      tensors.unreadable.push_back({name.str(), llvm::toString(data.takeError())});
      return;
    }
    bool isFloat = isa<mlir::FloatType>(data->type.getElementType());
    Role known = constant && constant->proto != constant->caller
                     ? Role{role::Buffer, "constant of a function", !isFloat}
                 : isFloat ? getRole(name, *data, constant)
                           : Role{role::Buffer, "not a floating-point tensor", /*isShaping=*/true};
    // Scales may be joined from pieces: [1, 1] for batch and channels, then the factors.
    bool isPiece = data->type.getRank() == 1 && readers.isReadBy(name, {"Concat"});
    int64_t mostFolded = known.isShaping || isPiece ? kMaxShapeElements : 1;
    if (known.role != role::Parameter && data->type.getNumElements() <= mostFolded)
      tensors.constants.push_back({name.str(), getElements(data->type, data->bytes)});
    else
      tensors.weights.push_back({name.str(), data->type, data->bytes, known.role, known.reason, known.use, known.op});
  }

  ModelTensors tensors;

private:
  struct Role {
    StringRef role;
    std::string reason;
    bool isShaping = false; ///< it may say how large something is
    std::string use = {}, op = {};
  };

  Role getRole(StringRef name, const TensorData &data, bool isConstant) const {
    if (options.training && matchesAny(options.training->train, name))
      return {role::Parameter, "trained on request"};
    if (auto declared = declaredRoles.find(name); declared != declaredRoles.end())
      return {declared->second, "the exporter says so"};
    auto [node, use] = readers.classify(name);
    if (!node)
      return {role::Buffer, "not the weight, scale or bias of any operator"};
    if (use.kind == TensorUse::Learnt && isConstant && hasStoredWeights)
      return {role::Buffer, "a Constant node, where the file's weights are initializers"};
    if (use.mayBeTable && holdsWaves(data))
      return {role::Buffer, "sines and cosines, which a formula made"};
    return {use.kind == TensorUse::Learnt ? role::Parameter : role::Buffer,
            (use.what + " of " + node->description).str(), use.kind == TensorUse::Shaping, use.what.str(),
            getOrigin(*node->caller).op};
  }

  mlir::MLIRContext &context;
  const ModelFile &file;
  ReaderGraph readers;
  StringMap<StringRef> declaredRoles;
  bool hasStoredWeights;
  const CompileOptions &options;
};

} // namespace

ModelTensors collectTensors(mlir::MLIRContext &context, const ModelFile &file, const FlatGraph &graph,
                            const CompileOptions &options) {
  Collector collector(context, file, graph, options);
  for (const onnx::TensorProto &tensor : file.proto.graph().initializer())
    collector.add(tensor.name(), tensor);
  for (const FlatNode &node : graph.nodes)
    if (const onnx::TensorProto *tensor = getStoredTensor(node))
      collector.add(node.proto->output(0), *tensor, &node);
  return std::move(collector.tensors);
}

} // namespace glyptic
