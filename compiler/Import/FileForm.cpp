//===- FileForm.cpp - Nodes that a file holds in training form ----------------===//
#include "compiler/Import/FileForm.h"
#include "llvm/ADT/MapVector.h"

using namespace llvm;

namespace glyptic {

const FormRule *lookupFormRule(const onnx::NodeProto &node) {
  if (!normalizeDomain(node.domain()).empty())
    return nullptr;
  for (ArrayRef<FormRule> table : {getNormalisationForms(), getRandomForms()})
    for (const FormRule &rule : table)
      if (rule.op == node.op_type())
        return &rule;
  return nullptr;
}

const onnx::TensorProto *getConstant(const onnx::NodeProto &node) {
  if (node.op_type() == "Constant")
    for (const onnx::AttributeProto &attribute : node.attribute())
      if (attribute.name() == "value")
        return &attribute.t();
  return nullptr;
}

std::string describeTrainingForm(const ModelFile &file, const FlatGraph &graph) {
  StringMap<const onnx::TensorProto *> stored;
  for (const onnx::TensorProto &tensor : file.proto.graph().initializer())
    stored[tensor.name()] = &tensor;
  for (const FlatNode &node : graph.nodes)
    if (const onnx::TensorProto *tensor = getConstant(*node.proto); tensor && node.proto->output_size())
      stored[node.proto->output(0)] = tensor;
  MapVector<const FormRule *, int64_t> counts;
  for (const FlatNode &node : graph.nodes) {
    const FormRule *rule = lookupFormRule(*node.proto);
    auto version = node.opsets->find("");
    if (rule && version != node.opsets->end() &&
        rule->isTraining(*node.proto, version->second, [&](StringRef name) { return stored.lookup(name); }))
      ++counts[rule];
  }
  std::string text;
  for (auto [rule, count] : counts)
    text += (Twine(text.empty() ? "" : ", ") + rule->op + " (" + Twine(count) + (count == 1 ? " node) " : " nodes) ") +
             rule->effect)
                .str();
  return text;
}

} // namespace glyptic
