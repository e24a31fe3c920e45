// RUN: glyptic-opt %s -split-input-file -graph-flat-state | FileCheck %s

// Two tensors, one rule: momentum and weight become one region over packs. Scalars are read once for all, constants
// take the flat shape. 6 and 70 elements begin at multiples of 64: 64 + 128.
// CHECK-LABEL: func.func @momentum
// CHECK-SAME:  (%[[W:.*]]: tensor<2x3xf32> {{{.*}}}, %[[V:.*]]: tensor<70xf32> {{{.*}}}, %[[MW:.*]]: tensor<2x3xf32> {{{.*}}}, %[[MV:.*]]: tensor<70xf32> {{{.*}}}, %[[GW:.*]]: tensor<2x3xf32> {{{.*}}}, %[[GV:.*]]: tensor<70xf32> {{{.*}}}, %[[RATE:[a-z0-9]*]]: tensor<f32>
// CHECK-DAG:   %[[WS:.*]] = graph.pack %[[W]], %[[V]] : (tensor<2x3xf32>, tensor<70xf32>) -> tensor<192xf32>
// CHECK-DAG:   %[[MS:.*]] = graph.pack %[[MW]], %[[MV]]
// CHECK-DAG:   %[[GS:.*]] = graph.pack %[[GW]], %[[GV]]
// CHECK:       %[[NEW:.*]]:2 = graph.region "pointwise"(%[[WS]], %[[MS]], %[[GS]], %[[RATE]]) {
// CHECK-NEXT:  ^bb0(%[[A:.*]]: tensor<192xf32>, %[[B:.*]]: tensor<192xf32>, %[[C:.*]]: tensor<192xf32>, %[[S:.*]]: tensor<f32>):
// CHECK-DAG:     %[[BETA:.*]] = graph.constant dense<{{.*}}> : tensor<192xf32>
// CHECK-DAG:     %[[KEPT:.*]] = graph.mul %[[B]], %[[BETA]] : tensor<192xf32>
// CHECK-DAG:     %[[M:.*]] = graph.add %[[KEPT]], %[[C]] : tensor<192xf32>
// CHECK-DAG:     %[[R:.*]] = graph.broadcast %[[S]] dims = [] : (tensor<f32>) -> tensor<192xf32>
// CHECK-DAG:     %[[D:.*]] = graph.mul %[[R]], %[[M]]
// CHECK:         %[[P:.*]] = graph.sub %[[A]], %[[D]]
// CHECK:         graph.yield %[[P]], %[[M]]
// CHECK:       }
// CHECK-DAG:   %[[OUT:.*]]:2 = graph.unpack %[[NEW]]#0 : (tensor<192xf32>) -> (tensor<2x3xf32>, tensor<70xf32>)
// CHECK-DAG:   %[[OUTM:.*]]:2 = graph.unpack %[[NEW]]#1
// CHECK:       return %[[OUT]]#0, %[[OUT]]#1, %[[OUTM]]#0, %[[OUTM]]#1
func.func @momentum(%w: tensor<2x3xf32> {graph.name = "w", graph.role = "parameter"},
                    %v: tensor<70xf32> {graph.name = "v", graph.role = "parameter"},
                    %mw: tensor<2x3xf32> {graph.name = "optimizer.m.w", graph.role = "slot"},
                    %mv: tensor<70xf32> {graph.name = "optimizer.m.v", graph.role = "slot"},
                    %gw: tensor<2x3xf32> {graph.name = "gradient.w", graph.role = "accumulator"},
                    %gv: tensor<70xf32> {graph.name = "gradient.v", graph.role = "accumulator"},
                    %rate: tensor<f32> {graph.name = "rate", graph.role = "input"})
    -> (tensor<2x3xf32> {graph.name = "w", graph.role = "parameter"},
        tensor<70xf32> {graph.name = "v", graph.role = "parameter"},
        tensor<2x3xf32> {graph.name = "optimizer.m.w", graph.role = "slot"},
        tensor<70xf32> {graph.name = "optimizer.m.v", graph.role = "slot"}) {
  %beta = graph.constant dense<0.9> : tensor<2x3xf32>
  %0 = graph.mul %mw, %beta : tensor<2x3xf32>
  %1 = graph.add %0, %gw : tensor<2x3xf32>
  %2 = graph.broadcast %rate dims = [] : (tensor<f32>) -> tensor<2x3xf32>
  %3 = graph.mul %2, %1 : tensor<2x3xf32>
  %4 = graph.sub %w, %3 : tensor<2x3xf32>
  %beta_v = graph.constant dense<0.9> : tensor<70xf32>
  %5 = graph.mul %mv, %beta_v : tensor<70xf32>
  %6 = graph.add %5, %gv : tensor<70xf32>
  %7 = graph.broadcast %rate dims = [] : (tensor<f32>) -> tensor<70xf32>
  %8 = graph.mul %7, %6 : tensor<70xf32>
  %9 = graph.sub %v, %8 : tensor<70xf32>
  return %4, %9, %1, %6 : tensor<2x3xf32>, tensor<70xf32>, tensor<2x3xf32>, tensor<70xf32>
}

