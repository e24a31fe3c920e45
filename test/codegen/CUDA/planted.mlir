// RUN: glyptic-opt %s -graph-generate-kernels=gpu=true | glyptic-translate --cuda - | FileCheck %s

// What planted.py plants mistakes in: the kernels of these regions, and tile.mlir.

// CHECK: relu_pointwise(
// CHECK: store(&
func.func @flat(%x: tensor<66xf32>) -> tensor<66xf32> {
  %0 = graph.region (%x) {
  ^bb0(%a: tensor<66xf32>):
    %1 = graph.relu %a : tensor<66xf32> loc("relu")
    graph.yield %1 : tensor<66xf32>
  } : (tensor<66xf32>) -> tensor<66xf32>
  return %0 : tensor<66xf32>
}

// CHECK: scaled_row(
// CHECK: blockAdd<
func.func @row(%x: tensor<3x2048xf32>) -> tensor<3x2048xf32> {
  %0 = graph.region (%x) {
  ^bb0(%a: tensor<3x2048xf32>):
    %1 = graph.reduce sum %a dims = [1] : (tensor<3x2048xf32>) -> tensor<3xf32>
    %2 = graph.broadcast %1 dims = [0] : (tensor<3xf32>) -> tensor<3x2048xf32>
    %3 = graph.sub %a, %2 : tensor<3x2048xf32>
    %4 = graph.reduce sum %3 dims = [1] : (tensor<3x2048xf32>) -> tensor<3xf32>
    %5 = graph.broadcast %4 dims = [0] : (tensor<3xf32>) -> tensor<3x2048xf32>
    %6 = graph.div %3, %5 : tensor<3x2048xf32> loc("scaled")
    graph.yield %6 : tensor<3x2048xf32>
  } : (tensor<3x2048xf32>) -> tensor<3x2048xf32>
  return %0 : tensor<3x2048xf32>
}
