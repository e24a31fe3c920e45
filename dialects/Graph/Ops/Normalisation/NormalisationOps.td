//===- NormalisationOps.td - Composites whose numerics matter ---*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_NORMALISATION_TD
#define GLYPTIC_GRAPH_NORMALISATION_TD

include "dialects/Graph/GraphDialect.td"

class Graph_CompositeOp<string mnemonic, list<Trait> traits = []>
    : Graph_Op<mnemonic, !listconcat(traits, [DeclareOpInterfaceMethods<DifferentiableOpInterface>,
                                              DeclareOpInterfaceMethods<DecomposableOpInterface>])>;

class Graph_SoftmaxLikeOp<string mnemonic> : Graph_CompositeOp<mnemonic, [SameOperandsAndResultType]> {
  let arguments = (ins Graph_FloatTensor:$input, DenseI64ArrayAttr:$dims);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$input `dims` `=` $dims attr-dict `:` type($result)";
  let description = "A row that is -inf throughout, or holds +inf or NaN, has no distribution: its results are NaN.";
  let hasVerifier = 1;
}
def Graph_SoftmaxOp : Graph_SoftmaxLikeOp<"softmax"> { let summary = "e^x over its sum along dimensions, shifted by the maximum"; }
def Graph_LogSoftmaxOp : Graph_SoftmaxLikeOp<"log_softmax"> { let summary = "logarithm of softmax without its rounding"; }

def Graph_LayerNormOp : Graph_CompositeOp<"layer_norm", [AllTypesMatch<["input", "result"]>]> {
  let summary = "(x - mean) / sqrt(variance + epsilon) * scale + bias over the trailing dimensions from `dim` on";
  let description = "`scale` and the optional `bias` have the shape of the normalised dimensions. Variance is biased.";
  let arguments = (ins Graph_FloatTensor:$input, Graph_FloatTensor:$scale, Optional<Graph_FloatTensor>:$bias, I64Attr:$dim,
                       F64Attr:$epsilon);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$input `,` $scale (`,` $bias^)? `dim` `=` $dim attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}

def Graph_RmsNormOp : Graph_CompositeOp<"rms_norm", [AllTypesMatch<["input", "result"]>]> {
  let summary = "x / sqrt(mean(x^2) + epsilon) * scale over the trailing dimensions from `dim` on";
  let description = "`scale` has the shape of the normalised dimensions.";
  let arguments = (ins Graph_FloatTensor:$input, Graph_FloatTensor:$scale, I64Attr:$dim, F64Attr:$epsilon);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$input `,` $scale `dim` `=` $dim attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}

def Graph_BatchNormOp : Graph_CompositeOp<"batch_norm", [AllTypesMatch<["input", "result"]>,
                                                         AllTypesMatch<["scale", "bias", "mean", "variance"]>,
                                                         DeclareOpInterfaceMethods<TrainingFormOpInterface>]> {
  let summary = "(x - mean) / sqrt(variance + epsilon) * scale + bias along `dim`, by given statistics";
  let description = [{
    While a model trains, `batch_norm_training` takes its place, and running statistics follow those of the batches:
    running = momentum * running + (1 - momentum) * batch, with the biased variance, as ONNX defines it. One whose
    statistics are frozen stays as it is.
  }];
  let arguments = (ins Graph_FloatTensor:$input, Graph_FloatTensor:$scale, Graph_FloatTensor:$bias,
                       Graph_FloatTensor:$mean, Graph_FloatTensor:$variance, I64Attr:$dim, F64Attr:$epsilon,
                       F64Attr:$momentum);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $scale `,` $bias `,` $mean `,` $variance `dim` `=` $dim attr-dict `:` functional-type(operands, $result)
  }];
  let hasVerifier = 1;
}

def Graph_BatchNormTrainingOp : Graph_CompositeOp<"batch_norm_training", [AllTypesMatch<["input", "result"]>,
                                                                          AllTypesMatch<["scale", "bias", "mean",
                                                                                         "variance"]>]> {
  let summary = "(x - mean) / sqrt(variance + epsilon) * scale + bias along `dim`, by the batch's own statistics";
  let description = "`mean` and `variance` (biased) are those over all dimensions but `dim`, samples included.";
  let arguments = (ins Graph_FloatTensor:$input, Graph_FloatTensor:$scale, Graph_FloatTensor:$bias, I64Attr:$dim,
                       F64Attr:$epsilon);
  let results = (outs Graph_FloatTensor:$result, Graph_FloatTensor:$mean, Graph_FloatTensor:$variance);
  let assemblyFormat = [{
    $input `,` $scale `,` $bias `dim` `=` $dim attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Graph_GeluOp : Graph_CompositeOp<"gelu", [SameOperandsAndResultType]> {
  let summary = "x * Phi(x), with the error function or its tanh approximation";
  let arguments = (ins Graph_FloatTensor:$input, UnitAttr:$tanh_approximation);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$input (`tanh` $tanh_approximation^)? attr-dict `:` type($result)";
}

#endif // GLYPTIC_GRAPH_NORMALISATION_TD
