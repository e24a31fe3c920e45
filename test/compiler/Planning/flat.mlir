// RUN: glyptic-opt %s -split-input-file -verify-diagnostics -graph-plan=max-batch=4 | FileCheck %s

// Packed tensors lie side by side wherever else the program names them, here with a frozen one between them. 6 and 70
// elements of four bytes begin at multiples of 64 elements; what is in no pack begins at any multiple of 64 bytes. The
// region reads and writes the flat memory, in place and without a copy.
// CHECK-LABEL: plan.program "cpu" threads 1 max_batch 4 arenas [832, 768, 0, 0]
// CHECK:       %[[W:.*]] = plan.buffer state[0] <24>
// CHECK-NEXT:  plan.state "w" role "parameter" %[[W]] : tensor<2x3xf32> stored
// CHECK-NEXT:  %[[F:.*]] = plan.buffer state[768] <4>
// CHECK-NEXT:  plan.state "frozen" role "buffer" %[[F]] : tensor<1xf32> stored
// CHECK-NEXT:  %[[V:.*]] = plan.buffer state[256] <280>
// CHECK-NEXT:  plan.state "v" role "parameter" %[[V]] : tensor<70xf32> stored
// CHECK:       plan.accumulator "gradient.w"
// CHECK:       plan.accumulator "gradient.v"
// CHECK-NEXT:  plan.entry @apply {
// CHECK-NEXT:    %[[FLAT:.*]] = plan.buffer state[0] <768>
// CHECK-NEXT:    %[[GRADIENTS:.*]] = plan.buffer accumulator[0] <768>
// CHECK-NEXT:    plan.launch @update(%[[FLAT]], %[[GRADIENTS]], %[[FLAT]]) writes [2]
// CHECK-NEXT:  }
func.func @apply(%w: tensor<2x3xf32> {graph.name = "w", graph.role = "parameter"},
                 %f: tensor<1xf32> {graph.name = "frozen", graph.role = "buffer"},
                 %v: tensor<70xf32> {graph.name = "v", graph.role = "parameter"},
                 %gw: tensor<2x3xf32> {graph.name = "gradient.w", graph.role = "accumulator"},
                 %gv: tensor<70xf32> {graph.name = "gradient.v", graph.role = "accumulator"})
    -> (tensor<2x3xf32> {graph.name = "w", graph.role = "parameter"},
        tensor<1xf32> {graph.name = "frozen", graph.role = "buffer"},
        tensor<70xf32> {graph.name = "v", graph.role = "parameter"}) {
  %0 = graph.pack %w, %v : (tensor<2x3xf32>, tensor<70xf32>) -> tensor<192xf32>
  %1 = graph.pack %gw, %gv : (tensor<2x3xf32>, tensor<70xf32>) -> tensor<192xf32>
  %2 = graph.region "pointwise"(%0, %1) attributes {
      launches = [#graph.launch<@update, buffers = [0, 1, 2], writes = [2], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<192xf32>, %b: tensor<192xf32>):
    %s = graph.sub %a, %b : tensor<192xf32>
    graph.yield %s : tensor<192xf32>
  } : (tensor<192xf32>, tensor<192xf32>) -> tensor<192xf32>
  %3, %4 = graph.unpack %2 : (tensor<192xf32>) -> (tensor<2x3xf32>, tensor<70xf32>)
  return %3, %f, %4 : tensor<2x3xf32>, tensor<1xf32>, tensor<70xf32>
}

// -----

// A kernel that makes a part writes it to the accumulator, where the pack reads it.
// CHECK-LABEL: plan.program
// CHECK:       plan.accumulator "gradient.a" role "accumulator" %[[A:.*]] :
// CHECK:       plan.accumulator "gradient.b" role "accumulator" %[[B:.*]] :
// CHECK:       plan.entry @step
// CHECK:         plan.launch @gradient(%{{.*}}, %[[A]]) writes [1]
// CHECK:         plan.launch @gradient(%{{.*}}, %[[B]]) writes [1]
// CHECK:         %[[BOTH:.*]] = plan.buffer accumulator[0] <512>
// CHECK-NEXT:    plan.launch @norm(%[[BOTH]], %{{.*}}) writes [1]
// CHECK-NOT:     plan.copy
func.func @grad(%ga: tensor<4xf32> {graph.name = "gradient.a", graph.role = "accumulator"},
                %gb: tensor<4xf32> {graph.name = "gradient.b", graph.role = "accumulator"}) {
  return
}
func.func @step(%x: tensor<4xf32> {graph.name = "x", graph.role = "input"},
                %y: tensor<4xf32> {graph.name = "y", graph.role = "input"})
    -> (tensor<f32> {graph.name = "norm", graph.role = "output"},
        tensor<4xf32> {graph.name = "gradient.a", graph.role = "accumulator"},
        tensor<4xf32> {graph.name = "gradient.b", graph.role = "accumulator"}) {
  %0 = graph.region "pointwise"(%x) attributes {
      launches = [#graph.launch<@gradient, buffers = [0, 1], writes = [1], chunks = 1, grain = 1>]} {
  ^bb0(%i: tensor<4xf32>):
    %s = graph.neg %i : tensor<4xf32>
    graph.yield %s : tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  %1 = graph.region "pointwise"(%y) attributes {
      launches = [#graph.launch<@gradient, buffers = [0, 1], writes = [1], chunks = 1, grain = 1>]} {
  ^bb0(%i: tensor<4xf32>):
    %s = graph.neg %i : tensor<4xf32>
    graph.yield %s : tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  %2 = graph.pack %0, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<128xf32>
  %3 = graph.region "row"(%2) attributes {
      launches = [#graph.launch<@norm, buffers = [0, 1], writes = [1], chunks = 1, grain = 1>]} {
  ^bb0(%i: tensor<128xf32>):
    %s = graph.reduce sum %i dims = [0] : (tensor<128xf32>) -> tensor<f32>
    graph.yield %s : tensor<f32>
  } : (tensor<128xf32>) -> tensor<f32>
  return %3, %0, %1 : tensor<f32>, tensor<4xf32>, tensor<4xf32>
}

// -----

func.func @apply(%a: tensor<4xf32> {graph.name = "a", graph.role = "parameter"},
                 %x: tensor<4xf32> {graph.name = "x", graph.role = "input"}) {
  // expected-error @+1 {{has a part that is no state, so it cannot lie beside the others}}
  %0 = graph.pack %a, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<128xf32>
  return
}

// -----

func.func @apply(%a: tensor<4xf32> {graph.name = "a", graph.role = "parameter"},
                 %b: tensor<4xf32> {graph.name = "b", graph.role = "parameter"}) {
  %0 = graph.pack %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<128xf32>
  // expected-error @+1 {{wants state to lie in another order than an op before it}}
  %1 = graph.pack %b, %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<128xf32>
  return
}

// -----

// The same order, but not the same memory: one part is an accumulator.
// expected-error @+1 {{has a flat tensor with parts that do not lie side by side}}
func.func @apply(%a: tensor<4xf32> {graph.name = "a", graph.role = "parameter"},
                 %b: tensor<4xf32> {graph.name = "b", graph.role = "accumulator"}) {
  %0 = graph.pack %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<128xf32>
  return
}
