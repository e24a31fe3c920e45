// RUN: glyptic-opt %s --graph-layout | FileCheck %s

#nchw = #graph.conv_dims<[0, 1, 2, 3] x [0, 1, 2, 3] -> [0, 1, 2, 3]>

// The weight is kept as OHWI (its argument changes type), activations run as NHWC, and the transposes between the two
// convolutions cancel through the activation and the pooling. Those at both ends move only dimensions of size 1: views.
// CHECK-LABEL: func @two_convolutions
// CHECK-SAME:    %[[W1:.*]]: tensor<8x3x3x1xf32> {graph.name = "w1", graph.permutation = array<i64: 0, 2, 3, 1>, graph.role = "parameter"}
// CHECK-SAME:    %[[W2:.*]]: tensor<4x3x3x8xf32>
// CHECK:         %[[X:.*]] = graph.reshape %{{.*}} : (tensor<?x1x8x8xf32>) -> tensor<?x8x8x1xf32>
// CHECK:         %[[C1:.*]] = graph.conv %[[X]], %[[W1]]
// CHECK-SAME:      dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>
// CHECK:         %[[R:.*]] = graph.relu %[[C1]] : tensor<?x6x6x8xf32>
// CHECK:         %[[P:.*]] = graph.pool %[[R]]
// CHECK-SAME:      window = array<i64: 1, 2, 2, 1>
// CHECK:         %[[C2:.*]] = graph.conv %[[P]], %[[W2]]
// CHECK:         graph.reshape %[[C2]]
func.func @two_convolutions(%w1: tensor<8x1x3x3xf32> {graph.name = "w1", graph.role = "parameter"},
                            %w2: tensor<4x8x3x3xf32> {graph.name = "w2", graph.role = "parameter"},
                            %x: tensor<?x1x8x8xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x4x1x1xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.conv %x, %w1 {dims = #nchw, strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
       dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x1x8x8xf32>, tensor<8x1x3x3xf32>) -> tensor<?x8x6x6xf32>
  %1 = graph.relu %0 : tensor<?x8x6x6xf32>
  %2 = graph.pool %1 {kind = #graph.pool<max>, window = array<i64: 1, 1, 2, 2>, strides = array<i64: 1, 1, 2, 2>,
       pads_low = array<i64: 0, 0, 0, 0>, pads_high = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1, 1>}
       : (tensor<?x8x6x6xf32>) -> tensor<?x8x3x3xf32>
  %3 = graph.conv %2, %w2 {dims = #nchw, strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
       dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x8x3x3xf32>, tensor<4x8x3x3xf32>) -> tensor<?x4x1x1xf32>
  return %3 : tensor<?x4x1x1xf32>
}

// A gradient step keeps the parameter in its order: nothing is transposed on the way from gradient to state.
// CHECK-LABEL: func @update
// CHECK-SAME:    %[[W:.*]]: tensor<4x3x3x2xf32>
// CHECK:         %[[G:.*]] = graph.conv_weight_grad
// CHECK-NOT:     graph.transpose %[[G]]
// CHECK:         %[[N:.*]] = graph.sub %[[W]], %[[G]] : tensor<4x3x3x2xf32>
// CHECK:         return %[[N]]
func.func @update(%w: tensor<4x2x3x3xf32> {graph.name = "w", graph.role = "parameter"},
                  %x: tensor<?x2x5x5xf32> {graph.name = "x", graph.role = "input"},
                  %dy: tensor<?x4x3x3xf32> {graph.name = "dy", graph.role = "input"})
    -> (tensor<4x2x3x3xf32> {graph.name = "w", graph.role = "parameter"}, tensor<?x4x3x3xf32> {graph.name = "y", graph.role = "output"}) {
  %y = graph.conv %x, %w {dims = #nchw, strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
       dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x2x5x5xf32>, tensor<4x2x3x3xf32>) -> tensor<?x4x3x3xf32>
  %g = graph.conv_weight_grad %x, %dy {dims = #nchw, strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
       dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x2x5x5xf32>, tensor<?x4x3x3xf32>) -> tensor<4x2x3x3xf32>
  %n = graph.sub %w, %g : tensor<4x2x3x3xf32>
  return %n, %y : tensor<4x2x3x3xf32>, tensor<?x4x3x3xf32>
}

// A product reads a transposed operand through its dimension numbers.
// CHECK-LABEL: func @attention_scores
// CHECK:         graph.dot_general %{{.*}}, %{{.*}} batch = [0, 2] x [0, 2] contracting = [3] x [3]
// CHECK-NOT:     graph.transpose
func.func @attention_scores(%q: tensor<?x16x4x8xf32>, %k: tensor<?x16x4x8xf32>) -> tensor<?x4x16x16xf32> {
  %0 = graph.transpose %q permutation = [0, 2, 1, 3] : (tensor<?x16x4x8xf32>) -> tensor<?x4x16x8xf32>
  %1 = graph.transpose %k permutation = [0, 2, 3, 1] : (tensor<?x16x4x8xf32>) -> tensor<?x4x8x16xf32>
  %2 = graph.dot_general %0, %1 batch = [0, 1] x [0, 1] contracting = [3] x [2] : (tensor<?x4x16x8xf32>, tensor<?x4x8x16xf32>) -> tensor<?x4x16x16xf32>
  return %2 : tensor<?x4x16x16xf32>
}
