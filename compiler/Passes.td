//===- Passes.td - Every pass of the compiler -------------------*- tablegen -*-===//

#ifndef GLYPTIC_PASSES_TD
#define GLYPTIC_PASSES_TD

include "mlir/Pass/PassBase.td"

def AutodiffPass : Pass<"graph-autodiff", "::mlir::ModuleOp"> {
  let summary = "Adds `@f.gradient` for each function that says `graph.differentiate`";
  let description = [{
    `graph.differentiate = array<i64: 0, 2>` on `@f` asks for the gradients of the sum of its one result's elements with
    respect to arguments 0 and 2. Training uses the same code through compiler/Training/Autodiff.h.
  }];
  let dependentDialects = ["::glyptic::graph::GraphDialect"];
}

def RecognisePass : Pass<"graph-recognise", "::mlir::func::FuncOp"> {
  let summary = "Puts composite ops (norms, softmax, activations) in the place of formulas that spell them out";
  let description = [{
    Before training and precision, which treat composites better than their pieces. Only where nothing else needs a
    value inside the formula. The composite's location is that of all nodes it replaces.
  }];
  let dependentDialects = ["::glyptic::graph::GraphDialect"];
}

def TrainingPass : Pass<"graph-training", "::mlir::ModuleOp"> {
  let summary = "Adds @evaluate, @grad, @apply and @step to a module with @infer";
  let description = "compiler/Program.h says what these functions mean, compiler/TrainingTable.h what the options are.";
  let dependentDialects = ["::glyptic::graph::GraphDialect"];
}

def DecomposePass : Pass<"graph-decompose"> {
  let summary = "Expands composite ops (norms, softmax, losses) into simpler graph ops";
  let description = [{
    Runs after autodiff, when composites have served recognisers, precision and derivatives, so that fusion sees only
    ops with a structured form or a library call. Why a GPU's library does not do a composite as a whole is recorded on
    the module (`graph.fallbacks`).
  }];
  let options = [Option<"target", "target", "std::string", "\"\"", "the GPU that the program is compiled for, if any">];
  let dependentDialects = ["::glyptic::graph::GraphDialect"];
}

def StructurePass : Pass<"graph-structure", "::mlir::func::FuncOp"> {
  let summary = "Shows every op in structured form (linalg.generic), each by itself";
  let description = [{
    Code generation asks for the form of one region at a time; this pass is for reading and testing what an op's
    StructuredOpInterface builds. Ops without a structured form stay.
  }];
  let dependentDialects = ["::glyptic::graph::GraphDialect"];
}

def FlatStatePass : Pass<"graph-flat-state", "::mlir::ModuleOp"> {
  let summary = "Merges the updates of many tensors into kernels over flat memory";
  let description = [{
    Ops that make new state elementwise, and differ between two tensors in nothing but the shape, become one
    `graph.region` over packed state; a sum of the squares of many tensors becomes one reduction. Planning lays state
    out as the packs want it.
  }];
  let dependentDialects = ["::glyptic::graph::GraphDialect"];
}

def IndexRangesPass : Pass<"graph-index-ranges", "::mlir::ModuleOp"> {
  let summary = "Finds which values integer inputs may have";
  let description = [{
    Follows each integer input and label to the ops that use it as positions, and records on the argument the range that
    all of them allow (`graph.range`, `graph.ignored`), for the runtime to check data against.
  }];
}

def SampleMixingPass : Pass<"graph-sample-mixing", "::mlir::ModuleOp"> {
  let summary = "Finds outputs that must not be computed a part of the samples at a time";
  let description = [{
    Marks each output that says something of one sample which may depend on others, or on how many there are
    (`graph.mixes_samples`), and says at which node that begins. The structured form of every op is asked: samples stay
    apart where the loop over them is parallel, and reads each operand at its own sample.
  }];
}

