// RUN: glyptic-opt %s -split-input-file -graph-plan=max-batch=4 | FileCheck %s

// Three values of 64 bytes per sample, of which two live at once; inputs are kept. A pointwise kernel works in place;
// a view and an equal constant cost nothing.
// CHECK-LABEL: plan.program "cpu" threads 1 max_batch 4 arenas [0, 0, 512, 64] constants dense<[0, 0, -128, 63, 0, 0, 0, 64, 0, 0, 64, 64, {{[0, ]*}}]> : tensor<64xi8>
// CHECK-NEXT: plan.entry @infer
// CHECK-NEXT: %[[X:.*]] = plan.buffer work[0] <0 + 64 * batch>
// CHECK-NEXT: plan.input "x" role "input" %[[X]] : tensor<?x16xf32>
// CHECK-NEXT: %[[Y:.*]] = plan.buffer work[256] <0 + 64 * batch>
// CHECK-NEXT: plan.output "y" role "output" %[[Y]] : tensor<?x4x4xf32>
// CHECK-NEXT: %[[C:.*]] = plan.buffer constant[0] <12>
// CHECK-NEXT: plan.launch @table(%[[X]], %[[C]], %[[C]], %[[Y]]) writes [3] chunks <0 + 2 * batch> grain 8 flops <0 + 32 * batch> bytes <24 + 128 * batch> "Add_1 + Relu_2"
// CHECK-NEXT: plan.launch @relu(%[[Y]], %[[Y]]) writes [1]
// CHECK-NEXT: }
func.func @infer(%x: tensor<?x16xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x4x4xf32> {graph.name = "y", graph.role = "output"}) {
  %c = graph.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %d = graph.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %0 = graph.region "pointwise"(%x, %c, %d) attributes {
      launches = [#graph.launch<@table, buffers = [0, 1, 2, 3], writes = [3], chunks = 2, per_batch = true, grain = 8>]} {
  ^bb0(%a: tensor<?x16xf32>, %t: tensor<3xf32>, %u: tensor<3xf32>):
    %s = graph.add %a, %a : tensor<?x16xf32>
    %r = graph.relu %s : tensor<?x16xf32>
    graph.yield %r : tensor<?x16xf32>
  } : (tensor<?x16xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x16xf32> loc(fused["Add_1", "Relu_2"])
  %1 = graph.reshape %0 : (tensor<?x16xf32>) -> tensor<?x4x4xf32>
  %2 = graph.region "pointwise"(%1) attributes {
      launches = [#graph.launch<@relu, buffers = [0, 1], writes = [1], chunks = 1, per_batch = true, grain = 8>]} {
  ^bb0(%a: tensor<?x4x4xf32>):
    %r = graph.relu %a : tensor<?x4x4xf32>
    graph.yield %r : tensor<?x4x4xf32>
  } : (tensor<?x4x4xf32>) -> tensor<?x4x4xf32>
  return %2 : tensor<?x4x4xf32>
}

// -----

// Two results of one kernel never share the memory of one operand, nor does a value that is still to be returned.
// CHECK-LABEL: plan.program
// CHECK: plan.entry @infer
// CHECK: plan.output "a" role "output" %[[A:.*]] : tensor<16xf32>
// CHECK: plan.output "b" role "output" %[[B:.*]] : tensor<16xf32>
// CHECK: plan.output "c" role "output" %[[C:.*]] : tensor<16xf32>
// CHECK: plan.launch @one(%{{.*}}, %[[A]]) writes [1]
// CHECK: plan.launch @two(%[[A]], %[[B]], %[[C]]) writes [1, 2]
func.func @infer(%x: tensor<16xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<16xf32> {graph.name = "a", graph.role = "output"}, tensor<16xf32> {graph.name = "b", graph.role = "output"},
        tensor<16xf32> {graph.name = "c", graph.role = "output"}) {
  %0 = graph.region "pointwise"(%x) attributes {
      launches = [#graph.launch<@one, buffers = [0, 1], writes = [1], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<16xf32>):
    %r = graph.relu %a : tensor<16xf32>
    graph.yield %r : tensor<16xf32>
  } : (tensor<16xf32>) -> tensor<16xf32>
  %1, %2 = graph.region "pointwise"(%0) attributes {
      launches = [#graph.launch<@two, buffers = [0, 1, 2], writes = [1, 2], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<16xf32>):
    %r = graph.relu %a : tensor<16xf32>
    %n = graph.neg %a : tensor<16xf32>
    graph.yield %r, %n : tensor<16xf32>, tensor<16xf32>
  } : (tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>)
  return %0, %1, %2 : tensor<16xf32>, tensor<16xf32>, tensor<16xf32>
}

// -----

// Ranges of all functions together.
// CHECK-LABEL: plan.program
// CHECK: plan.range "x" from 0 to 5{{$}}
// CHECK: plan.entry @infer
func.func @infer(%x: tensor<?xi64> {graph.name = "x", graph.role = "input", graph.range = array<i64: -5, 5>})
    -> (tensor<?xi64> {graph.name = "y", graph.role = "output"}) {
  return %x : tensor<?xi64>
}
func.func @evaluate(%x: tensor<?xi64> {graph.name = "x", graph.role = "input", graph.range = array<i64: 0, 10>,
                                       graph.ignored = -100 : i64})
    -> (tensor<?xi64> {graph.name = "y", graph.role = "total"}) {
  return %x : tensor<?xi64>
}
