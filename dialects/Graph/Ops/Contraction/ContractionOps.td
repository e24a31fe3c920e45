//===- ContractionOps.td - Products summed over shared dimensions -*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_CONTRACTION_TD
#define GLYPTIC_GRAPH_CONTRACTION_TD

include "dialects/Graph/GraphDialect.td"

def Graph_DotGeneralOp : Graph_Op<"dot_general", [InferTypeOpAdaptor,
                                                  DeclareOpInterfaceMethods<PermutableOpInterface, ["absorbOperandPermutation", "buildPermuted",
                                                                                                    "absorbResultPermutation"]>,
                                                  DeclareOpInterfaceMethods<DifferentiableOpInterface>,
                                                  DeclareOpInterfaceMethods<StructuredOpInterface>,
                                                  DeclareOpInterfaceMethods<LibraryCallOpInterface>]> {
  let summary = "batched contraction of two tensors";
  let description = [{
    Result dimensions: the batch dimensions in order, then the free dimensions of `lhs`, then those of `rhs`. The
    result's element type is `result_type` (so that a product of low-precision operands can be kept in FP32), by
    default the operands'. Accumulation is in `accumulate_type`, by default FP32 or wider.
  }];
  let arguments = (ins Graph_Tensor:$lhs, Graph_Tensor:$rhs, DenseI64ArrayAttr:$lhs_batch, DenseI64ArrayAttr:$rhs_batch,
                       DenseI64ArrayAttr:$lhs_contracting, DenseI64ArrayAttr:$rhs_contracting,
                       OptionalAttr<TypeAttr>:$result_type, OptionalAttr<TypeAttr>:$accumulate_type);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `batch` `=` $lhs_batch `x` $rhs_batch `contracting` `=` $lhs_contracting `x` $rhs_contracting
      attr-dict `:` functional-type(operands, $result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$rhs, "::llvm::ArrayRef<int64_t>":$lhsBatch,
                                 "::llvm::ArrayRef<int64_t>":$rhsBatch, "::llvm::ArrayRef<int64_t>":$lhsContracting,
                                 "::llvm::ArrayRef<int64_t>":$rhsContracting)>];
}

#endif // GLYPTIC_GRAPH_CONTRACTION_TD
