//===- FoldedNorms.cpp - Normalisations that an exporter merged ---------------===//
#include "compiler/Import/FoldedNorms.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using llvm::StringRef;

namespace glyptic {

/// Fewer convolutions than that are a network without normalisations as often as not.
static constexpr size_t kMany = 8;

/// `onnx::Conv_70`: the exporter's own name for a tensor that it computed.
static bool isMadeUp(StringRef name) { return name.consume_front("onnx::Conv_") && llvm::all_of(name, llvm::isDigit); }

static bool hasMadeUpWeights(const FlatNode *node) {
  return isMadeUp(node->proto->input(1)) && isMadeUp(node->proto->input(2));
}

static InFlightDiagnostic remarkAt(MLIRContext &context, const FlatNode &node) {
  const onnx::NodeProto &caller = *node.caller;
  StringRef name = caller.name().empty() && caller.output_size() ? StringRef(caller.output(0)) : caller.name();
  return emitRemark(NameLoc::get(StringAttr::get(&context, name)));
}

void remarkFoldedNorms(MLIRContext &context, const FlatGraph &graph) {
  std::vector<const FlatNode *> biased, folded;
  size_t convolutions = 0;
  bool isNormalised = false;
  for (const FlatNode &node : graph.nodes) {
    StringRef op = node.proto->op_type();
    isNormalised |= op.ends_with("Normalization");
    if (op != "Conv")
      continue;
    ++convolutions;
    if (node.proto->input_size() == 3)
      biased.push_back(&node);
  }
  llvm::copy_if(biased, std::back_inserter(folded), hasMadeUpWeights);
  if (!folded.empty())
    remarkAt(context, *folded.front())
        << folded.size() << " of the model's " << convolutions << " convolutions have weights named "
        << folded.front()->proto->input(1)
        << " and the like, as PyTorch's older exporter names them where it folds batch normalisations into them. They "
           "train without normalisation; to keep it, export with dynamo=True, or with "
           "training=torch.onnx.TrainingMode.TRAINING and do_constant_folding=False";
  else if (!isNormalised && convolutions >= kMany && biased.size() == convolutions)
    remarkAt(context, *biased.front())
        << "none of the model's " << convolutions << " convolutions is normalised, and all have biases. If the network "
        << "has batch normalisations, its exporter has folded them into the convolutions, which train without";
}

} // namespace glyptic