// -----

// Another constant is another rule: the first two are merged, the third has no partner, the fourth is not changed and
// the fifth is a scalar, which costs nothing among scalars.
// CHECK-LABEL: func.func @groups
// CHECK:       graph.pack %{{.*}}, %{{.*}} : (tensor<5xf32>, tensor<7xf32>)
// CHECK-NOT:   graph.pack
// CHECK:       return
func.func @groups(%a: tensor<5xf32> {graph.name = "a", graph.role = "parameter"},
                  %b: tensor<7xf32> {graph.name = "b", graph.role = "parameter"},
                  %c: tensor<5xf32> {graph.name = "c", graph.role = "parameter"},
                  %d: tensor<5xf32> {graph.name = "d", graph.role = "buffer"},
                  %e: tensor<f32> {graph.name = "e", graph.role = "parameter"})
    -> (tensor<5xf32> {graph.name = "a", graph.role = "parameter"},
        tensor<7xf32> {graph.name = "b", graph.role = "parameter"},
        tensor<5xf32> {graph.name = "c", graph.role = "parameter"},
        tensor<5xf32> {graph.name = "d", graph.role = "buffer"},
        tensor<f32> {graph.name = "e", graph.role = "parameter"}) {
  %0 = graph.constant dense<0.5> : tensor<5xf32>
  %1 = graph.mul %a, %0 : tensor<5xf32>
  %2 = graph.constant dense<0.5> : tensor<7xf32>
  %3 = graph.mul %b, %2 : tensor<7xf32>
  %4 = graph.constant dense<0.25> : tensor<5xf32>
  %5 = graph.mul %c, %4 : tensor<5xf32>
  %6 = graph.constant dense<0.5> : tensor<f32>
  %7 = graph.mul %e, %6 : tensor<f32>
  return %1, %3, %5, %d, %7 : tensor<5xf32>, tensor<7xf32>, tensor<5xf32>, tensor<5xf32>, tensor<f32>
}

// -----

// The old value of %a is returned beside the new one, so the update cannot write over it.
// CHECK-LABEL: func.func @old_value
// CHECK-NOT:   graph.pack
func.func @old_value(%a: tensor<5xf32> {graph.name = "a", graph.role = "parameter"},
                     %b: tensor<7xf32> {graph.name = "b", graph.role = "parameter"})
    -> (tensor<5xf32> {graph.name = "a", graph.role = "parameter"},
        tensor<7xf32> {graph.name = "b", graph.role = "parameter"},
        tensor<5xf32> {graph.name = "before", graph.role = "output"}) {
  %0 = graph.neg %a : tensor<5xf32>
  %1 = graph.neg %b : tensor<7xf32>
  return %0, %1, %a : tensor<5xf32>, tensor<7xf32>, tensor<5xf32>
}

