//===- FoldedNorms.cpp - Normalisations that an exporter merged ---------------===//
#include "compiler/Import/FoldedNorms.h"
#include "compiler/Import/Provenance.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using llvm::StringRef;

namespace glyptic {

/// `onnx::Conv_70`: the older exporter's own name for a tensor that it computed.
static bool isMadeUp(StringRef name) { return name.consume_front("onnx::Conv_") && llvm::all_of(name, llvm::isDigit); }

/// The newer one, where it optimises, makes `conv.weight_bias` beside `conv.weight`; a layer's own is `conv.bias`.
static bool isAddedTo(StringRef weight, StringRef bias) {
  return weight.ends_with("weight") && bias.consume_front(weight) && bias == "_bias";
}

static bool isFolded(const onnx::NodeProto &node) {
  if (node.op_type() != "Conv" || node.input_size() != 3)
    return false;
  return (isMadeUp(node.input(1)) && isMadeUp(node.input(2))) || isAddedTo(node.input(1), node.input(2));
}

void remarkFoldedNorms(MLIRContext &context, const FlatGraph &graph) {
  std::vector<const FlatNode *> folded;
  size_t convolutions = 0;
  for (const FlatNode &node : graph.nodes) {
    convolutions += node.proto->op_type() == "Conv";
    if (isFolded(*node.proto))
      folded.push_back(&node);
  }
  if (folded.empty())
    return;
  const onnx::NodeProto &first = *folded.front()->proto;
  emitRemark(graph::getLocation(&context, getOrigin(*folded.front()->caller)))
      << folded.size() << " of the model's " << convolutions << " convolutions have weights and biases named "
      << first.input(1) << ", " << first.input(2)
      << " and the like, as PyTorch's exporters name them where they fold batch normalisations into them. They train "
         "without normalisation; to keep it, export after model.train(), or with dynamo=True and optimize=False; with "
         "the older exporter, with training=torch.onnx.TrainingMode.TRAINING and do_constant_folding=False";
}

} // namespace glyptic
