//===- GraphInterfaces.td - What an op says about itself -------*- tablegen -*-===//
//
// The questions that passes ask of a `graph` op. An op answers them beside its own definition (Ops/<Family>/), and no
// pass switches over op names. An op that lacks an interface answers "not applicable", and the pass that needs the
// answer reports the op with its location.
//
//===----------------------------------------------------------------------===//

#ifndef GLYPTIC_GRAPH_INTERFACES_TD
#define GLYPTIC_GRAPH_INTERFACES_TD

include "mlir/IR/OpBase.td"

class GraphInterface<string name> : OpInterface<name> {
  let cppNamespace = "::glyptic::graph";
}

def EvaluableOpInterface : GraphInterface<"EvaluableOpInterface"> {
  let description = [{
    Meaning: the value of each result for given operand values, computed plainly in the elements' precision (FP32 or
    FP64). It is the oracle that folding, derivatives and generated code are tested against, so it is written apart
    from the structured form and shares no code with it.
  }];
  let methods = [InterfaceMethod<[{
      Fills `results`, which arrive allocated with concrete shapes. `operands` have concrete shapes that satisfy the
      verifier once the batch is known.
    }],
    "::mlir::LogicalResult", "evaluate",
    (ins "::llvm::ArrayRef<const ::glyptic::graph::HostTensor *>":$operands,
         "::llvm::MutableArrayRef<::glyptic::graph::HostTensor>":$results)>];
}

def DifferentiableOpInterface : GraphInterface<"DifferentiableOpInterface"> {
  let description = [{
    Derivative, in reverse mode: the gradient of each operand as plain `graph` ops, so that a gradient can be
    differentiated again. Operands of integer or boolean type have no gradient.
  }];
  let methods = [InterfaceMethod<[{
      `resultGradients[i]` is the gradient of result i, or null if nothing depends on it. Returns one value for each
      operand: its gradient, or null where `wanted` is false or the gradient is zero everywhere. Gradients have their
      operand's type. An op whose derivative is not defined for its present attributes emits an error and fails.
    }],
    "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>", "buildGradients",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$resultGradients,
         "const ::llvm::BitVector &":$wanted)>];
}

def StructuredOpInterface : GraphInterface<"StructuredOpInterface"> {
  let description = [{
    Structured form: the op as `linalg.generic` on tensors (indexing maps and a scalar body), from which every
    schedule of every target is generated.
  }];
  let methods = [InterfaceMethod<[{
      Builds the structured form over `operands` (tensors of the op's operand types) and returns one value for each
      result, of the op's result types.
    }],
    "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>", "buildStructured",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands)>,
    InterfaceMethod<"What an element of the results is computed from.",
    "::glyptic::graph::ElementAccess", "getElementAccess", (ins), [{}], [{
      if ($_op->template hasTrait<::mlir::OpTrait::Elementwise>())
        return ::glyptic::graph::ElementAccess::Same;
      return $_op->template hasTrait<::glyptic::graph::trait::MovesElements>()
                 ? ::glyptic::graph::ElementAccess::Mapped : ::glyptic::graph::ElementAccess::Other;
    }]>];
}

def DecomposableOpInterface : GraphInterface<"DecomposableOpInterface"> {
  let description = [{
    A composite op, kept whole while recognisers, precision and autodiff look at it, in terms of simpler `graph` ops.
  }];
  let methods = [InterfaceMethod<
    "Builds the replacement of each result.",
    "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>", "decompose", (ins "::mlir::OpBuilder &":$builder)>];
}

def TrainingFormOpInterface : GraphInterface<"TrainingFormOpInterface"> {
  let description = [{
    An op that computes something else while a model trains: by the statistics of the batch, or with a random mask. The
    imported program holds what `infer` and `evaluate` compute; `grad` replaces these ops by their training form.
  }];
  let methods = [
    InterfaceMethod<"Builds one value for each result, or returns the op's own results where it stays as it is.",
      "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>", "buildTrainingForm",
      (ins "::mlir::OpBuilder &":$builder, "::glyptic::graph::TrainingScope &":$scope)>,
    InterfaceMethod<"What it does while training, for people: `normalises by the statistics of each batch`.",
      "::llvm::StringRef", "describeTrainingForm", (ins)>,
  ];
}

def LibraryCallOpInterface : GraphInterface<"LibraryCallOpInterface"> {
  let description = [{
    What a vendor library may do for the op. The description is library-neutral; planning picks the library of the
    target, and a target without one falls back to the structured form.
  }];
  let methods = [
    InterfaceMethod<[{
      The routine ("matmul", "convolution", "convolution_input_gradient", "pool_max", ...) and its integer parameters,
      or nullopt if no library can do the op with its present attributes. Operands and results of the call are those
      of the op.
    }],
    "::std::optional<::glyptic::graph::LibraryCall>", "getLibraryCall", (ins)>,
    InterfaceMethod<
      "Floating-point operations of one execution, split in a part per batch element and a constant part.",
      "::glyptic::graph::Dim", "getFlops", (ins)>,
    InterfaceMethod<[{
        Builds the result out of ops that are library calls more often, for a target whose libraries do not do this one;
        fails where a kernel is better.
      }],
      "::mlir::FailureOr<::mlir::Value>", "buildFallback", (ins "::mlir::OpBuilder &":$builder), [{}], [{
        return ::mlir::failure();
      }]>];
}

