// RUN: glyptic-opt %s --graph-layout | FileCheck %s

#nchw = #graph.conv_dims<[0, 1, 2, 3] x [0, 1, 2, 3] -> [0, 1, 2, 3]>

// The weight lies transposed in the model. Its gradient is computed in the weight's order by exchanging the factors; the
// transpose must not travel through the update and the sum of squares instead.
// CHECK-LABEL: func @weight_gradient
// CHECK-SAME:    (%[[X:.*]]: tensor<?x6xf32>, %[[DY:.*]]: tensor<?x4xf32>
// CHECK:         %[[G:.*]] = graph.dot_general %[[DY]], %[[X]] batch = [] x [] contracting = [0] x [0] : (tensor<?x4xf32>, tensor<?x6xf32>) -> tensor<4x6xf32>
// CHECK-NOT:     graph.transpose
// CHECK:         return
func.func @weight_gradient(%x: tensor<?x6xf32>, %dy: tensor<?x4xf32>, %w: tensor<4x6xf32>, %m: tensor<4x6xf32>) -> (tensor<4x6xf32>, tensor<f32>) {
  %0 = graph.dot_general %x, %dy batch = [] x [] contracting = [0] x [0] : (tensor<?x6xf32>, tensor<?x4xf32>) -> tensor<6x4xf32>
  %1 = graph.transpose %0 permutation = [1, 0] : (tensor<6x4xf32>) -> tensor<4x6xf32>
  %2 = graph.mul %1, %1 : tensor<4x6xf32>
  %3 = graph.reduce sum %2 dims = [0, 1] : (tensor<4x6xf32>) -> tensor<f32>
  %4 = graph.mul %m, %1 : tensor<4x6xf32>
  %5 = graph.sub %w, %4 : tensor<4x6xf32>
  return %5, %3 : tensor<4x6xf32>, tensor<f32>
}

// Batch dimensions in another order cost nothing; free dimensions of one factor cannot be interleaved with the other's.
// CHECK-LABEL: func @batch_order
// CHECK:         graph.dot_general %{{.*}}, %{{.*}} batch = [1, 0] x [1, 0] contracting = [3] x [3]
// CHECK-NOT:     graph.transpose
// CHECK:         return
func.func @batch_order(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x6x4xf32>) -> tensor<3x2x6x5xf32> {
  %0 = graph.dot_general %q, %k batch = [0, 1] x [0, 1] contracting = [3] x [3] : (tensor<2x3x5x4xf32>, tensor<2x3x6x4xf32>) -> tensor<2x3x5x6xf32>
  %1 = graph.transpose %0 permutation = [1, 0, 3, 2] : (tensor<2x3x5x6xf32>) -> tensor<3x2x6x5xf32>
  return %1 : tensor<3x2x6x5xf32>
}

// CHECK-LABEL: func @interleaved
// CHECK:         graph.dot_general
// CHECK:         graph.transpose
func.func @interleaved(%x: tensor<5x6x4xf32>, %w: tensor<4x7xf32>) -> tensor<5x7x6xf32> {
  %0 = graph.dot_general %x, %w batch = [] x [] contracting = [2] x [0] : (tensor<5x6x4xf32>, tensor<4x7xf32>) -> tensor<5x6x7xf32>
  %1 = graph.transpose %0 permutation = [0, 2, 1] : (tensor<5x6x7xf32>) -> tensor<5x7x6xf32>
  return %1 : tensor<5x7x6xf32>
}

// Of a pooling's gradient the small operand is transposed, not the large one: what counts is elements, not operands.
// CHECK-LABEL: func @pool_gradient
// CHECK:         graph.transpose %{{.*}} permutation = [0, 2, 3, 1] : (tensor<?x8x6x6xf32>)
// CHECK:         graph.pool_grad
// CHECK-SAME:      window = array<i64: 1, 2, 2, 1>
// CHECK-NOT:     graph.transpose %{{.*}}tensor<?x{{12x12|8x12}}
// CHECK:         graph.conv_weight_grad
func.func @pool_gradient(%w: tensor<8x3x3x3xf32> {graph.name = "w", graph.role = "parameter"},
                         %x: tensor<?x3x14x14xf32> {graph.name = "x", graph.role = "input"},
                         %dy: tensor<?x8x6x6xf32> {graph.name = "dy", graph.role = "input"})
    -> (tensor<8x3x3x3xf32> {graph.name = "w", graph.role = "parameter"}) {
  %y = graph.conv %x, %w {dims = #nchw, strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
       dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x3x14x14xf32>, tensor<8x3x3x3xf32>) -> tensor<?x8x12x12xf32>
  %d = graph.pool_grad %y, %dy {kind = #graph.pool<max>, window = array<i64: 1, 1, 2, 2>, strides = array<i64: 1, 1, 2, 2>,
       pads_low = array<i64: 0, 0, 0, 0>, pads_high = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1, 1>}
       : (tensor<?x8x12x12xf32>, tensor<?x8x6x6xf32>) -> tensor<?x8x12x12xf32>
  %g = graph.conv_weight_grad %x, %d {dims = #nchw, strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
       dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x3x14x14xf32>, tensor<?x8x12x12xf32>) -> tensor<8x3x3x3xf32>
  return %g : tensor<8x3x3x3xf32>
}
