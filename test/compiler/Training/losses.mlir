// RUN: glyptic-opt %s -split-input-file -graph-training="loss=cross-entropy" -verify-diagnostics | FileCheck %s --check-prefix=CE

// @infer keeps the softmax; the loss is computed from its input, along the dimension that it normalises.
// CE-LABEL: func.func @infer
// CE:         graph.softmax
// CE-LABEL: func.func @evaluate
// CE-SAME:    tensor<?xi64> {graph.name = "label", graph.role = "label"}
// CE-NOT:     graph.softmax
// CE:         graph.cross_entropy %{{.*}}, %{{.*}} dim = 1
func.func @infer(%w: tensor<10xf32> {graph.name = "w", graph.role = "parameter"},
                 %x: tensor<?x10xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x10xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.broadcast %w dims = [1] : (tensor<10xf32>) -> tensor<?x10xf32>
  %1 = graph.mul %x, %0 : tensor<?x10xf32>
  // expected-remark @+1 {{loss 'cross-entropy' is computed from the input of this softmax}}
  %2 = graph.softmax %1 dims = [1] : tensor<?x10xf32>
  return %2 : tensor<?x10xf32>
}

// -----

// Tokens in rows: labels arrive by sample and are flattened like the scores.
// CE-LABEL: func.func @evaluate
// CE-SAME:    %[[LABEL:[a-z0-9]*]]: tensor<?x16xi64> {graph.name = "label", graph.role = "label"}
// CE:         graph.reshape %[[LABEL]] : (tensor<?x16xi64>) -> tensor<?xi64, #graph.batch<16>>
func.func @infer(%w: tensor<50xf32> {graph.name = "w", graph.role = "parameter"},
                 %x: tensor<?x50xf32, #graph.batch<16>> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x50xf32, #graph.batch<16>> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.broadcast %w dims = [1] : (tensor<50xf32>) -> tensor<?x50xf32, #graph.batch<16>>
  %1 = graph.mul %x, %0 : tensor<?x50xf32, #graph.batch<16>>
  return %1 : tensor<?x50xf32, #graph.batch<16>>
}

// -----

// Images have their classes in dimension 1, sequences in the last.
// CE-LABEL: func.func @evaluate
// CE-SAME:    tensor<?x8x8xi64> {graph.name = "label"
// CE:         graph.cross_entropy {{.*}} dim = 1
func.func @infer(%w: tensor<3xf32> {graph.name = "w", graph.role = "parameter"},
                 %x: tensor<?x3x8x8xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x3x8x8xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.broadcast %w dims = [1] : (tensor<3xf32>) -> tensor<?x3x8x8xf32>
  %1 = graph.mul %x, %0 : tensor<?x3x8x8xf32>
  return %1 : tensor<?x3x8x8xf32>
}

// -----

// CE-LABEL: func.func @evaluate
// CE-SAME:    tensor<?x8xi64> {graph.name = "label"
// CE:         graph.cross_entropy {{.*}} dim = 2
func.func @infer(%w: tensor<5xf32> {graph.name = "w", graph.role = "parameter"},
                 %x: tensor<?x8x5xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x8x5xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.broadcast %w dims = [2] : (tensor<5xf32>) -> tensor<?x8x5xf32>
  // expected-remark@below {{loss 'cross-entropy' takes the last dimension of this output, [batch, 8, 5], for the classes; --class-dim 1 takes PyTorch's}}
  %1 = graph.mul %x, %0 : tensor<?x8x5xf32>
  return %1 : tensor<?x8x5xf32>
}
