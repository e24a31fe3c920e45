// RUN: glyptic-opt %s -graph-generate-kernels | FileCheck %s

// Equal regions call one kernel, wherever they stand and whatever they read; another number is another kernel.
// CHECK-LABEL: func.func @step
// CHECK: launches = [#graph.launch<@[[DOUBLE:kernel_[a-z]+]], buffers = [0, 1]
// CHECK: launches = [#graph.launch<@[[DOUBLE]], buffers = [0, 1]
func.func @step(%x: tensor<96xf32>) -> tensor<96xf32> {
  %0 = graph.region (%x) {
  ^bb0(%a: tensor<96xf32>):
    %c = graph.constant dense<2.0> : tensor<96xf32>
    %1 = graph.mul %a, %c : tensor<96xf32>
    graph.yield %1 : tensor<96xf32>
  } : (tensor<96xf32>) -> tensor<96xf32>
  %2 = graph.region (%0) {
  ^bb0(%a: tensor<96xf32>):
    %c = graph.constant dense<2.0> : tensor<96xf32>
    %1 = graph.mul %a, %c : tensor<96xf32>
    graph.yield %1 : tensor<96xf32>
  } : (tensor<96xf32>) -> tensor<96xf32>
  return %2 : tensor<96xf32>
}
// CHECK-LABEL: func.func @apply
// CHECK: launches = [#graph.launch<@[[DOUBLE]], buffers = [0, 1]
// CHECK: launches = [#graph.launch<@[[TRIPLE:kernel_[a-z_0-9]+]], buffers = [0, 1]
func.func @apply(%x: tensor<96xf32>) -> tensor<96xf32> {
  %0 = graph.region (%x) {
  ^bb0(%a: tensor<96xf32>):
    %c = graph.constant dense<2.0> : tensor<96xf32>
    %1 = graph.mul %a, %c : tensor<96xf32>
    graph.yield %1 : tensor<96xf32>
  } : (tensor<96xf32>) -> tensor<96xf32>
  %2 = graph.region (%0) {
  ^bb0(%a: tensor<96xf32>):
    %c = graph.constant dense<3.0> : tensor<96xf32>
    %1 = graph.mul %a, %c : tensor<96xf32>
    graph.yield %1 : tensor<96xf32>
  } : (tensor<96xf32>) -> tensor<96xf32>
  return %2 : tensor<96xf32>
}
// CHECK: func.func @[[DOUBLE]](
// CHECK: func.func @[[TRIPLE]](
// CHECK-NOT: func.func
