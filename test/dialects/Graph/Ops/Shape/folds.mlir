// RUN: glyptic-opt %s -canonicalize | FileCheck %s

// CHECK-LABEL: func @twice
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x4xf32>)
// CHECK-DAG: %[[T:.*]] = graph.transpose %[[X]] permutation = [1, 2, 0] : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
// CHECK-DAG: %[[R:.*]] = graph.reshape %[[X]] : (tensor<2x3x4xf32>) -> tensor<24xf32>
// CHECK-DAG: %[[B:.*]] = graph.broadcast %[[X]] dims = [1, 2, 4] : (tensor<2x3x4xf32>) -> tensor<5x2x3x6x4xf32>
// CHECK: return %[[T]], %[[R]], %[[B]], %[[X]]
func.func @twice(%x: tensor<2x3x4xf32>)
    -> (tensor<3x4x2xf32>, tensor<24xf32>, tensor<5x2x3x6x4xf32>, tensor<2x3x4xf32>) {
  %0 = graph.transpose %x permutation = [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %1 = graph.transpose %0 permutation = [2, 0, 1] : (tensor<4x2x3xf32>) -> tensor<3x4x2xf32>
  %2 = graph.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %3 = graph.reshape %2 : (tensor<6x4xf32>) -> tensor<24xf32>
  %4 = graph.broadcast %x dims = [0, 1, 3] : (tensor<2x3x4xf32>) -> tensor<2x3x6x4xf32>
  %5 = graph.broadcast %4 dims = [1, 2, 3, 4] : (tensor<2x3x6x4xf32>) -> tensor<5x2x3x6x4xf32>
  %6 = graph.transpose %0 permutation = [1, 2, 0] : (tensor<4x2x3xf32>) -> tensor<2x3x4xf32>
  return %1, %3, %5, %6 : tensor<3x4x2xf32>, tensor<24xf32>, tensor<5x2x3x6x4xf32>, tensor<2x3x4xf32>
}

// What an exporter writes as Unsqueeze and implicit broadcasting becomes one broadcast, which costs nothing.
// CHECK-LABEL: func @bias
// CHECK-SAME: (%[[B:.*]]: tensor<8xf32>)
// CHECK-NEXT: graph.broadcast %[[B]] dims = [1] : (tensor<8xf32>) -> tensor<?x8x5x5xf32>
func.func @bias(%b: tensor<8xf32>) -> tensor<?x8x5x5xf32> {
  %0 = graph.reshape %b : (tensor<8xf32>) -> tensor<1x8x1x1xf32>
  %1 = graph.broadcast %0 dims = [0, 1, 2, 3] : (tensor<1x8x1x1xf32>) -> tensor<?x8x5x5xf32>
  return %1 : tensor<?x8x5x5xf32>
}

// A reshape that merges dimensions is needed.
// CHECK-LABEL: func @merged
// CHECK: graph.reshape
// CHECK: graph.broadcast
func.func @merged(%x: tensor<2x4xf32>) -> tensor<3x8xf32> {
  %0 = graph.reshape %x : (tensor<2x4xf32>) -> tensor<8xf32>
  %1 = graph.broadcast %0 dims = [1] : (tensor<8xf32>) -> tensor<3x8xf32>
  return %1 : tensor<3x8xf32>
}

// CHECK-LABEL: func @nothing_moves
// CHECK-SAME: (%[[X:.*]]: tensor<?x3xf32>, %{{.*}}: tensor<f32>)
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]]
func.func @nothing_moves(%x: tensor<?x3xf32>, %v: tensor<f32>)
    -> (tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>) {
  %0 = graph.slice %x starts = [0, 0] strides = [1, 1] : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = graph.pad %x, %v low = [0, 0] high = [0, 0] interior = [0, 0] : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %2 = graph.concat %x dim = 1 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %3 = graph.reverse %x dims = [] : tensor<?x3xf32>
  %4 = graph.broadcast %x dims = [0, 1] : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %5 = graph.reduce sum %x dims = [] : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %0, %1, %2, %3, %4, %5
    : tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>
}

// The batch is known when the program runs, not before.
// CHECK-LABEL: func @batch
// CHECK: graph.batch_size
func.func @batch() -> tensor<i64> {
  %0 = graph.batch_size : tensor<i64>
  return %0 : tensor<i64>
}
