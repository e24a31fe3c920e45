// RUN: glyptic-opt %s -split-input-file -graph-plan=max-batch=4 | FileCheck %s

// A weight that no entry writes may have a second copy in the library's own order.
// CHECK-LABEL: plan.entry @infer
// CHECK: plan.library_call "convolution"{{.*}} parameters {{.*}}packed = array<i64: 1>
func.func @infer(%w: tensor<2x3x3x3xf32> {graph.name = "w", graph.role = "parameter"},
                 %x: tensor<?x8x8x3xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x6x6x2xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.conv %x, %w {dilations = array<i64: 1, 1>, dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, groups = 1 : i64, pads_high = array<i64: 0, 0>, pads_low = array<i64: 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x8x8x3xf32>, tensor<2x3x3x3xf32>) -> tensor<?x6x6x2xf32>
  return %0 : tensor<?x6x6x2xf32>
}

// -----

// Not so the infer of a program that trains: its step would make the copy worthless.
// CHECK-LABEL: plan.entry @infer
// CHECK: plan.library_call "convolution"
// CHECK-NOT: packed
func.func @infer(%w: tensor<2x3x3x3xf32> {graph.name = "w", graph.role = "parameter"},
                 %x: tensor<?x8x8x3xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x6x6x2xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.conv %x, %w {dilations = array<i64: 1, 1>, dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, groups = 1 : i64, pads_high = array<i64: 0, 0>, pads_low = array<i64: 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x8x8x3xf32>, tensor<2x3x3x3xf32>) -> tensor<?x6x6x2xf32>
  return %0 : tensor<?x6x6x2xf32>
}
func.func @apply(%w: tensor<2x3x3x3xf32> {graph.name = "w", graph.role = "parameter"})
    -> (tensor<2x3x3x3xf32> {graph.name = "w", graph.role = "parameter"}) {
  %0 = graph.region "pointwise"(%w) attributes {
      launches = [#graph.launch<@k, buffers = [0, 1], writes = [1], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<2x3x3x3xf32>):
    %s = graph.add %a, %a : tensor<2x3x3x3xf32>
    graph.yield %s : tensor<2x3x3x3xf32>
  } : (tensor<2x3x3x3xf32>) -> tensor<2x3x3x3xf32>
  return %0 : tensor<2x3x3x3xf32>
}

// -----

// CHECK-LABEL: plan.entry @infer
// CHECK: plan.library_call "convolution"
// CHECK-NOT: packed
func.func @infer(%w: tensor<2x3x3x3xf32> {graph.name = "w", graph.role = "input"},
                 %x: tensor<?x8x8x3xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x6x6x2xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.conv %x, %w {dilations = array<i64: 1, 1>, dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, groups = 1 : i64, pads_high = array<i64: 0, 0>, pads_low = array<i64: 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x8x8x3xf32>, tensor<2x3x3x3xf32>) -> tensor<?x6x6x2xf32>
  return %0 : tensor<?x6x6x2xf32>
}
