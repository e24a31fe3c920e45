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

/// `conv.weight` and `conv.bias`, neither of which is declared to be a parameter as others are.
static bool isUndeclared(StringRef weight, StringRef bias, const llvm::StringMap<StringRef> &declared) {
  return !declared.empty() && !declared.contains(weight) && !declared.contains(bias) &&
         weight.consume_back("weight") && bias.consume_back("bias") && weight == bias;
}

static bool takesNorms(StringRef op) { return op == "Conv" || op == "ConvTranspose" || op == "Gemm"; }

void remarkFoldedNorms(MLIRContext &context, const ModelFile &file, const FlatGraph &graph) {
  const llvm::StringMap<StringRef> declared = collectDeclaredRoles(file.proto);
  std::vector<const FlatNode *> folded;
  size_t layers = 0;
  for (const FlatNode &node : graph.nodes) {
    const onnx::NodeProto &proto = *node.proto;
    if (!takesNorms(proto.op_type()))
      continue;
    ++layers;
    if (proto.input_size() < 3)
      continue;
    StringRef weight = proto.input(1), bias = proto.input(2);
    if ((isMadeUp(weight) && isMadeUp(bias)) || isAddedTo(weight, bias) || isUndeclared(weight, bias, declared))
      folded.push_back(&node);
  }
  if (folded.empty())
    return;
  const onnx::NodeProto &first = *folded.front()->proto;
  emitRemark(graph::getLocation(&context, getOrigin(*folded.front()->caller)))
      << folded.size() << " of the model's " << layers << " convolutions and linear layers have weights and biases, "
      << first.input(1) << ", " << first.input(2)
      << " and the like, as PyTorch's exporters leave them where they fold batch normalisations into them. They train "
         "without normalisation; to keep it, export with dynamo=True and optimize=False; with the older exporter, with "
         "training=torch.onnx.TrainingMode.TRAINING and do_constant_folding=False";
}

} // namespace glyptic
