//===- GraphDialect.td - The dialect, its attributes and base classes -*- tablegen -*-===//

#ifndef GLYPTIC_GRAPH_DIALECT_TD
#define GLYPTIC_GRAPH_DIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/Graph/Interfaces/GraphInterfaces.td"

def GraphDialect : Dialect {
  let name = "graph";
  let cppNamespace = "::glyptic::graph";
  let summary = "What is computed: pure operations on tensor values.";
  let description = [{
    A program is a set of functions over tensors. State (parameters, optimizer slots, counters, running statistics) is
    an argument and a result with the same name; nothing is updated in place. Arguments and results of a function
    carry `graph.name` and `graph.role`.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

def BatchAttr : AttrDef<GraphDialect, "Batch"> {
  let mnemonic = "batch";
  let summary = "How many times the batch a tensor's dynamic dimension is; absent means once";
  let parameters = (ins "int64_t":$times);
  let assemblyFormat = "`<` $times `>`";
  let genVerifyDecl = 1;
}

/// Every op is pure, and says its meaning and its precision class.
class Graph_Op<string mnemonic, list<Trait> traits = []>
    : Op<GraphDialect, mnemonic, !listconcat(traits, [Pure, DeclareOpInterfaceMethods<EvaluableOpInterface>,
                                                      DeclareOpInterfaceMethods<PrecisionOpInterface>])>;

/// Operands and results have the same sizes, the batched one included (MLIR's own trait lets `?` meet any size).
def SameDims : GraphTrait<"SameDims">;

def Graph_Tensor : RankedTensorOf<[AnyFloat, AnySignlessInteger]>;
/// Unsigned integers are types of memory: arguments and results of a program. `graph.convert` leads from and to them.
def Graph_StoredTensor : RankedTensorOf<[AnyFloat, AnySignlessInteger, UI8, UI16, UI32]>;
def Graph_FloatTensor : RankedTensorOf<[AnyFloat]>;
def Graph_IntTensor : RankedTensorOf<[AnySignlessInteger]>;
def Graph_BoolTensor : RankedTensorOf<[I1]>;

#endif // GLYPTIC_GRAPH_DIALECT_TD
