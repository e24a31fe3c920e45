// RUN: glyptic-opt %s -split-input-file -graph-choose-libraries -graph-fusion | FileCheck %s --check-prefixes=CHECK,HOPPER
// RUN: glyptic-opt %s -split-input-file -graph-choose-libraries=target=cuda:sm_80,sm_89 | FileCheck %s --check-prefix=AMPERE
// RUN: glyptic-opt %s -split-input-file -graph-choose-libraries=target=cuda:sm_90,no-cudnn -graph-fusion | FileCheck %s --check-prefix=NOCUDNN

// cuBLASLt does matrix products, whichever way the matrices lie.
// CHECK-LABEL: func @products
// HOPPER-COUNT-2: graph.dot_general {{.*}}graph.workspace = array<i64: 33554432, 0>
// AMPERE-LABEL: func @products
// AMPERE-COUNT-2: graph.dot_general {{.*}}graph.workspace = array<i64: 4194304, 0>
func.func @products(%x: tensor<?x10xf32>, %w: tensor<10x20xf32>, %g: tensor<?x20xf32>)
    -> (tensor<?x20xf32>, tensor<10x20xf32>) {
  %0 = graph.dot_general %x, %w batch = [] x [] contracting = [1] x [0] : (tensor<?x10xf32>, tensor<10x20xf32>) -> tensor<?x20xf32>
  %1 = graph.dot_general %x, %g batch = [] x [] contracting = [0] x [0] : (tensor<?x10xf32>, tensor<?x20xf32>) -> tensor<10x20xf32>
  return %0, %1 : tensor<?x20xf32>, tensor<10x20xf32>
}

// -----

// It does not where no two elements of a matrix are neighbours, as between the heads here: a kernel does.
// CHECK-LABEL: func @between_heads
// CHECK:       graph.region
// CHECK:         graph.dot_general {{.*}}graph.generated
func.func @between_heads(%x: tensor<?x6x5x4xf32>, %y: tensor<?x5x7x4xf32>) -> tensor<?x4x6x7xf32> {
  %0 = graph.dot_general %x, %y batch = [0, 3] x [0, 3] contracting = [2] x [1] : (tensor<?x6x5x4xf32>, tensor<?x5x7x4xf32>) -> tensor<?x4x6x7xf32>
  return %0 : tensor<?x4x6x7xf32>
}

// -----

// A matrix of one row is one however far its elements are apart.
// CHECK-LABEL: func @one_row
// CHECK-NOT:   graph.region
// CHECK:       graph.dot_general {{.*}}graph.workspace
func.func @one_row(%x: tensor<?x1x5x4xf32>, %y: tensor<?x4x5x7xf32>) -> tensor<?x4x1x7xf32> {
  %0 = graph.dot_general %x, %y batch = [0, 3] x [0, 1] contracting = [2] x [2] : (tensor<?x1x5x4xf32>, tensor<?x4x5x7xf32>) -> tensor<?x4x1x7xf32>
  return %0 : tensor<?x4x1x7xf32>
}

// -----

// Pooling is a generated kernel on a GPU, fused with what follows it.
// CHECK-LABEL: func @pooling
// CHECK:       graph.region
// CHECK:         graph.pool {{.*}}graph.generated
func.func @pooling(%x: tensor<?x8x8x4xf32>) -> tensor<?x4x4x4xf32> {
  %0 = graph.pool %x {kind = #graph.pool<max>, window = array<i64: 1, 2, 2, 1>, strides = array<i64: 1, 2, 2, 1>, pads_low = array<i64: 0, 0, 0, 0>, pads_high = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1, 1>} : (tensor<?x8x8x4xf32>) -> tensor<?x4x4x4xf32>
  return %0 : tensor<?x4x4x4xf32>
}

// -----

// cuDNN does convolutions, and may copy all three tensors; where there is none, they are products of what lies under
// the windows, which a kernel copies.
// NOCUDNN:       graph.fallbacks = {{.*}}"the target has no cuDNN for convolutions", "stem"
// NOCUDNN-LABEL: func @convolution
// NOCUDNN:       graph.region
// NOCUDNN:         graph.pad
// NOCUDNN-COUNT-9: graph.slice
// NOCUDNN:         graph.concat
// NOCUDNN:       graph.reshape {{.*}} -> tensor<?x8x8x3x3x4xf32>
// NOCUDNN:       graph.dot_general {{.*}}, %arg1 {{.*}} contracting = [3, 4, 5] x [1, 2, 3] {graph.workspace
// CHECK-LABEL: func @convolution
// CHECK-NOT:   graph.region
// CHECK:       graph.conv {{.*}}graph.workspace = array<i64: 1049728, 3072>
func.func @convolution(%x: tensor<?x8x8x4xf32>, %w: tensor<8x3x3x4xf32>) -> tensor<?x8x8x8xf32> {
  %0 = graph.conv %x, %w {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x8x8x4xf32>, tensor<8x3x3x4xf32>) -> tensor<?x8x8x8xf32> loc("stem")
  return %0 : tensor<?x8x8x8xf32>
}

// -----

// Groups make products too narrow: a kernel does those.
// NOCUDNN:       graph.fallbacks = {{.*}}"the target has no cuDNN for convolutions", "depthwise"
// NOCUDNN-LABEL: func @depthwise
// NOCUDNN:       graph.region
// NOCUDNN:         graph.conv {{.*}}graph.generated
func.func @depthwise(%x: tensor<?x8x8x4xf32>, %w: tensor<4x3x3x1xf32>) -> tensor<?x8x8x4xf32> {
  %0 = graph.conv %x, %w {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 4 : i64} : (tensor<?x8x8x4xf32>, tensor<4x3x3x1xf32>) -> tensor<?x8x8x4xf32> loc("depthwise")
  return %0 : tensor<?x8x8x4xf32>
}

// -----

// Windows of one element are a product of matrices that cuBLASLt reads where they lie: nothing is copied.
// CHECK-LABEL: func @pointwise_convolution
// CHECK-NOT:   graph.region
// CHECK-DAG:   graph.reshape %arg0 : (tensor<?x8x8x4xf32>) -> tensor<?x8x8x1x1x4xf32>
// CHECK-DAG:   graph.dot_general %{{.*}}, %arg1 {{.*}} contracting = [3, 4, 5] x [1, 2, 3] {graph.workspace
// CHECK-DAG:   graph.dot_general %arg2, {{.*}} contracting = [0, 1, 2] x [0, 1, 2] {graph.workspace
// CHECK-NOT:   graph.region
// CHECK:       return
func.func @pointwise_convolution(%x: tensor<?x8x8x4xf32>, %w: tensor<8x1x1x4xf32>, %dy: tensor<?x8x8x8xf32>)
    -> (tensor<?x8x8x8xf32>, tensor<8x1x1x4xf32>) {
  %0 = graph.conv %x, %w {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x8x8x4xf32>, tensor<8x1x1x4xf32>) -> tensor<?x8x8x8xf32>
  %1 = graph.conv_weight_grad %x, %dy {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x8x8x4xf32>, tensor<?x8x8x8xf32>) -> tensor<8x1x1x4xf32>
  return %0, %1 : tensor<?x8x8x8xf32>, tensor<8x1x1x4xf32>
}
