//===- Weights.cpp - Which tensors of a model are state -----------------------===//
#include "compiler/Import/Weights.h"
#include "compiler/Globs.h"
#include "compiler/Import/Diagnostics.h"
#include "compiler/Import/Provenance.h"
#include "compiler/Import/ShapeValue.h"
#include "compiler/Import/Tensors.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using mlir::RankedTensorType;

namespace glyptic {

namespace {

using Kind = std::optional<std::pair<StringRef, std::string>>; // role and reason

/// Ops that hand a weight on to where it is used.
bool passesOn(StringRef op) {
  return is_contained({"Identity", "Cast", "CastLike", "Transpose", "Reshape", "Flatten", "Unsqueeze", "Squeeze"}, op);
}

bool isContraction(StringRef op) {
  return is_contained({"MatMul", "Gemm", "Conv", "ConvTranspose", "Einsum"}, op);
}

/// Operands that are weights by the meaning of the operator.
bool isWeightOperand(StringRef op, int slot) {
  if (op == "MatMul" || op == "Gemm" || op == "Einsum")
    return true;
  if (is_contained({"Conv", "ConvTranspose", "BatchNormalization", "LayerNormalization", "InstanceNormalization",
                    "GroupNormalization", "RMSNormalization"},
                   op))
    return slot == 1 || slot == 2;
  if (is_contained({"LSTM", "GRU", "RNN"}, op))
    return slot >= 1 && slot <= 3;
  return op == "PRelu" && slot == 1;
}

class Classifier {
public:
  explicit Classifier(const FlatGraph &graph) {
    for (const FlatNode &node : graph.nodes) {
      for (int i = 0; i < node.proto->input_size(); ++i)
        uses[node.proto->input(i)].push_back({&node, i});
      for (const std::string &output : node.proto->output())
        producers[output] = node.proto;
    }
  }

  /// Follows a tensor to the operators that use it.
  Kind classify(StringRef name, RankedTensorType type) const {
    SmallVector<StringRef> names{name};
    StringSet<> seen;
    while (!names.empty()) {
      StringRef current = names.pop_back_val();
      if (!seen.insert(current).second)
        continue;
      auto found = uses.find(current);
      if (found == uses.end())
        continue;
      for (auto [node, slot] : found->second) {
        if (Kind kind = classifyUse(*node, slot, type))
          return kind;
        if (slot == 0 && passesOn(node->proto->op_type()))
          names.append(node->proto->output().begin(), node->proto->output().end());
      }
    }
    return std::nullopt;
  }

private:
  Kind classifyUse(const FlatNode &node, int slot, RankedTensorType type) const {
    StringRef op = node.proto->op_type();
    auto parameter = [&](StringRef what) {
      return Kind({role::Parameter, (what + " of " + node.description).str()});
    };
    if (op == "BatchNormalization" && slot >= 3)
      return Kind({role::Buffer, "running statistics of " + node.description});
    if (isWeightOperand(op, slot))
      return parameter("weight");
    if (op == "Gather" && slot == 0 && type.getRank() >= 2)
      return parameter("embedding table");
    if ((op != "Add" && op != "Mul") || node.proto->input_size() != 2)
      return std::nullopt;
    const onnx::NodeProto *other = getSource(node.proto->input(1 - slot));
    if (!other)
      return std::nullopt;
    // More than one dimension means a mask or a table, except for what is added to an embedding.
    bool isVector = count_if(type.getShape(), [](int64_t size) { return size != 1; }) <= 1;
    if (op == "Mul" && isVector && isNormalized(*other))
      return parameter("scale");
    if (op == "Add" && isVector && (isContraction(other->op_type()) || isScaledNormalization(*other)))
      return parameter("bias");
    if (op == "Add" && other->op_type() == "Gather")
      return parameter("embedding");
    return std::nullopt;
  }

  /// The node that computes `name`, through those that only hand it on.
  const onnx::NodeProto *getSource(StringRef name) const {
    const onnx::NodeProto *node = producers.lookup(name);
    while (node && passesOn(node->op_type()) && node->input_size())
      node = producers.lookup(node->input(0));
    return node;
  }

