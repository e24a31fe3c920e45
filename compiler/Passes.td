//===- Passes.td - Every pass of the compiler -------------------*- tablegen -*-===//

#ifndef GLYPTIC_PASSES_TD
#define GLYPTIC_PASSES_TD

include "mlir/Pass/PassBase.td"

def DecomposePass : Pass<"graph-decompose"> {
  let summary = "Expands composite ops (norms, softmax, losses) into simpler graph ops";
  let description = [{
    Runs after autodiff, when composites have served recognisers, precision and derivatives, so that fusion sees only
    ops with a structured form or a library call.
  }];
  let dependentDialects = ["::glyptic::graph::GraphDialect"];
}

#endif // GLYPTIC_PASSES_TD
