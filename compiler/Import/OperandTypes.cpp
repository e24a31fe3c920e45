//===- OperandTypes.cpp - Operands of types that the standard does not have ---===//
//
// Types come from ONNX's schemas, so that no importer lists them again. An operand may have any type that the operator
// has at the file's opset or at the newest one: exporters write bfloat16 and integers where an old opset had none, and
// everybody runs it.
//
//===----------------------------------------------------------------------===//
#include "compiler/Import/Diagnostics.h"
#include "compiler/Import/NodeImporter.h"
#include "compiler/Import/Tensors.h"
#include "onnx/defs/data_type_utils.h"
#include "onnx/defs/schema.h"

using namespace mlir;

namespace glyptic {

using FormalParameter = onnx::OpSchema::FormalParameter;

/// The parameter that an operand is given for; the last one may take several. Null if there is none.
static const FormalParameter *getFormal(const onnx::OpSchema *schema, size_t operand) {
  if (!schema || schema->inputs().empty())
    return nullptr;
  return &schema->inputs()[std::min(operand, schema->inputs().size() - 1)];
}

const onnx::OpSchema *NodeImporter::getSchema() const {
  return onnx::OpSchemaRegistry::Schema(getOpType().str(), int(opset), normalizeDomain(node.proto->domain()));
}

std::optional<int32_t> NodeImporter::getOperandType(int index) const {
  const Binding *binding = getBinding(index);
  if (!binding || (!binding->value && !binding->shape))
    return std::nullopt;
  if (binding->unsignedType)
    return getDataType(binding->unsignedType);
  return getDataType(binding->value ? getElementTypeOrSelf(binding->value.getType()) : binding->shape->elementType);
}

LogicalResult NodeImporter::checkOperandTypes() {
  const onnx::OpSchema *given = getSchema();
  const onnx::OpSchema *newest =
      onnx::OpSchemaRegistry::Schema(getOpType().str(), normalizeDomain(node.proto->domain()));
  for (int i = 0; i < getNumInputs(); ++i) {
    const FormalParameter *formal = getFormal(given, i), *latest = getFormal(newest, i);
    std::optional<int32_t> type = getOperandType(i);
    if (!formal || !latest || !type)
      continue;
    onnx::DataType name = onnx::Utils::DataTypeUtils::ToType("tensor(" + getDataTypeName(*type) + ")");
    if (formal->GetTypes().count(name) || latest->GetTypes().count(name))
      continue;
    SmallVector<StringRef> allowed;
    for (onnx::DataType other : formal->GetTypes()) {
      StringRef text = *other;
      if (text.consume_front("tensor(") && text.consume_back(")"))
        allowed.push_back(text);
    }
    llvm::sort(allowed);
    return emitError("operand " + Twine(i) + ", " + quote(node.proto->input(i)) + ", is " + getDataTypeName(*type) +
                     "; the standard has this operator for " + llvm::join(allowed, ", "));
  }
  return success();
}

std::string NodeImporter::describeMixedTypes() {
  const onnx::OpSchema *schema = getSchema();
  std::map<std::string, std::pair<int, int32_t>> known; // operand and type by the schema's name of the type
  for (int i = 0; i < getNumInputs(); ++i) {
    const FormalParameter *formal = getFormal(schema, i);
    std::optional<int32_t> type = getOperandType(i);
    if (!formal || !formal->GetIsHomogeneous() || !type)
      continue;
    auto [first, isNew] = known.insert({formal->GetTypeStr(), {i, *type}});
    if (isNew || first->second.second == *type)
      continue;
    auto describe = [&](int index) {
      return ("operand " + Twine(index) + ", " + quote(node.proto->input(index)) + ",").str();
    };
    auto [earlier, other] = first->second;
    return describe(i) + " is " + getDataTypeName(*type) + ", and " + describe(earlier) + " " + getDataTypeName(other) +
           "; the standard wants one type (" + formal->GetTypeStr() + ") for both";
  }
  return {};
}

} // namespace glyptic
