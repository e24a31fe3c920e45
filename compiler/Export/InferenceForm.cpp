//===- InferenceForm.cpp - A file without training forms ----------------------===//
#include "compiler/Export/InferenceForm.h"
#include "compiler/Import/Diagnostics.h"
#include "compiler/Import/FileForm.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;

namespace glyptic {

namespace {

/// The nodes of the graph or of one of its functions.
class Scope {
public:
  Scope(google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, const OpsetVersions &opsets,
        google::protobuf::RepeatedPtrField<onnx::TensorProto> *initializers = nullptr)
      : nodes(nodes), initializers(initializers) {
    if (auto version = opsets.find(""); version != opsets.end())
      opset = version->second;
    if (initializers)
      for (const onnx::TensorProto &tensor : *initializers)
        stored.try_emplace(tensor.name(), &tensor);
    for (const onnx::NodeProto &node : nodes) {
      if (const onnx::TensorProto *tensor = getConstant(node); tensor && node.output_size())
        stored.try_emplace(node.output(0), tensor);
      for (const std::string &input : node.input())
        ++reads[input];
    }
  }

  /// Whatever runs the model sees that name.
  void keep(const std::string &name) { ++reads[name]; }

  llvm::Error run() {
    auto rules = llvm::map_to_vector(nodes, [this](const onnx::NodeProto &node) {
      const FormRule *rule = lookupFormRule(node);
      return rule && isTraining(*rule, node) ? rule : nullptr;
    });
    google::protobuf::RepeatedPtrField<onnx::NodeProto> turned;
    for (auto [node, rule] : llvm::zip_equal(nodes, rules)) {
      const onnx::NodeProto before = rule ? node : onnx::NodeProto();
      turned.Add()->Swap(&node);
      if (!rule)
        continue;
      strip(*rule, turned[turned.size() - 1]);
      if (llvm::Error error = handOn(*rule, before, turned))
        return error;
    }
    nodes.Swap(&turned);
    removeUnread();
    return llvm::Error::success();
  }

private:
  /// A function's node may have the form that a call asks for.
  bool isTraining(const FormRule &rule, const onnx::NodeProto &node) const {
    return rule.isTraining(node, opset, [this](StringRef name) { return stored.lookup(name); }) ||
           llvm::any_of(node.attribute(), [&](const onnx::AttributeProto &attribute) {
             return attribute.name() == rule.attribute && !attribute.ref_attr_name().empty();
           });
  }

  void strip(const FormRule &rule, onnx::NodeProto &node) {
    for (int i = rule.inputs; i < node.input_size(); ++i) {
      --reads[node.input(i)];
      dropped.insert(node.input(i));
    }
    node.mutable_input()->DeleteSubrange(std::min(rule.inputs, node.input_size()),
                                         std::max(0, node.input_size() - rule.inputs));
    node.mutable_output()->DeleteSubrange(std::min(rule.outputs, node.output_size()),
                                          std::max(0, node.output_size() - rule.outputs));
    auto &attributes = *node.mutable_attribute();
    attributes.erase(llvm::remove_if(attributes, [&](const auto &a) { return a.name() == rule.attribute; }),
                     attributes.end());
  }

  llvm::Error handOn(const FormRule &rule, const onnx::NodeProto &node,
                     google::protobuf::RepeatedPtrField<onnx::NodeProto> &turned) {
    for (int i = rule.outputs; i < node.output_size(); ++i) {
      if (node.output(i).empty() || !reads.lookup(node.output(i)))
        continue;
      auto from = llvm::find_if(rule.handedOn, [&](auto pair) { return pair.first == i; });
      if (from == rule.handedOn.end())
        return createStringError(describeNode(node, 0) + ": its output " + quote(node.output(i)) +
                                 " is read, which it has in training form only");
      onnx::NodeProto &identity = *turned.Add();
      identity.set_op_type("Identity");
      identity.set_name(node.output(i));
      identity.add_input(node.input(from->second));
      identity.add_output(node.output(i));
    }
    return llvm::Error::success();
  }

  /// What only said which form to take.
  void removeUnread() {
    auto isUnread = [&](const std::string &name) { return dropped.contains(name) && !reads.lookup(name); };
    nodes.erase(llvm::remove_if(nodes, [&](const auto &n) { return getConstant(n) && isUnread(n.output(0)); }),
                nodes.end());
    if (initializers)
      initializers->erase(llvm::remove_if(*initializers, [&](const auto &t) { return isUnread(t.name()); }),
                          initializers->end());
  }

  google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes;
  google::protobuf::RepeatedPtrField<onnx::TensorProto> *initializers;
  int64_t opset = 1;
  StringMap<const onnx::TensorProto *> stored; ///< as the file has it: nothing reads it once nodes are turned
  StringMap<int> reads;
  StringSet<> dropped;
};

} // namespace

llvm::Error takeInferenceForm(onnx::ModelProto &model) {
  onnx::GraphProto &graph = *model.mutable_graph();
  Scope main(*graph.mutable_node(), getOpsetVersions(model.opset_import()), graph.mutable_initializer());
  for (const auto *interface : {&graph.input(), &graph.output()})
    for (const onnx::ValueInfoProto &value : *interface)
      main.keep(value.name());
  if (llvm::Error error = main.run())
    return error;
  for (onnx::FunctionProto &function : *model.mutable_functions()) {
    Scope body(*function.mutable_node(), getOpsetVersions(function.opset_import()));
    for (const std::string &output : function.output())
      body.keep(output);
    if (llvm::Error error = body.run())
      return error;
  }
  return llvm::Error::success();
}

} // namespace glyptic
