//===- LossOps.td - Losses per sample ---------------------------*- tablegen -*-===//
//
// A loss op gives one value for each sample; the training pass sums them and counts their weights, and the division
// comes once at the end, so that a mean is exact over microbatches and devices.
//
//===----------------------------------------------------------------------===//

#ifndef GLYPTIC_GRAPH_LOSS_TD
#define GLYPTIC_GRAPH_LOSS_TD

include "dialects/Graph/GraphDialect.td"
include "dialects/Graph/Ops/Normalisation/NormalisationOps.td"

def Graph_CrossEntropyOp : Graph_CompositeOp<"cross_entropy", [InferTypeOpAdaptor,
                                                                  DeclareOpInterfaceMethods<IndexingOpInterface>]> {
  let summary = "softmax cross-entropy of logits along `dim` against class indices, per sample";
  let description = [{
    `labels` has the logits' shape without `dim`. A label equal to `ignore_index` gives loss 0 and no gradient. With
    label smoothing s the target is (1 - s) on the label plus s / classes everywhere. Labels are checked against the
    range of classes before a step runs; one outside of it would match no class.
  }];
  let arguments = (ins Graph_FloatTensor:$logits, Graph_IntTensor:$labels, I64Attr:$dim, I64Attr:$ignore_index,
                       F64Attr:$label_smoothing);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$logits `,` $labels `dim` `=` $dim attr-dict `:` functional-type(operands, $result)";
}

def Graph_BceLogitsOp : Graph_CompositeOp<"bce_logits", [SameOperandsAndResultType]> {
  let summary = "binary cross-entropy of sigmoid(logits) against targets in [0, 1], per element";
  let description = "max(x, 0) - x * t + log(1 + e^-|x|), which neither overflows nor loses small probabilities.";
  let arguments = (ins Graph_FloatTensor:$logits, Graph_FloatTensor:$targets);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$logits `,` $targets attr-dict `:` type($result)";
}

#endif // GLYPTIC_GRAPH_LOSS_TD
