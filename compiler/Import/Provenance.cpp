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

/// The scopes end with the name of the traced operation itself. A name that PyTorch makes up where it knows none is
/// none.
std::string getModulePath(StringRef scopes) {
  SmallVector<StringRef> items = splitPythonList(scopes);
  StringRef module = items.size() < 2 ? "" : items[items.size() - 2];
  return module.starts_with("_empty_nn_module_stack") ? "" : escape(module);
}

/// Fills in the frame of a Python trace that its reader wrote: the innermost one outside installed packages, such as
/// PyTorch's own layers; the innermost one if there is no other.
///   File "model.py", line 12, in forward
void readSource(StringRef trace, graph::NodeOrigin &origin) {
  for (StringRef rest = trace; !rest.empty();) {
    StringRef line;
    std::tie(line, rest) = rest.split('\n');
    StringRef file = line.trim();
    unsigned number = 0;
    if (!file.consume_front("File \""))
      continue;
    std::tie(file, line) = file.split("\", line ");
    if (line.consumeInteger(10, number))
      continue;
    bool isInstalled = file.contains("site-packages/") || file.contains("dist-packages/") || file.starts_with("torch/");
    if (!isInstalled || origin.file.empty()) {
      origin.file = escape(file);
      origin.line = number;
    }
  }
}

} // namespace

graph::NodeOrigin getOrigin(const onnx::NodeProto &node) {
  graph::NodeOrigin origin;
  StringRef name = !node.name().empty() ? node.name() : node.output_size() ? node.output(0) : node.op_type();
  origin.node = name.str();
  origin.op = getOperator(node);
  for (const auto &entry : node.metadata_props()) {
    if (entry.key() == "pkg.torch.onnx.name_scopes")
      origin.modulePath = getModulePath(entry.value());
    else if (entry.key() == "pkg.torch.onnx.stack_trace")
      readSource(entry.value(), origin);
  }
  return origin;
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
