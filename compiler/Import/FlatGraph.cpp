//===- FlatGraph.cpp - The model's nodes with functions expanded --------------===//
#include "compiler/Import/FlatGraph.h"
#include "compiler/Import/Diagnostics.h"

using namespace llvm;

namespace glyptic {

static std::string makeKey(StringRef domain, StringRef name, StringRef overload) {
  const StringRef end("\0", 1); // no name has it, since names are one line of text
  return (normalizeDomain(domain) + end + name + end + overload).str();
}

FunctionTable::FunctionTable(const onnx::ModelProto &model) {
  for (const onnx::FunctionProto &function : model.functions())
    functions.try_emplace(makeKey(function.domain(), function.name(), function.overload()), &function);
}

const onnx::FunctionProto *FunctionTable::lookup(const onnx::NodeProto &node) const {
  return functions.lookup(makeKey(node.domain(), node.op_type(), node.overload()));
}

namespace {

/// The attribute of an instance: the call's value, or the function's default, where the body refers to a parameter.
const onnx::AttributeProto *resolveAttribute(const onnx::AttributeProto &attribute, const onnx::FunctionProto &function,
                                             const onnx::NodeProto &call) {
  if (attribute.ref_attr_name().empty())
    return &attribute;
  for (const onnx::AttributeProto &given : call.attribute())
    if (given.name() == attribute.ref_attr_name())
      return &given;
  for (const onnx::AttributeProto &initial : function.attribute_proto())
    if (initial.name() == attribute.ref_attr_name())
      return &initial;
  return nullptr;
}

class Flattener {
public:
  Flattener(const ModelFile &file, FlatGraph &graph) : functions(file.proto), graph(graph) {
    for (const onnx::FunctionProto &function : file.proto.functions())
      opsets[&function] = &graph.opsets.emplace_back(getOpsetVersions(function.opset_import()));
  }

  void add(const FlatNode &node) {
    const onnx::FunctionProto *function = functions.lookup(*node.proto);
    if (!function) {
      graph.nodes.push_back(node);
      return;
    }
    for (onnx::NodeProto &inner : instantiate(*function, *node.proto, graph.names))
      add({&graph.instances.emplace_back(std::move(inner)), node.caller, opsets.at(function), node.description});
  }

private:
  FunctionTable functions;
  std::map<const onnx::FunctionProto *, const OpsetVersions *> opsets;
  FlatGraph &graph;
};

} // namespace

std::vector<onnx::NodeProto> instantiate(const onnx::FunctionProto &function, const onnx::NodeProto &call,
                                         StringSet<> &taken) {
  StringMap<std::string> names;
  for (int i = 0; i < function.input_size(); ++i)
    names[function.input(i)] = i < call.input_size() ? call.input(i) : "";
  for (int i = 0; i < function.output_size(); ++i)
    if (i < call.output_size() && !call.output(i).empty())
      names[function.output(i)] = call.output(i);
  std::string prefix = (call.output_size() ? call.output(0) : call.name()) + "::";
  auto makeUnique = [&](std::string name) {
    while (!taken.insert(name).second)
      name += "'";
    return name;
  };
  auto rename = [&](std::string *name) {
    if (name->empty())
      return;
    auto [known, isNew] = names.try_emplace(*name);
    if (isNew)
      known->second = makeUnique(prefix + *name);
    *name = known->second;
  };

  std::vector<onnx::NodeProto> nodes;
  for (const onnx::NodeProto &inner : function.node()) {
    onnx::NodeProto &node = nodes.emplace_back(inner);
    for (std::string &name : *node.mutable_input())
      rename(&name);
    for (std::string &name : *node.mutable_output())
      rename(&name);
    node.clear_attribute();
    for (const onnx::AttributeProto &attribute : inner.attribute())
      if (const onnx::AttributeProto *value = resolveAttribute(attribute, function, call)) {
        onnx::AttributeProto *copy = node.add_attribute();
        *copy = *value;
        copy->set_name(attribute.name());
      }
  }
  return nodes;
}

FlatGraph flatten(const ModelFile &file) {
  FlatGraph graph;
  const OpsetVersions *opsets = &graph.opsets.emplace_back(getOpsetVersions(file.proto.opset_import()));
  const onnx::GraphProto &proto = file.proto.graph();
  for (const onnx::ValueInfoProto &input : proto.input())
    graph.names.insert(input.name());
  for (const onnx::TensorProto &tensor : proto.initializer())
    graph.names.insert(tensor.name());
  for (const onnx::NodeProto &node : proto.node()) {
    graph.names.insert(node.input().begin(), node.input().end()); // a name that nothing defines stays an error
    graph.names.insert(node.output().begin(), node.output().end());
  }
  Flattener flattener(file, graph);
  for (int64_t i = 0; i < proto.node_size(); ++i) {
    const onnx::NodeProto &node = proto.node(i);
    flattener.add({&node, &node, opsets, describeNode(node, i)});
  }
  return graph;
}

} // namespace glyptic