def ReducingOpInterface : GraphInterface<"ReducingOpInterface"> {
  let description = "An op that combines elements of one operand along dimensions; fusion chooses its loops by them.";
  let methods = [
    InterfaceMethod<"The operand whose elements are combined.", "::mlir::Value", "getReducedOperand", (ins)>,
    InterfaceMethod<"The dimensions that disappear, increasing.", "::llvm::SmallVector<int64_t>", "getReducedDims", (ins)>,
  ];
}

def PermutableOpInterface : GraphInterface<"PermutableOpInterface"> {
  let description = [{
    How the op commutes with permutations of dimensions, so that the layout phase can choose the order in which tensors
    lie in memory. Permutations are those of `graph.transpose`: result dimension i is operand dimension permutation[i].
  }];
  let methods = [
    InterfaceMethod<[{
        Where operand `index` is transpose(source, permutation): changes the op in place to read `source`, with the same
        result, and returns true; or leaves it alone and returns false.
      }],
      "bool", "absorbOperandPermutation",
      (ins "unsigned":$index, "::llvm::ArrayRef<int64_t>":$permutation, "::mlir::Value":$source), [{}], [{
        return false;
      }]>,
    InterfaceMethod<[{
        Builds the op such that its result is transpose(present result, permutation), from operands that are transposed
        as it needs (by `graph.transpose` ops that it emits); fails if the op cannot. Unless the op says otherwise, it
        is elementwise: every operand is transposed alike.
      }],
      "::mlir::FailureOr<::mlir::Value>", "buildPermuted",
      (ins "::mlir::OpBuilder &":$builder, "::llvm::ArrayRef<int64_t>":$permutation), [{}], [{
        return ::glyptic::graph::permuteElementwise($_op, builder, permutation);
      }]>,
    InterfaceMethod<[{
        Builds the op over its present operands such that its result is transpose(present result, permutation), where
        that costs no more than the op does now; else fails.
      }],
      "::mlir::FailureOr<::mlir::Value>", "absorbResultPermutation",
      (ins "::mlir::OpBuilder &":$builder, "::llvm::ArrayRef<int64_t>":$permutation), [{}], [{
        return ::mlir::failure();
      }]>,
  ];
}

def LayoutPreferenceOpInterface : GraphInterface<"LayoutPreferenceOpInterface"> {
  let description = "An op whose library routines are fastest for one order of dimensions.";
  let methods = [
    InterfaceMethod<[{
        The permutation that brings operand `index` (or the result, at index = number of operands) into the preferred
        order in memory; identity if it has it already.
      }],
      "::llvm::SmallVector<int64_t>", "getPreferredPermutation", (ins "unsigned":$index)>,
    InterfaceMethod<"Rebuilds the op over operands in the preferred order; the result is in its preferred order.",
      "::mlir::Value", "buildPreferred", (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands)>,
  ];
}

def IndexingOpInterface : GraphInterface<"IndexingOpInterface"> {
  let description = [{
    An op that uses elements of an integer operand as positions. Data from outside is checked against the range before a
    run, so that no kernel has to.
  }];
  let methods = [InterfaceMethod<"The integer operand, and the values that its elements may have.",
                                 "::glyptic::graph::IndexUse", "getIndexUse", (ins)>];
}

def ScatterOpInterface : GraphInterface<"ScatterOpInterface"> {
  let description = [{
    An op that writes each slice of `updates` where `indices` say, along `dim` of its result; several may go to one
    place. Which element that is is data, so no indexing map describes the op: codegen has loops of its own for it.
  }];
  let methods = [
    InterfaceMethod<"Which slice of the result each update goes to.", "::mlir::Value", "getIndices", (ins),
                    [{ return $_op.getIndices(); }]>,
    InterfaceMethod<"What is written.", "::mlir::Value", "getUpdates", (ins), [{ return $_op.getUpdates(); }]>,
    InterfaceMethod<"The dimension of the result along which slices lie.", "int64_t", "getDim", (ins),
                    [{ return $_op.getDim(); }]>,
    InterfaceMethod<"An element that no update goes to.", "::mlir::Value", "buildInitial",
                    (ins "::mlir::OpBuilder &":$builder)>,
    InterfaceMethod<"Elements, or vectors of them, after one more update.", "::mlir::Value", "buildUpdated",
                    (ins "::mlir::OpBuilder &":$builder, "::mlir::Value":$before, "::mlir::Value":$update)>,
  ];
}

class GraphTrait<string name> : NativeOpTrait<name> {
  let cppNamespace = "::glyptic::graph::trait";
}

/// The result repeats elements of the operand, or follows from a few scalars: recomputed wherever it is used, never
/// stored for its own sake.
def Repeats : GraphTrait<"Repeats">;

/// The result holds elements of the operands at other places, found through an index map.
def MovesElements : GraphTrait<"MovesElements">;

/// Takes tens of instructions for an element (exp, erf): a kernel that needs a result again keeps it if it can.
def Costly : GraphTrait<"Costly">;

/// The result is the operand's elements in the same row-major order under another shape: no memory of its own, no loops.
def View : GraphTrait<"View">;

/// Joins or divides tensors that planning lays side by side, so that nothing moves.
def SideBySide : GraphTrait<"SideBySide">;

def PrecisionOpInterface : GraphInterface<"PrecisionOpInterface"> {
  let description = "Precision class: how the mixed-precision rewrite treats the op.";
  let methods = [InterfaceMethod<"The op's class.", "::glyptic::graph::PrecisionClass", "getPrecisionClass", (ins)>];
}

#endif // GLYPTIC_GRAPH_INTERFACES_TD
