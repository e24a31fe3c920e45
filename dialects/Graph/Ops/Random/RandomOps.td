//===- RandomOps.td - Numbers that a seed decides ---------------*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_RANDOM_TD
#define GLYPTIC_GRAPH_RANDOM_TD

include "dialects/Graph/GraphDialect.td"

// Random numbers are a pure function of key and counter (support/Philox.h): they are recomputed wherever they are used,
// in the backward pass, too, and no layout, fusion, thread count or split of the batch changes them.

/// Element i of the logical tensor has word i mod 4 of philox(counter = (i / 4 as two words, site, iteration), key =
/// seed). Its index i is the sum over dimensions of `strides` times position, where positions along the batch are counted
/// from `first_sample` on. `site` differs between uses, which therefore are independent.
class Graph_RandomOp<string mnemonic, Type element>
    : Graph_Op<mnemonic, [Repeats, DeclareOpInterfaceMethods<PermutableOpInterface, ["buildPermuted"]>,
                          DeclareOpInterfaceMethods<StructuredOpInterface>]> {
  dag source = (ins Graph_IntTensor:$seed, Graph_IntTensor:$iteration, Graph_IntTensor:$first_sample, I64Attr:$site,
                    DenseI64ArrayAttr:$strides);
  let arguments = source;
  let results = (outs RankedTensorOf<[element]>:$result);
  let assemblyFormat = [{
    `seed` `=` $seed `iteration` `=` $iteration `first` `=` $first_sample `site` `=` $site attr-dict
      `:` functional-type(operands, $result)
  }];
  let hasVerifier = 1;
}

// Builders: strides are those of the row-major tensor of that type, its batched dimension outermost.

def Graph_RandomMaskOp : Graph_RandomOp<"random_mask", I1> {
  let summary = "true with a probability, independently for each element: where its word is at least (1 - probability) * 2^32";
  let arguments = !con(source, (ins F64Attr:$probability));
  let builders = [OpBuilder<(ins "::mlir::RankedTensorType":$type, "const ::glyptic::graph::RandomSource &":$source,
                                 "double":$probability)>];
}

def Graph_RandomUniformOp : Graph_RandomOp<"random_uniform", AnyTypeOf<[F32, F64]>> {
  let summary = "numbers in [0, 1): the first 24 (in FP64, all 32) bits of each element's word as a binary fraction";
  let builders = [OpBuilder<(ins "::mlir::RankedTensorType":$type, "const ::glyptic::graph::RandomSource &":$source)>];
}

def Graph_NoiseKind : I32EnumAttr<"NoiseKind", "how numbers are distributed", [
    I32EnumAttrCase<"Uniform", 0, "uniform">, I32EnumAttrCase<"Normal", 1, "normal">]> {
  let cppNamespace = "::glyptic::graph";
  let genSpecializedAttr = 0;
}
def Graph_NoiseKindAttr : EnumAttr<GraphDialect, Graph_NoiseKind, "noise"> {
  let assemblyFormat = "`` $value";
}

def Graph_NoiseOp : Graph_Op<"noise", [DeclareOpInterfaceMethods<DecomposableOpInterface>,
                                       DeclareOpInterfaceMethods<TrainingFormOpInterface>]> {
  let summary = "random numbers as a model asks for them: uniform in [0, 1), or normal of mean 0 and deviation 1";
  let description = [{
    Training draws others in each iteration, by the seed of the run. Everywhere else they follow from `seed` and `site`
    alone: an execution gives what the one before gave.
  }];
  let arguments = (ins Graph_NoiseKindAttr:$kind, I64Attr:$seed, I64Attr:$site);
  let results = (outs RankedTensorOf<[AnyTypeOf<[F32, F64]>]>:$result);
  let assemblyFormat = "$kind `seed` `=` $seed `site` `=` $site attr-dict `:` type($result)";
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
