//===- Provenance.cpp - What the exporter said of nodes and weights -----------===//
#include "compiler/Import/Provenance.h"
#include "compiler/Import/Diagnostics.h"

using namespace llvm;

namespace glyptic {

namespace {

/// Elements of a Python list of strings, as PyTorch's exporter writes it: ['', 'layers', 'layers.0'].
SmallVector<StringRef> splitPythonList(StringRef text) {
  SmallVector<StringRef> items;
  while (true) {
    size_t start = text.find_first_of("'\"");
    if (start == StringRef::npos)
      return items;
    size_t end = text.find(text[start], start + 1);
    if (end == StringRef::npos)
      return items;
    items.push_back(text.slice(start + 1, end));
    text = text.drop_front(end + 1);
  }
}

/// The scopes end with the name of the traced operation itself.
std::string getModulePath(StringRef scopes) {
  SmallVector<StringRef> items = splitPythonList(scopes);
  return items.size() < 2 ? "" : escape(items[items.size() - 2]);
}

/// A Python stack trace's innermost frame: `File "model.py", line 12, in forward` without its leading blanks.
std::string getSource(StringRef trace) {
  size_t frame = trace.rfind("File \"");
  return frame == StringRef::npos ? "" : escape(trace.substr(frame).split('\n').first);
}

} // namespace

StringMap<NodeProvenance> collectProvenance(const FlatGraph &graph) {
  StringMap<NodeProvenance> table;
  for (const FlatNode &node : graph.nodes) {
    NodeProvenance provenance{node.caller->name(), node.proto->op_type(), "", ""};
    for (const auto &entry : node.caller->metadata_props()) {
      if (entry.key() == "pkg.torch.onnx.name_scopes")
        provenance.modulePath = getModulePath(entry.value());
      else if (entry.key() == "pkg.torch.onnx.stack_trace")
        provenance.source = getSource(entry.value());
    }
    for (const std::string &output : node.proto->output())
      if (!output.empty())
        table[output] = provenance;
  }
  return table;
}

StringMap<StringRef> collectDeclaredRoles(const onnx::ModelProto &model) {
  StringMap<StringRef> roles;
  auto collect = [&](const google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> &infos) {
    for (const onnx::ValueInfoProto &info : infos)
      for (const auto &entry : info.metadata_props())
        if (entry.key() == "pkg.torch.export.graph_signature.InputSpec.kind") {
          if (entry.value() == "PARAMETER")
            roles[info.name()] = role::Parameter;
          else if (entry.value() == "BUFFER" || entry.value() == "CONSTANT_TENSOR")
            roles[info.name()] = role::Buffer;
        }
  };
  collect(model.graph().value_info());
  collect(model.graph().input());
  return roles;
}

} // namespace glyptic