// -----

// A product reads the old %b when %a is new already: the two updates cannot wait for each other.
// CHECK-LABEL: func.func @one_after_the_other
// CHECK-NOT:   graph.pack
func.func @one_after_the_other(%a: tensor<2x2xf32> {graph.name = "a", graph.role = "parameter"},
                               %b: tensor<2x2xf32> {graph.name = "b", graph.role = "parameter"})
    -> (tensor<2x2xf32> {graph.name = "a", graph.role = "parameter"},
        tensor<2x2xf32> {graph.name = "b", graph.role = "parameter"},
        tensor<2x2xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.neg %a : tensor<2x2xf32>
  %1 = graph.neg %b : tensor<2x2xf32>
  %2 = graph.dot_general %0, %b batch = [] x [] contracting = [1] x [0] : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0, %1, %2 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

// -----

// The norm of gradients that this function computes and leaves in accumulators, whose memory nothing else needs. %c
// follows a rule of its own, so its gradient comes last: it lies behind the run that the update of the others reads.
// CHECK-LABEL: func.func @norm
// CHECK:       %[[A:.*]] = graph.reduce sum %{{.*}} dims = [0] : (tensor<?x5xf32>)
// CHECK:       %[[C:.*]] = graph.reduce sum %{{.*}} dims = [0] : (tensor<?x6xf32>)
// CHECK:       %[[B:.*]] = graph.reduce sum %{{.*}} dims = [0] : (tensor<?x7xf32>)
// CHECK-DAG:   graph.pack %[[A]], %[[B]] :
// CHECK-DAG:   %[[ALL:.*]] = graph.pack %[[A]], %[[B]], %[[C]]
// CHECK:       %[[SQUARES:.*]] = graph.mul %[[ALL]], %[[ALL]] : tensor<192xf32>
// CHECK:       %[[SUM:.*]] = graph.reduce sum %[[SQUARES]] dims = [0]
// CHECK-NOT:   graph.reduce
// CHECK:       graph.region "pointwise"
// CHECK:       return
func.func @norm(%a: tensor<5xf32> {graph.name = "a", graph.role = "parameter"},
                %c: tensor<6xf32> {graph.name = "c", graph.role = "parameter"},
                %b: tensor<7xf32> {graph.name = "b", graph.role = "parameter"},
                %x: tensor<?x5xf32> {graph.name = "x", graph.role = "input"},
                %z: tensor<?x6xf32> {graph.name = "z", graph.role = "input"},
                %y: tensor<?x7xf32> {graph.name = "y", graph.role = "input"})
    -> (tensor<5xf32> {graph.name = "a", graph.role = "parameter"},
        tensor<6xf32> {graph.name = "c", graph.role = "parameter"},
        tensor<7xf32> {graph.name = "b", graph.role = "parameter"},
        tensor<5xf32> {graph.name = "gradient.a", graph.role = "accumulator"},
        tensor<6xf32> {graph.name = "gradient.c", graph.role = "accumulator"},
        tensor<7xf32> {graph.name = "gradient.b", graph.role = "accumulator"}) {
  %ga = graph.reduce sum %x dims = [0] : (tensor<?x5xf32>) -> tensor<5xf32>
  %gc = graph.reduce sum %z dims = [0] : (tensor<?x6xf32>) -> tensor<6xf32>
  %gb = graph.reduce sum %y dims = [0] : (tensor<?x7xf32>) -> tensor<7xf32>
  %0 = graph.mul %ga, %ga : tensor<5xf32>
  %1 = graph.reduce sum %0 dims = [0] : (tensor<5xf32>) -> tensor<f32>
  %2 = graph.mul %gc, %gc : tensor<6xf32>
  %3 = graph.reduce sum %2 dims = [0] : (tensor<6xf32>) -> tensor<f32>
  %4 = graph.mul %gb, %gb : tensor<7xf32>
  %5 = graph.reduce sum %4 dims = [0] : (tensor<7xf32>) -> tensor<f32>
  %6 = graph.add %1, %3 : tensor<f32>
  %7 = graph.add %6, %5 : tensor<f32>
  %8 = graph.broadcast %7 dims = [] : (tensor<f32>) -> tensor<5xf32>
  %9 = graph.mul %ga, %8 : tensor<5xf32>
  %10 = graph.sub %a, %9 : tensor<5xf32>
  %11 = graph.sub %c, %gc : tensor<6xf32>
  %12 = graph.broadcast %7 dims = [] : (tensor<f32>) -> tensor<7xf32>
  %13 = graph.mul %gb, %12 : tensor<7xf32>
  %14 = graph.sub %b, %13 : tensor<7xf32>
  return %10, %11, %14, %ga, %gc, %gb
    : tensor<5xf32>, tensor<6xf32>, tensor<7xf32>, tensor<5xf32>, tensor<6xf32>, tensor<7xf32>
}

// -----

// The gaps between tensors that an update runs over may hold anything, so nothing is summed over them.
// CHECK-LABEL: func.func @norm_of_parameters
// CHECK-COUNT-2: graph.reduce
// CHECK:         graph.pack
// CHECK-NOT:     graph.pack
func.func @norm_of_parameters(%a: tensor<5xf32> {graph.name = "a", graph.role = "parameter"},
                              %b: tensor<7xf32> {graph.name = "b", graph.role = "parameter"})
    -> (tensor<5xf32> {graph.name = "a", graph.role = "parameter"},
        tensor<7xf32> {graph.name = "b", graph.role = "parameter"}) {
  %0 = graph.mul %a, %a : tensor<5xf32>
  %1 = graph.reduce sum %0 dims = [0] : (tensor<5xf32>) -> tensor<f32>
  %2 = graph.mul %b, %b : tensor<7xf32>
  %3 = graph.reduce sum %2 dims = [0] : (tensor<7xf32>) -> tensor<f32>
  %4 = graph.add %1, %3 : tensor<f32>
  %5 = graph.broadcast %4 dims = [] : (tensor<f32>) -> tensor<5xf32>
  %6 = graph.div %a, %5 : tensor<5xf32>
  %7 = graph.broadcast %4 dims = [] : (tensor<f32>) -> tensor<7xf32>
  %8 = graph.div %b, %7 : tensor<7xf32>
  return %6, %8 : tensor<5xf32>, tensor<7xf32>
}

// -----

// In the step %b and %c have one gradient, as two biases that are added up: it cannot lie in two places, so their updates
// stay apart. Where apply has the order to choose, those that the step merges come first, side by side in both.
// CHECK-LABEL: func.func @apply
// CHECK-SAME:  (%[[A:[a-z0-9]+]]: tensor<5xf32> {{.*}}, %[[B:[a-z0-9]+]]: tensor<7xf32> {{{.*}} "b"{{.*}}, %[[C:[a-z0-9]+]]: tensor<7xf32> {{{.*}} "c"{{.*}}, %[[D:[a-z0-9]+]]: tensor<3xf32> {graph.name = "d"
// CHECK:       graph.pack %[[A]], %[[D]], %[[B]], %[[C]] :
// CHECK-COUNT-1: graph.region
// CHECK-LABEL: func.func @step
// CHECK-SAME:  (%[[A:.*]]: tensor<5xf32> {{{.*}}}, %[[B:.*]]: tensor<7xf32> {{{.*}}}, %[[C:.*]]: tensor<7xf32> {{{.*}}}, %[[D:[a-z0-9]*]]: tensor<3xf32> {
// CHECK-DAG:   graph.pack %[[A]], %[[D]] :
// CHECK-DAG:   graph.sub %[[B]], %[[G:[0-9]+]] :
// CHECK-DAG:   graph.sub %[[C]], %[[G]] :
func.func @apply(%a: tensor<5xf32> {graph.name = "a", graph.role = "parameter"},
                 %b: tensor<7xf32> {graph.name = "b", graph.role = "parameter"},
                 %c: tensor<7xf32> {graph.name = "c", graph.role = "parameter"},
                 %d: tensor<3xf32> {graph.name = "d", graph.role = "parameter"},
                 %ga: tensor<5xf32> {graph.name = "gradient.a", graph.role = "accumulator"},
                 %gb: tensor<7xf32> {graph.name = "gradient.b", graph.role = "accumulator"},
                 %gc: tensor<7xf32> {graph.name = "gradient.c", graph.role = "accumulator"},
                 %gd: tensor<3xf32> {graph.name = "gradient.d", graph.role = "accumulator"})
    -> (tensor<5xf32> {graph.name = "a", graph.role = "parameter"},
        tensor<7xf32> {graph.name = "b", graph.role = "parameter"},
        tensor<7xf32> {graph.name = "c", graph.role = "parameter"},
        tensor<3xf32> {graph.name = "d", graph.role = "parameter"}) {
  %0 = graph.sub %a, %ga : tensor<5xf32>
  %1 = graph.sub %b, %gb : tensor<7xf32>
  %2 = graph.sub %c, %gc : tensor<7xf32>
  %3 = graph.sub %d, %gd : tensor<3xf32>
  return %0, %1, %2, %3 : tensor<5xf32>, tensor<7xf32>, tensor<7xf32>, tensor<3xf32>
}
func.func @step(%a: tensor<5xf32> {graph.name = "a", graph.role = "parameter"},
                %b: tensor<7xf32> {graph.name = "b", graph.role = "parameter"},
                %c: tensor<7xf32> {graph.name = "c", graph.role = "parameter"},
                %d: tensor<3xf32> {graph.name = "d", graph.role = "parameter"},
                %x: tensor<?x5xf32> {graph.name = "x", graph.role = "input"},
                %y: tensor<?x7xf32> {graph.name = "y", graph.role = "input"},
                %z: tensor<?x3xf32> {graph.name = "z", graph.role = "input"})
    -> (tensor<5xf32> {graph.name = "a", graph.role = "parameter"},
        tensor<7xf32> {graph.name = "b", graph.role = "parameter"},
        tensor<7xf32> {graph.name = "c", graph.role = "parameter"},
        tensor<3xf32> {graph.name = "d", graph.role = "parameter"},
        tensor<5xf32> {graph.name = "gradient.a", graph.role = "accumulator"},
        tensor<7xf32> {graph.name = "gradient.b", graph.role = "accumulator"},
        tensor<7xf32> {graph.name = "gradient.c", graph.role = "accumulator"},
        tensor<3xf32> {graph.name = "gradient.d", graph.role = "accumulator"}) {
  %ga = graph.reduce sum %x dims = [0] : (tensor<?x5xf32>) -> tensor<5xf32>
  %g = graph.reduce sum %y dims = [0] : (tensor<?x7xf32>) -> tensor<7xf32>
  %gd = graph.reduce sum %z dims = [0] : (tensor<?x3xf32>) -> tensor<3xf32>
  %0 = graph.sub %a, %ga : tensor<5xf32>
  %1 = graph.sub %b, %g : tensor<7xf32>
  %2 = graph.sub %c, %g : tensor<7xf32>
  %3 = graph.sub %d, %gd : tensor<3xf32>
  return %0, %1, %2, %3, %ga, %g, %g, %gd
    : tensor<5xf32>, tensor<7xf32>, tensor<7xf32>, tensor<3xf32>, tensor<5xf32>, tensor<7xf32>, tensor<7xf32>, tensor<3xf32>
}
