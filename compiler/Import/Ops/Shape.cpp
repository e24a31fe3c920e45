//===- Shape.cpp - Shapes and moved elements ----------------------------------===//
#include "compiler/Import/Registry.h"
#include "compiler/Import/Tensors.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

LogicalResult importIdentity(NodeImporter &node) {
  if (const ShapeValue *value = node.getShapeValue(0))
    return node.setResult(*value);
  return node.setResult(node.getInput(0));
}

const OpImporter kImporters[] = {
    {"Identity", 1, importIdentity},
};

} // namespace

ArrayRef<OpImporter> getShapeImporters() { return kImporters; }

} // namespace glyptic
