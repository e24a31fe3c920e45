//===- Elementwise.cpp - Arithmetic, comparisons, activations -----------------===//
#include "compiler/Import/Registry.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

template <typename OpT> LogicalResult importUnary(NodeImporter &node) {
  return node.setResult(node.create<OpT>(node.getInput(0)));
}

const OpImporter kImporters[] = {
    {"Relu", 6, importUnary<ReluOp>},
    {"Sigmoid", 6, importUnary<LogisticOp>},
    {"Tanh", 6, importUnary<TanhOp>},
};

} // namespace

ArrayRef<OpImporter> getElementwiseImporters() { return kImporters; }

} // namespace glyptic
