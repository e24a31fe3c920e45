//===- ConvolutionOps.td - Convolutions and pooling -------------*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_CONVOLUTION_TD
#define GLYPTIC_GRAPH_CONVOLUTION_TD

include "dialects/Graph/GraphDialect.td"

def Graph_ConvDimsAttr : AttrDef<GraphDialect, "ConvDims"> {
  let mnemonic = "conv_dims";
  let summary = "Which dimension of each tensor is batch, feature or space; layout is a permutation of these numbers";
  let description = [{
    `input` and `output` list {batch, feature, spatial...}, `weight` lists {output feature, input feature, spatial...}:
    NCHW/OIHW is [0, 1, 2, 3] thrice, NHWC/OHWI is [0, 3, 1, 2] thrice.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$input, ArrayRefParameter<"int64_t">:$weight,
                        ArrayRefParameter<"int64_t">:$output);
  let assemblyFormat = "`<` `[` $input `]` `x` ` ` `[` $weight `]` `->` `[` $output `]` `>`";
}

defvar convTraits = [DeclareOpInterfaceMethods<DifferentiableOpInterface>, DeclareOpInterfaceMethods<StructuredOpInterface>,
                     DeclareOpInterfaceMethods<LibraryCallOpInterface, ["buildFallback"]>,
                     DeclareOpInterfaceMethods<LayoutPreferenceOpInterface>];
defvar poolTraits = [DeclareOpInterfaceMethods<DifferentiableOpInterface>, DeclareOpInterfaceMethods<StructuredOpInterface>,
                     DeclareOpInterfaceMethods<LibraryCallOpInterface>];
defvar permutableTraits = [DeclareOpInterfaceMethods<PermutableOpInterface, ["buildPermuted"]>];
defvar convArguments = (ins Graph_ConvDimsAttr:$dims, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads_low,
                            DenseI64ArrayAttr:$pads_high, DenseI64ArrayAttr:$dilations, I64Attr:$groups);

def Graph_ConvOp : Graph_Op<"conv", !listconcat(convTraits, [InferTypeOpAdaptor])> {
  let summary = "convolution (cross-correlation) with strides, padding, dilation and groups";
  let arguments = !con((ins Graph_FloatTensor:$input, Graph_FloatTensor:$weight), convArguments);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$input `,` $weight attr-dict `:` functional-type(operands, $result)";
}

def Graph_ConvInputGradOp : Graph_Op<"conv_input_grad", convTraits> {
  let summary = "gradient of a convolution with respect to its input";
  let description = "Linear in both operands; also the transposed convolution.";
  let arguments = !con((ins Graph_FloatTensor:$gradient, Graph_FloatTensor:$weight), convArguments);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$gradient `,` $weight attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}

def Graph_ConvWeightGradOp : Graph_Op<"conv_weight_grad", convTraits> {
  let summary = "gradient of a convolution with respect to its weight";
  let arguments = !con((ins Graph_FloatTensor:$input, Graph_FloatTensor:$gradient), convArguments);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$input `,` $gradient attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}

def Graph_PoolKind : I32EnumAttr<"PoolKind", "how the elements of a window combine", [
    I32EnumAttrCase<"Max", 0, "max">, I32EnumAttrCase<"Average", 1, "average">,
    I32EnumAttrCase<"AverageWithPadding", 2, "average_with_padding">]> {
  let cppNamespace = "::glyptic::graph";
  let genSpecializedAttr = 0;
}
def Graph_PoolKindAttr : EnumAttr<GraphDialect, Graph_PoolKind, "pool"> {
  let assemblyFormat = "`<` $value `>`";
}

// Windows are given for every dimension of the tensor (size 1 for batch and feature), so layout is a permutation.
defvar poolArguments = (ins Graph_PoolKindAttr:$kind, DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
                            DenseI64ArrayAttr:$pads_low, DenseI64ArrayAttr:$pads_high, DenseI64ArrayAttr:$dilations);

def Graph_PoolOp : Graph_Op<"pool", !listconcat(poolTraits, permutableTraits, [InferTypeOpAdaptor])> {
  let summary = "maximum or average over sliding windows; padding never wins a maximum";
  let arguments = !con((ins Graph_FloatTensor:$input), poolArguments);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, $result)";
}

def Graph_PoolGradOp : Graph_Op<"pool_grad", !listconcat(permutableTraits, [
    DeclareOpInterfaceMethods<DifferentiableOpInterface>, DeclareOpInterfaceMethods<LibraryCallOpInterface>,
    DeclareOpInterfaceMethods<StructuredOpInterface, ["getElementAccess"]>])> {
  let summary = "gradient of a pooling with respect to its input";
  let description = [{
    Takes the pooling's input (to find each window's maximum again: the first in row-major order) and the gradient of its result. For averages the input
    serves its shape only.
  }];
  let arguments = !con((ins Graph_FloatTensor:$input, Graph_FloatTensor:$gradient), poolArguments);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$input `,` $gradient attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}

#endif // GLYPTIC_GRAPH_CONVOLUTION_TD
