// RUN: glyptic-opt %s -split-input-file -graph-plan=max-batch=4 | FileCheck %s

// An update that reads the state pointwise is done in place.
// CHECK-LABEL: plan.program "cpu" threads 1 max_batch 4 arenas [128, 0, 0, 0]
// CHECK: %[[W:.*]] = plan.buffer state[0] <64>
// CHECK: plan.state "w" role "parameter" %[[W]] : tensor<16xf32> stored
// CHECK: %[[M:.*]] = plan.buffer state[64] <64>
// CHECK: plan.state "optimizer.m.w" role "slot" %[[M]] : tensor<16xf32>{{$}}
// CHECK: plan.entry @apply
// CHECK-NEXT: plan.launch @k(%[[W]], %[[M]], %[[W]], %[[M]]) writes [2, 3]
// CHECK-NEXT: }
func.func @apply(%w: tensor<16xf32> {graph.name = "w", graph.role = "parameter"},
                 %m: tensor<16xf32> {graph.name = "optimizer.m.w", graph.role = "slot"})
    -> (tensor<16xf32> {graph.name = "w", graph.role = "parameter"},
        tensor<16xf32> {graph.name = "optimizer.m.w", graph.role = "slot"}) {
  %0, %1 = graph.region "pointwise"(%w, %m) attributes {
      launches = [#graph.launch<@k, buffers = [0, 1, 2, 3], writes = [2, 3], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %s = graph.add %a, %b : tensor<16xf32>
    %t = graph.mul %s, %b : tensor<16xf32>
    graph.yield %s, %t : tensor<16xf32>, tensor<16xf32>
  } : (tensor<16xf32>, tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>)
  return %0, %1 : tensor<16xf32>, tensor<16xf32>
}

// -----

// Swapped states need a third place.
// CHECK-LABEL: plan.program {{.*}} arenas [128, 0, 64, 0]
// CHECK: %[[A:.*]] = plan.buffer state[0] <64>
// CHECK: %[[B:.*]] = plan.buffer state[64] <64>
// CHECK: plan.entry @apply
// CHECK: %[[T:.*]] = plan.buffer work[0] <64>
// CHECK-NEXT: plan.copy %[[A]] to %[[T]]
// CHECK-NEXT: plan.copy %[[B]] to %[[A]]
// CHECK-NEXT: plan.copy %[[T]] to %[[B]]
// CHECK-NEXT: }
func.func @apply(%a: tensor<16xf32> {graph.name = "a", graph.role = "buffer"},
                 %b: tensor<16xf32> {graph.name = "b", graph.role = "buffer"})
    -> (tensor<16xf32> {graph.name = "a", graph.role = "buffer"}, tensor<16xf32> {graph.name = "b", graph.role = "buffer"}) {
  return %b, %a : tensor<16xf32>, tensor<16xf32>
}

// -----

// The average reads the old weight after the new one is made, so the new one waits in work memory.
// CHECK-LABEL: plan.program
// CHECK: %[[W:.*]] = plan.buffer state[0] <64>
// CHECK: %[[E:.*]] = plan.buffer state[64] <64>
// CHECK: plan.entry @apply
// CHECK-NEXT: %[[NEW:.*]] = plan.buffer work[0] <64>
// CHECK-NEXT: plan.launch @update(%[[W]], %[[NEW]]) writes [1]
// CHECK-NEXT: plan.launch @average(%[[W]], %[[E]], %[[E]]) writes [2]
// CHECK-NEXT: plan.copy %[[NEW]] to %[[W]]
// CHECK-NEXT: }
func.func @apply(%w: tensor<16xf32> {graph.name = "w", graph.role = "parameter"},
                 %e: tensor<16xf32> {graph.name = "average.w", graph.role = "buffer"})
    -> (tensor<16xf32> {graph.name = "w", graph.role = "parameter"},
        tensor<16xf32> {graph.name = "average.w", graph.role = "buffer"}) {
  %0 = graph.region "pointwise"(%w) attributes {
      launches = [#graph.launch<@update, buffers = [0, 1], writes = [1], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<16xf32>):
    %s = graph.neg %a : tensor<16xf32>
    graph.yield %s : tensor<16xf32>
  } : (tensor<16xf32>) -> tensor<16xf32>
  %1 = graph.region "pointwise"(%w, %e) attributes {
      launches = [#graph.launch<@average, buffers = [0, 1, 2], writes = [2], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %s = graph.add %a, %b : tensor<16xf32>
    graph.yield %s : tensor<16xf32>
  } : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %0, %1 : tensor<16xf32>, tensor<16xf32>
}

// -----

// Tied weights: the state is read once as it is and once turned, so nothing may be written over it while the kernel runs.
// CHECK-LABEL: plan.program
// CHECK: %[[W:.*]] = plan.buffer state[0] <64>
// CHECK: plan.entry @apply
// CHECK-NEXT: %[[NEW:.*]] = plan.buffer work[0] <64>
// CHECK-NEXT: plan.launch @tied(%[[W]], %[[W]], %[[NEW]]) writes [2]
// CHECK-NEXT: plan.copy %[[NEW]] to %[[W]]
func.func @apply(%w: tensor<4x4xf32> {graph.name = "w", graph.role = "parameter"})
    -> (tensor<4x4xf32> {graph.name = "w", graph.role = "parameter"}) {
  %0 = graph.region "pointwise"(%w, %w) attributes {
      launches = [#graph.launch<@tied, buffers = [0, 1, 2], writes = [2], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<4x4xf32>, %b: tensor<4x4xf32>):
    %t = graph.transpose %b permutation = [1, 0] : (tensor<4x4xf32>) -> tensor<4x4xf32>
    %s = graph.add %a, %t : tensor<4x4xf32>
    graph.yield %s : tensor<4x4xf32>
  } : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

// Used twice but pointwise both times: in place.
// CHECK-LABEL: plan.program
// CHECK: %[[W:.*]] = plan.buffer state[0] <64>
// CHECK: plan.entry @apply
// CHECK-NEXT: plan.launch @square(%[[W]], %[[W]], %[[W]]) writes [2]
// CHECK-NEXT: }
func.func @apply(%w: tensor<16xf32> {graph.name = "w", graph.role = "parameter"})
    -> (tensor<16xf32> {graph.name = "w", graph.role = "parameter"}) {
  %0 = graph.region "pointwise"(%w, %w) attributes {
      launches = [#graph.launch<@square, buffers = [0, 1, 2], writes = [2], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %s = graph.mul %a, %b : tensor<16xf32>
    graph.yield %s : tensor<16xf32>
  } : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %0 : tensor<16xf32>
}

// -----

// Two kernels of one region: the second may read what the first has overwritten.
// CHECK-LABEL: plan.program
// CHECK: %[[W:.*]] = plan.buffer state[0] <64>
// CHECK: plan.entry @apply
// CHECK-NEXT: %[[NEW:.*]] = plan.buffer work[0] <64>
// CHECK: plan.launch @first(%[[W]], %[[S:.*]]) writes [1]
// CHECK-NEXT: plan.launch @second(%[[W]], %[[S]], %[[NEW]]) writes [2]
// CHECK-NEXT: plan.copy %[[NEW]] to %[[W]]
func.func @apply(%w: tensor<16xf32> {graph.name = "w", graph.role = "parameter"})
    -> (tensor<16xf32> {graph.name = "w", graph.role = "parameter"}) {
  %0 = graph.region "pointwise"(%w) attributes {scratch = [tensor<16xf32>], launches = [
      #graph.launch<@first, buffers = [0, 2], writes = [1], chunks = 1, grain = 1>,
      #graph.launch<@second, buffers = [0, 2, 1], writes = [2], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<16xf32>):
    %s = graph.neg %a : tensor<16xf32>
    graph.yield %s : tensor<16xf32>
  } : (tensor<16xf32>) -> tensor<16xf32>
  return %0 : tensor<16xf32>
}

// -----

// A kernel that is not pointwise writes the state's memory if it does not read it.
// CHECK-LABEL: plan.program
// CHECK: %[[C:.*]] = plan.buffer state[0] <64>
// CHECK: plan.entry @apply
// CHECK: plan.launch @sum(%{{.*}}, %[[C]]) writes [1]
// CHECK-NEXT: }
func.func @apply(%c: tensor<16xf32> {graph.name = "c", graph.role = "buffer"},
                 %x: tensor<?x16xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<16xf32> {graph.name = "c", graph.role = "buffer"}) {
  %0 = graph.region "column"(%x) attributes {
      launches = [#graph.launch<@sum, buffers = [0, 1], writes = [1], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<?x16xf32>):
    %s = graph.constant dense<0.0> : tensor<16xf32>
    graph.yield %s : tensor<16xf32>
  } : (tensor<?x16xf32>) -> tensor<16xf32>
  return %0 : tensor<16xf32>
}

// -----

// State returned unchanged costs nothing. A result returned twice is copied once. An output may be an input. An output
// that is the old value of a changed state is kept apart before the state changes.
// CHECK-LABEL: plan.program
// CHECK: %[[A:.*]] = plan.buffer state[0] <64>
// CHECK: %[[B:.*]] = plan.buffer state[64] <64>
// CHECK: %[[C:.*]] = plan.buffer state[128] <64>
// CHECK: plan.entry @apply
// CHECK-NEXT: %[[X:.*]] = plan.buffer work[0] <64>
// CHECK-NEXT: plan.input "x" role "input" %[[X]]
// CHECK-NEXT: plan.output "same" role "output" %[[X]]
// CHECK-NEXT: %[[OLD:.*]] = plan.buffer work[{{[0-9]+}}] <64>
// CHECK-NEXT: plan.output "old" role "output" %[[OLD]]
// CHECK-NEXT: plan.output "new" role "output" %[[C]]
// CHECK-NEXT: plan.launch @k(%[[X]], %[[C]]) writes [1]
// CHECK-NEXT: plan.copy %[[B]] to %[[OLD]]
// CHECK-NEXT: plan.copy %[[C]] to %[[B]]
// CHECK-NEXT: }
func.func @apply(%a: tensor<16xf32> {graph.name = "a", graph.role = "buffer"},
                 %b: tensor<16xf32> {graph.name = "b", graph.role = "buffer"},
                 %c: tensor<16xf32> {graph.name = "c", graph.role = "buffer"},
                 %x: tensor<16xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<16xf32> {graph.name = "a", graph.role = "buffer"},
        tensor<16xf32> {graph.name = "c", graph.role = "buffer"},
        tensor<16xf32> {graph.name = "b", graph.role = "buffer"},
        tensor<16xf32> {graph.name = "same", graph.role = "output"},
        tensor<16xf32> {graph.name = "old", graph.role = "output"},
        tensor<16xf32> {graph.name = "new", graph.role = "output"}) {
  %0 = graph.region "pointwise"(%x) attributes {
      launches = [#graph.launch<@k, buffers = [0, 1], writes = [1], chunks = 1, grain = 1>]} {
  ^bb0(%i: tensor<16xf32>):
    %s = graph.neg %i : tensor<16xf32>
    graph.yield %s : tensor<16xf32>
  } : (tensor<16xf32>) -> tensor<16xf32>
  return %a, %0, %0, %x, %b, %0
    : tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>
}

// -----

// A view of state is the state: the update through another shape is in place, too.
// CHECK-LABEL: plan.program
// CHECK: %[[W:.*]] = plan.buffer state[0] <64>
// CHECK: plan.entry @apply
// CHECK-NEXT: plan.launch @k(%[[W]], %[[W]]) writes [1]
// CHECK-NEXT: }
func.func @apply(%w: tensor<4x4xf32> {graph.name = "w", graph.role = "parameter"})
    -> (tensor<4x4xf32> {graph.name = "w", graph.role = "parameter"}) {
  %flat = graph.reshape %w : (tensor<4x4xf32>) -> tensor<16xf32>
  %0 = graph.region "pointwise"(%flat) attributes {
      launches = [#graph.launch<@k, buffers = [0, 1], writes = [1], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<16xf32>):
    %s = graph.neg %a : tensor<16xf32>
    graph.yield %s : tensor<16xf32>
  } : (tensor<16xf32>) -> tensor<16xf32>
  %1 = graph.reshape %0 : (tensor<16xf32>) -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}

// -----

// Accumulators are updated by grad and read by apply, from one place.
// CHECK-LABEL: plan.program {{.*}} arenas [64, 64, {{[0-9]+}}, 0]
// CHECK: %[[G:.*]] = plan.buffer accumulator[0] <64>
// CHECK: plan.accumulator "gradient.w" role "accumulator" %[[G]] : tensor<16xf32>
// CHECK: plan.entry @grad
// CHECK: plan.launch @add(%{{.*}}, %[[G]], %[[G]]) writes [2]
// CHECK: plan.entry @apply
// CHECK-NEXT: plan.launch @update(%[[W:.*]], %[[G]], %[[W]]) writes [2]
func.func @grad(%w: tensor<16xf32> {graph.name = "w", graph.role = "parameter"},
                %x: tensor<16xf32> {graph.name = "x", graph.role = "input"},
                %g: tensor<16xf32> {graph.name = "gradient.w", graph.role = "accumulator"})
    -> (tensor<16xf32> {graph.name = "gradient.w", graph.role = "accumulator"}) {
  %0 = graph.region "pointwise"(%x, %g) attributes {
      launches = [#graph.launch<@add, buffers = [0, 1, 2], writes = [2], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %s = graph.add %a, %b : tensor<16xf32>
    graph.yield %s : tensor<16xf32>
  } : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %0 : tensor<16xf32>
}
func.func @apply(%w: tensor<16xf32> {graph.name = "w", graph.role = "parameter"},
                 %g: tensor<16xf32> {graph.name = "gradient.w", graph.role = "accumulator"})
    -> (tensor<16xf32> {graph.name = "w", graph.role = "parameter"}) {
  %0 = graph.region "pointwise"(%w, %g) attributes {
      launches = [#graph.launch<@update, buffers = [0, 1, 2], writes = [2], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %s = graph.sub %a, %b : tensor<16xf32>
    graph.yield %s : tensor<16xf32>
  } : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %0 : tensor<16xf32>
}
