//===- SchemaFunctions.cpp - Operators that ONNX defines by a body ------------===//
#include "compiler/Import/SchemaFunctions.h"
#include "compiler/Import/Tensors.h"
#include "onnx/defs/schema.h"

using namespace mlir;

namespace glyptic {

namespace {

/// Bodies of schema functions call one another a few levels deep (loss -> log softmax -> softmax).
constexpr int kMaxSchemaDepth = 8;

onnx::TypeProto makeTypeProto(RankedTensorType type, Type elementType) {
  onnx::TypeProto proto;
  auto *tensor = proto.mutable_tensor_type();
  tensor->set_elem_type(getDataType(elementType));
  auto *shape = tensor->mutable_shape();
  for (int64_t size : type.getShape())
    if (auto *dim = shape->add_dim(); !ShapedType::isDynamic(size))
      dim->set_dim_value(size);
  return proto;
}

/// The body for an opset. The library has none for the older ones of an operator's versions; the oldest that it has
/// says the same in newer operators, and names their opset itself.
const onnx::FunctionProto &getBody(const onnx::OpSchema &schema, int64_t opset) {
  const onnx::FunctionProto *body = schema.GetFunction(opset);
  return body ? *body : *schema.GetFunction(schema.function_opset_versions().front());
}

/// Some bodies depend on the types of the operands or on which optional ones are there.
bool buildBody(NodeImporter &importer, const onnx::OpSchema &schema, onnx::FunctionProto &body) {
  std::vector<onnx::TypeProto> types;
  for (int i = 0; i < importer.getNumInputs(); ++i) {
    IntegerType unsignedType = importer.getUnsignedType(i);
    RankedTensorType type = importer.hasInput(i) ? importer.getType(i) : RankedTensorType();
    types.push_back(!type ? onnx::TypeProto()
                          : makeTypeProto(type, unsignedType ? unsignedType : type.getElementType()));
  }
  onnx::FunctionBodyBuildContextImpl context(*importer.getNode().proto, types);
  int64_t opset = importer.getOpset(), oldest = schema.context_dependent_function_opset_versions().front();
  return schema.BuildContextDependentFunction(context, body, std::max(opset, oldest));
}

/// The node with every attribute that has a default: bodies refer to them whether the node has them or not.
onnx::NodeProto addDefaults(const onnx::NodeProto &node, const onnx::OpSchema &schema) {
  onnx::NodeProto complete = node;
  for (const auto &entry : schema.attributes()) {
    const onnx::OpSchema::Attribute &attribute = entry.second;
    if (attribute.default_value.has_type() &&
        llvm::none_of(node.attribute(), [&](const auto &given) { return given.name() == attribute.name; })) {
      *complete.add_attribute() = attribute.default_value;
      complete.mutable_attribute()->rbegin()->set_name(attribute.name);
    }
  }
  return complete;
}

/// The body's versions; of domains that it does not import (some of the library's bodies say only their own), the
/// node's.
OpsetVersions getBodyOpsets(const onnx::FunctionProto &body, const FlatNode &node) {
  OpsetVersions versions = getOpsetVersions(body.opset_import());
  versions.insert(node.opsets->begin(), node.opsets->end());
  return versions;
}

const onnx::OpSchema *findSchema(const NodeImporter &importer) {
  const onnx::NodeProto &node = *importer.getNode().proto;
  return onnx::OpSchemaRegistry::Schema(node.op_type(), importer.getOpset(), normalizeDomain(node.domain()));
}

} // namespace

bool isSchemaFunction(const NodeImporter &importer) {
  const onnx::OpSchema *schema = findSchema(importer);
  return schema && (schema->HasFunction() || schema->HasContextDependentFunction());
}

std::optional<FlatGraph> expandSchemaFunction(NodeImporter &importer, ImportState &state, int depth) {
  const FlatNode &node = importer.getNode();
  if (depth > kMaxSchemaDepth)
    return std::nullopt;
  for (const std::string &input : node.proto->input())
    if (auto binding = state.bindings.find(input); binding != state.bindings.end() && binding->second.failed)
      return std::nullopt;
  onnx::FunctionProto body;
  onnx::NodeProto call;
  try {
    const onnx::OpSchema *schema = findSchema(importer);
    if (!schema)
      return std::nullopt;
    if (schema->HasFunction())
      body = getBody(*schema, importer.getOpset());
    else if (!schema->HasContextDependentFunction() || !buildBody(importer, *schema, body))
      return std::nullopt;
    call = addDefaults(*node.proto, *schema);
  } catch (const std::exception &) {
    return std::nullopt; // the library has no body for these types: reported as unsupported
  }
  FlatGraph graph;
  const OpsetVersions *opsets = &graph.opsets.emplace_back(getBodyOpsets(body, node));
  for (onnx::NodeProto &inner : instantiate(body, call, state.names))
    graph.nodes.push_back({&graph.instances.emplace_back(std::move(inner)), node.caller, opsets, node.description});
  return graph;
}

} // namespace glyptic
