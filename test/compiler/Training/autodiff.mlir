// RUN: glyptic-opt %s -graph-autodiff -cse -split-input-file | FileCheck %s

// A value with two uses gets the sum of both contributions, last use first.
// CHECK-LABEL: func.func @two_uses.gradient(
// CHECK-SAME:    %[[X:.*]]: tensor<4xf32>) -> tensor<4xf32>
// CHECK-DAG:     %[[ONE:.*]] = graph.constant dense<1.0{{.*}}> : tensor<4xf32>
// CHECK-DAG:     %[[E:.*]] = graph.exp %[[X]]
// CHECK-DAG:     %[[FROM_MUL:.*]] = graph.mul %[[ONE]], %[[E]]
// CHECK-DAG:     %[[TO_EXP:.*]] = graph.mul %[[ONE]], %[[X]]
// CHECK:         %[[FROM_EXP:.*]] = graph.mul %[[TO_EXP]], %[[E]]
// CHECK:         %[[SUM:.*]] = graph.add %[[FROM_MUL]], %[[FROM_EXP]]
// CHECK:         return %[[SUM]]
func.func @two_uses(%x: tensor<4xf32>) -> tensor<4xf32> attributes {graph.differentiate = array<i64: 0>} {
  %0 = graph.exp %x : tensor<4xf32>
  %1 = graph.mul %0, %x : tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// Nothing is computed for the argument that nobody asked for, and the branch without %x is not differentiated.
// CHECK-LABEL: func.func @activity.gradient(
// CHECK-SAME:    %[[X:.*]]: tensor<4xf32>, %[[Y:.*]]: tensor<4xf32>) -> tensor<4xf32>
// CHECK:         graph.sin %[[Y]]
// CHECK-NOT:     graph.cos
// CHECK:         return
func.func @activity(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32>
    attributes {graph.differentiate = array<i64: 0>} {
  %0 = graph.sin %y : tensor<4xf32>
  %1 = graph.mul %x, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// An integer on the way cuts the derivative: no error about arg_reduce, and a gradient of zero.
// CHECK-LABEL: func.func @through_integer.gradient(
// CHECK:         %[[ZERO:.*]] = graph.constant dense<0.0{{.*}}> : tensor<3x4xf32>
// CHECK:         return %[[ZERO]]
func.func @through_integer(%x: tensor<3x4xf32>) -> tensor<3xf32> attributes {graph.differentiate = array<i64: 0>} {
  %0 = graph.arg_reduce max %x dim = 1 : (tensor<3x4xf32>) -> tensor<3xi64>
  %1 = graph.convert %0 : (tensor<3xi64>) -> tensor<3xf32>
  return %1 : tensor<3xf32>
}

// -----

// The matrix product of a layer: each operand's gradient is a product with the other, over the batch for the weight.
// CHECK-LABEL: func.func @layer.gradient(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>, %[[W:.*]]: tensor<8x3xf32>) -> (tensor<8x3xf32>, tensor<?x8xf32>)
// CHECK-DAG:     graph.dot_general {{.*}} -> tensor<8x3xf32>
// CHECK-DAG:     graph.dot_general {{.*}} -> tensor<?x8xf32>
func.func @layer(%x: tensor<?x8xf32>, %w: tensor<8x3xf32>) -> tensor<?x3xf32>
    attributes {graph.differentiate = array<i64: 1, 0>} {
  %0 = graph.dot_general %x, %w batch = [] x [] contracting = [1] x [0] : (tensor<?x8xf32>, tensor<8x3xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}