def ChooseLibrariesPass : Pass<"graph-choose-libraries", "::mlir::ModuleOp"> {
  let summary = "Decides which ops NVIDIA's libraries do on a GPU, and with how much workspace";
  let description = [{
    An op that one does gets `graph.workspace`, bytes that planning has to find. What no library does is built of ops that
    one may do, where that is better, or gets `graph.generated`, and fusion makes a kernel of it; why is recorded on the
    module (`graph.fallbacks`). A processor needs no such pass: its library does all that ops ask for, and says what it
    needs when it runs.
  }];
  let options = [Option<"target", "target", "std::string", "\"cuda:sm_90\"", "what the program is compiled for">];
  let dependentDialects = ["::glyptic::graph::GraphDialect"];
}

def FusionPass : Pass<"graph-fusion", "::mlir::func::FuncOp"> {
  let summary = "Groups ops into regions, each of which becomes one kernel";
  let description = [{
    Ops that a library does better, views (reshape) and plain constants stay outside. Everything else ends in a
    `graph.region` whose `schedule` names the loop structure its ops share. Forward and backward are fused alike.
  }];
  let dependentDialects = ["::glyptic::graph::GraphDialect"];
}

def RematerialisePass : Pass<"graph-rematerialise", "::mlir::func::FuncOp"> {
  let summary = "Computes values again where they would take more memory than there is";
  let description = [{
    Runs on regions, where the user has limited memory. compiler/Fusion/Rematerialise.cpp has the rule.
  }];
  let options = [Option<"budget", "budget", "int64_t", "0", "bytes of work memory that the function should need at most">,
                 Option<"maxBatch", "max-batch", "int64_t", "32", "samples of one execution at most">];
  let dependentDialects = ["::glyptic::graph::GraphDialect", "::glyptic::plan::PlanDialect"];
}

def LayoutPass : Pass<"graph-layout", "::mlir::ModuleOp"> {
  let summary = "Chooses the order in which tensors lie in memory, and removes transposes";
  let description = [{
    Ops with a preference (channels last for images) get their operands in that order, state is kept in the order in
    which it is read, and transposes move towards results until they cancel or an op reads through them.
  }];
  let dependentDialects = ["::glyptic::graph::GraphDialect"];
}

def GenerateKernelsPass : Pass<"graph-generate-kernels", "::mlir::ModuleOp"> {
  let summary = "Generates the kernels of every graph.region";
  let description = [{
    Chooses loops for the structured form of each region and emits them as scf, arith, math, vector and memref over flat
    buffers into a nested module @kernels. The region's `launches` and `scratch` say how to run them.
  }];
  let options = [Option<"vectorBytes", "vector-bytes", "int64_t", "128", "bytes of the vectors that kernels compute on">,
                 Option<"forGpu", "gpu", "bool", "false", "kernels for a GPU, in a gpu.module">];
  let dependentDialects = ["::glyptic::graph::GraphDialect", "::mlir::func::FuncDialect",
                           "::mlir::gpu::GPUDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def PlanningPass : Pass<"graph-plan", "::mlir::ModuleOp"> {
  let summary = "Places every value in memory, and writes the program as instructions";
  let description = [{
    Turns the functions of a fused program into one `plan.program`: arenas with offsets for the largest batch, results
    that are state written in place where that is legal, launches and library calls in program order. A batch that does
    not fit in memory is refused, with the largest that does.
  }];
  let options = [
    Option<"maxBatch", "max-batch", "int64_t", "32", "samples of one execution at most">,
    Option<"threads", "threads", "int64_t", "1", "threads that the program runs on">,
    Option<"target", "target", "std::string", "\"cpu\"", "what the kernels are compiled for">,
    Option<"memoryLimit", "memory-limit", "int64_t", "0", "bytes that all arenas may take; 0: what this machine has">,
  ];
  let dependentDialects = ["::glyptic::plan::PlanDialect"];
}

def VerifyBoundaryPass : Pass<"verify-boundary", "::mlir::ModuleOp"> {
  let summary = "Checks that nothing but what may remain after a phase is in the module";
  let options = [Option<"after", "after", "std::string", "\"Import\"", "name of the phase">];
}

#endif // GLYPTIC_PASSES_TD
