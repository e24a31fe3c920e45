// RUN: timeout 60 glyptic-opt %s --graph-layout | FileCheck %s

#nchw = #graph.conv_dims<[0, 1, 2, 3] x [0, 1, 2, 3] -> [0, 1, 2, 3]>

// Where an op declines a transpose before it, nothing has changed: reporting a change makes the rewriter look at the op
// for ever. The product cannot read rows in another order, the sum keeps dimensions in another order.
// CHECK-LABEL: func @declined
// CHECK-COUNT-2: graph.transpose
// CHECK-NOT:     graph.transpose
func.func @declined(%x: tensor<?x4x3x8xf32>, %w: tensor<8x5xf32>) -> (tensor<?x3x4x5xf32>, tensor<4x?x8xf32>) {
  %0 = graph.transpose %x permutation = [0, 2, 1, 3] : (tensor<?x4x3x8xf32>) -> tensor<?x3x4x8xf32>
  %1 = graph.dot_general %0, %w batch = [] x [] contracting = [3] x [0] : (tensor<?x3x4x8xf32>, tensor<8x5xf32>) -> tensor<?x3x4x5xf32>
  %2 = graph.transpose %x permutation = [1, 2, 0, 3] : (tensor<?x4x3x8xf32>) -> tensor<4x3x?x8xf32>
  %3 = graph.reduce sum %2 dims = [1] : (tensor<4x3x?x8xf32>) -> tensor<4x?x8xf32>
  return %1, %3 : tensor<?x3x4x5xf32>, tensor<4x?x8xf32>
}

// A transpose is drawn up through a repetition, which must not push it down again.
// CHECK-LABEL: func @repetition
// CHECK-NEXT:    graph.reshape
// CHECK-NEXT:    graph.broadcast
// CHECK-NEXT:    return
func.func @repetition(%x: tensor<?x1x3xf32>) -> tensor<?x3x4xf32> {
  %0 = graph.transpose %x permutation = [0, 2, 1] : (tensor<?x1x3xf32>) -> tensor<?x3x1xf32>
  %1 = graph.broadcast %0 dims = [0, 1, 2] : (tensor<?x3x1xf32>) -> tensor<?x3x4xf32>
  return %1 : tensor<?x3x4xf32>
}

// An op over repetitions alone: a transpose taken from one operand does not come back on the other.
// CHECK-LABEL: func @repetitions_alone
// CHECK-NOT:     graph.transpose
// CHECK:         return
func.func @repetitions_alone(%v: tensor<3xf32>, %w: tensor<2xf32>) -> tensor<?x2x3xf32> {
  %0 = graph.broadcast %v dims = [1] : (tensor<3xf32>) -> tensor<?x3x2xf32>
  %1 = graph.transpose %0 permutation = [0, 2, 1] : (tensor<?x3x2xf32>) -> tensor<?x2x3xf32>
  %2 = graph.broadcast %w dims = [1] : (tensor<2xf32>) -> tensor<?x2x3xf32>
  %3 = graph.mul %1, %2 : tensor<?x2x3xf32>
  return %3 : tensor<?x2x3xf32>
}

// Convolution, bias, activation, pooling, a residual path in the other order, and a product that cannot follow.
// CHECK-LABEL: func @chain
// CHECK:         graph.conv
// CHECK:         graph.pool
// CHECK:         graph.conv
// CHECK:         graph.dot_general
func.func @chain(%x: tensor<?x2x8x8xf32>, %w1: tensor<4x2x3x3xf32> {graph.name = "w1", graph.role = "parameter"},
                 %b1: tensor<4xf32> {graph.name = "b1", graph.role = "parameter"},
                 %w2: tensor<4x4x3x3xf32> {graph.name = "w2", graph.role = "parameter"},
                 %w3: tensor<3x5xf32> {graph.name = "w3", graph.role = "parameter"})
    -> (tensor<?x4x3x5xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.conv %x, %w1 {dims = #nchw, strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
       dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x2x8x8xf32>, tensor<4x2x3x3xf32>) -> tensor<?x4x6x6xf32>
  %1 = graph.broadcast %b1 dims = [1] : (tensor<4xf32>) -> tensor<?x4x6x6xf32>
  %2 = graph.add %0, %1 : tensor<?x4x6x6xf32>
  %3 = graph.relu %2 : tensor<?x4x6x6xf32>
  %4 = graph.pool %3 {kind = #graph.pool<max>, window = array<i64: 1, 1, 2, 2>, strides = array<i64: 1, 1, 2, 2>,
       pads_low = array<i64: 0, 0, 0, 0>, pads_high = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1, 1>}
       : (tensor<?x4x6x6xf32>) -> tensor<?x4x3x3xf32>
  %5 = graph.conv %4, %w2 {dims = #nchw, strides = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>,
       dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x4x3x3xf32>, tensor<4x4x3x3xf32>) -> tensor<?x4x3x3xf32>
  %6 = graph.transpose %4 permutation = [0, 1, 3, 2] : (tensor<?x4x3x3xf32>) -> tensor<?x4x3x3xf32>
  %7 = graph.add %5, %6 : tensor<?x4x3x3xf32>
  %8 = graph.dot_general %7, %w3 batch = [] x [] contracting = [3] x [0] : (tensor<?x4x3x3xf32>, tensor<3x5xf32>) -> tensor<?x4x3x5xf32>
  return %8 : tensor<?x4x3x5xf32>
}

// The select follows its condition's transpose, which leaves transposes at the two repetitions: those vanish by
// themselves and must not draw the select back.
// CHECK-LABEL: func @outvoted
// CHECK:         %[[M:.*]] = graph.compare le %arg0
// CHECK:         %[[S:.*]] = graph.select %[[M]]
// CHECK:         %[[R:.*]] = graph.mul %[[S]], %arg0
// CHECK:         %[[T:.*]] = graph.transpose %[[R]]
// CHECK:         return %[[T]]
func.func @outvoted(%x: tensor<?x4x4x12xf32>, %g: tensor<?x12x1x1xf32>) -> tensor<?x12x4x4xf32> {
  %c = graph.constant dense<0.0> : tensor<f32>
  %z = graph.broadcast %c dims = [] : (tensor<f32>) -> tensor<?x12x4x4xf32>
  %t = graph.transpose %x permutation = [0, 3, 1, 2] : (tensor<?x4x4x12xf32>) -> tensor<?x12x4x4xf32>
  %b = graph.broadcast %g dims = [0, 1, 2, 3] : (tensor<?x12x1x1xf32>) -> tensor<?x12x4x4xf32>
  %m = graph.compare le %t, %z : tensor<?x12x4x4xf32>
  %s = graph.select %m, %z, %b : tensor<?x12x4x4xi1>, tensor<?x12x4x4xf32>
  %r = graph.mul %s, %t : tensor<?x12x4x4xf32>
  return %r : tensor<?x12x4x4xf32>
}
