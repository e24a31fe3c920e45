//===- RandomOps.td - Numbers that a seed decides ---------------*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_RANDOM_TD
#define GLYPTIC_GRAPH_RANDOM_TD

include "dialects/Graph/GraphDialect.td"

// Random numbers are a pure function of key and counter (support/Philox.h): they are recomputed wherever they are used,
// in the backward pass, too, and no layout, fusion, thread count or split of the batch changes them.

def Graph_RandomMaskOp : Graph_Op<"random_mask", [Repeats,
                                                  DeclareOpInterfaceMethods<PermutableOpInterface, ["buildPermuted"]>,
                                                  DeclareOpInterfaceMethods<StructuredOpInterface>]> {
  let summary = "true with a probability, independently for each element";
  let description = [{
    Element i of the logical tensor takes word i mod 4 of philox(counter = (i / 4 as two words, site, iteration), key =
    seed), and is true where that word is at least (1 - probability) * 2^32. Its index i is the sum over dimensions of
    `strides` times position, where positions along the batch are counted from `first_sample` on. `site` differs
    between uses, which therefore are independent.
  }];
  let arguments = (ins Graph_IntTensor:$seed, Graph_IntTensor:$iteration, Graph_IntTensor:$first_sample, I64Attr:$site,
                       F64Attr:$probability, DenseI64ArrayAttr:$strides);
  let results = (outs Graph_BoolTensor:$result);
  let assemblyFormat = [{
    `seed` `=` $seed `iteration` `=` $iteration `first` `=` $first_sample `site` `=` $site attr-dict
      `:` functional-type(operands, $result)
  }];
  // Strides of the row-major tensor of that type, its batched dimension outermost.
  let builders = [OpBuilder<(ins "::mlir::RankedTensorType":$type, "const ::glyptic::graph::RandomSource &":$source,
                                 "double":$probability)>];
  let hasVerifier = 1;
}

def Graph_DropoutOp : Graph_Op<"dropout", [AllTypesMatch<["input", "result"]>,
                                           DeclareOpInterfaceMethods<DifferentiableOpInterface>,
                                           DeclareOpInterfaceMethods<DecomposableOpInterface>,
                                           DeclareOpInterfaceMethods<TrainingFormOpInterface>]> {
  let summary = "the input, and a mask that is true everywhere";
  let description = [{
    While a model trains, elements become 0 with probability `ratio`, where the mask is false, and the others are divided
    by 1 - ratio.
  }];
  let arguments = (ins Graph_FloatTensor:$input, F64Attr:$ratio);
  let results = (outs Graph_FloatTensor:$result, Graph_BoolTensor:$mask);
  let assemblyFormat = "$input attr-dict `:` type($input) `,` type($mask)";
}

#endif // GLYPTIC_GRAPH_RANDOM_TD
