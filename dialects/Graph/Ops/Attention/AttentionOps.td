//===- AttentionOps.td - Rows that look at other rows -----------*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_ATTENTION_TD
#define GLYPTIC_GRAPH_ATTENTION_TD

include "dialects/Graph/GraphDialect.td"

// One op from recognition to decomposition, because libraries have kernels for the whole, forward and backward, that
// never store a score.

defvar attentionTraits = [AttrSizedOperandSegments, InferTypeOpAdaptor,
                          DeclareOpInterfaceMethods<DifferentiableOpInterface>,
                          DeclareOpInterfaceMethods<DecomposableOpInterface>,
                          DeclareOpInterfaceMethods<LibraryCallOpInterface>];
defvar attentionOperands = (ins Graph_FloatTensor:$query, Graph_FloatTensor:$key, Graph_FloatTensor:$value);
defvar attentionScores = (ins Optional<Graph_FloatTensor>:$bias, Optional<Graph_BoolTensor>:$mask,
                              Optional<Graph_BoolTensor>:$kept, F64Attr:$scale,
                              DefaultValuedAttr<F64Attr, "-INFINITY">:$masked_score,
                              DefaultValuedAttr<F64Attr, "0">:$dropout, UnitAttr:$zero_masked_rows);

def Graph_AttentionOp : Graph_Op<"attention", !listconcat(attentionTraits, [
    DeclareOpInterfaceMethods<TrainingFormOpInterface>])> {
  let summary = "softmax(scale * query * key^T + bias, where not masked) * value";
  let description = [{
    Of `query` [..., M, D], `key` [..., N, D] and `value` [..., N, E]. Leading dimensions, at least one, are alike, but
    the last of them, the heads, may be fewer in key and value: each serves as many neighbouring heads of the query as
    it takes. `bias`, `mask` and `kept` are [..., M, N] with the query's leading dimensions; most are broadcasts, which
    nobody stores.

      scores        = scale * query * key^T + bias  where `mask` is true, else `masked_score`
      probabilities = softmax(scores)               along N
      result        = probabilities * value         [..., M, E]
      log_sum       = log(sum(e^scores))            [..., M], what a derivative needs to find the probabilities again

    Scores and probabilities, and so log_sum, are in FP32 or wider. A row whose scores are all -inf has no
    probabilities (they are NaN), or 0 with `zero_masked_rows`; its log_sum is NaN. Probabilities where `kept` is false
    become 0, the others are divided by 1 - `dropout`. Without `kept` nothing is dropped: `dropout` then says what the
    training form does.
  }];
  let arguments = !con(attentionOperands, attentionScores);
  let results = (outs Graph_FloatTensor:$result, Graph_FloatTensor:$log_sum);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`bias` $bias^)? (`mask` $mask^)? (`kept` $kept^)? `scale` `=` $scale attr-dict
      `:` functional-type(operands, results)
  }];
}

def Graph_AttentionGradOp : Graph_Op<"attention_grad", attentionTraits> {
  let summary = "gradients of an attention with respect to query, key, value and bias";
  let description = [{
    `result` and `log_sum` are those of the attention of the same operands, `gradient` is that of its result. A target
    without a routine for it computes the probabilities as the attention does, which makes them one value with those of
    the forward pass.
  }];
  let arguments = !con(attentionOperands, (ins Graph_FloatTensor:$result, Graph_FloatTensor:$log_sum,
                                               Graph_FloatTensor:$gradient), attentionScores);
  let results = (outs Graph_FloatTensor:$query_grad, Graph_FloatTensor:$key_grad, Graph_FloatTensor:$value_grad,
                      Optional<Graph_FloatTensor>:$bias_grad);
  let assemblyFormat = [{
    $query `,` $key `,` $value `result` $result `log_sum` $log_sum `gradient` $gradient (`bias` $bias^)?
      (`mask` $mask^)? (`kept` $kept^)? `scale` `=` $scale attr-dict `:` functional-type(operands, results)
  }];
}

#endif // GLYPTIC_GRAPH_ATTENTION_TD