  /// x / sqrt(..) or x * reciprocal(sqrt(..)): a normalisation written in pieces.
  bool isNormalized(const onnx::NodeProto &node) const {
    if (node.input_size() != 2)
      return false;
    if (node.op_type() == "Div") {
      const onnx::NodeProto *divisor = getSource(node.input(1));
      return divisor && divisor->op_type() == "Sqrt";
    }
    return node.op_type() == "Mul" && any_of(node.input(), [&](const std::string &input) {
             const onnx::NodeProto *factor = getSource(input);
             if (!factor || factor->op_type() != "Reciprocal")
               return false;
             const onnx::NodeProto *root = getSource(factor->input(0));
             return root && root->op_type() == "Sqrt";
           });
  }

  bool isScaledNormalization(const onnx::NodeProto &node) const {
    return node.op_type() == "Mul" && any_of(node.input(), [&](const std::string &input) {
             const onnx::NodeProto *source = getSource(input);
             return source && isNormalized(*source);
           });
  }

  StringMap<SmallVector<std::pair<const FlatNode *, int>>> uses;
  StringMap<const onnx::NodeProto *> producers;
};

class Collector {
public:
  Collector(mlir::MLIRContext &context, const ModelFile &file, const FlatGraph &graph, const CompileOptions &options)
      : context(context), file(file), classifier(graph), declaredRoles(collectDeclaredRoles(file.proto)),
        options(options) {}

  /// A tensor inside a function is one for all calls, so it cannot be trained.
  void add(StringRef name, const onnx::TensorProto &tensor, bool isInFunction = false) {
    Expected<TensorData> data = readTensor(context, file, tensor);
    if (!data) {
      tensors.unreadable.push_back({name.str(), llvm::toString(data.takeError())});
      return;
    }
    bool isFloat = isa<mlir::FloatType>(data->type.getElementType());
    auto [role, reason] = isInFunction ? std::pair<StringRef, std::string>(role::Buffer, "constant of a function")
                          : isFloat    ? getRole(name, data->type)
                                       : std::pair<StringRef, std::string>(role::Buffer, "not a floating-point tensor");
    bool isSmall = isFloat ? data->type.getNumElements() == 1 : data->type.getNumElements() <= kMaxShapeElements;
    if (isSmall && role != role::Parameter)
      tensors.constants.push_back({name.str(), getElements(data->type, data->bytes)});
    else
      tensors.weights.push_back({name.str(), data->type, data->bytes, role, reason});
  }

  ModelTensors tensors;

private:
  std::pair<StringRef, std::string> getRole(StringRef name, RankedTensorType type) const {
    if (options.training && matchesAny(options.training->train, name))
      return {role::Parameter, "trained on request"};
    if (auto declared = declaredRoles.find(name); declared != declaredRoles.end())
      return {declared->second, "the exporter says so"};
    if (Kind kind = classifier.classify(name, type))
      return *kind;
    return {role::Buffer, "not the weight, scale or bias of any operator"};
  }

  mlir::MLIRContext &context;
  const ModelFile &file;
  Classifier classifier;
  StringMap<StringRef> declaredRoles;
  const CompileOptions &options;
};

} // namespace

ModelTensors collectTensors(mlir::MLIRContext &context, const ModelFile &file, const FlatGraph &graph,
                            const CompileOptions &options) {
  Collector collector(context, file, graph, options);
  for (const onnx::TensorProto &tensor : file.proto.graph().initializer())
    collector.add(tensor.name(), tensor);
  for (const FlatNode &node : graph.nodes) {
    // Only a `value` is stored as a tensor; the other forms are small numbers, which the importer of Constant reads.
    if (node.proto->op_type() != "Constant" || node.proto->attribute_size() != 1 ||
        node.proto->attribute(0).name() != "value")
      continue;
    collector.add(node.proto->output(0), node.proto->attribute(0).t(), node.proto != node.caller);
  }
  return std::move(collector.tensors);
}

} // namespace glyptic
