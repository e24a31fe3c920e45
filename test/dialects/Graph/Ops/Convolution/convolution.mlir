// RUN: glyptic-opt %s | FileCheck %s
// RUN: glyptic-opt %s --graph-structure | FileCheck %s --check-prefix=STRUCTURED

// Images and weights carry dimension numbers; here both have their features last.
// CHECK-LABEL: func @channels_last
// CHECK: graph.conv %{{.*}}, %{{.*}} {{.*}}dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>
// CHECK-SAME: -> tensor<?x14x14x6xf32>
// STRUCTURED-LABEL: func @channels_last
// Padding is read through a guard: the position is compared with the size, and zero is taken outside.
// STRUCTURED: arith.cmpi ult
// STRUCTURED: tensor.extract %arg0
// STRUCTURED: arith.select
func.func @channels_last(%x: tensor<?x28x28x1xf32>, %w: tensor<6x5x5x1xf32>) -> tensor<?x14x14x6xf32> {
  %0 = graph.conv %x, %w {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>,
      strides = array<i64: 2, 2>, pads_low = array<i64: 2, 2>, pads_high = array<i64: 2, 2>,
      dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x28x28x1xf32>, tensor<6x5x5x1xf32>) -> tensor<?x14x14x6xf32>
  return %0 : tensor<?x14x14x6xf32>
}

// Without padding every position exists, and nothing is guarded.
// STRUCTURED-LABEL: func @valid
// STRUCTURED-NOT: arith.cmpi
// STRUCTURED: return
func.func @valid(%x: tensor<?x1x28x28xf32>, %w: tensor<6x1x5x5xf32>) -> tensor<?x6x24x24xf32> {
  %0 = graph.conv %x, %w {dims = #graph.conv_dims<[0, 1, 2, 3] x [0, 1, 2, 3] -> [0, 1, 2, 3]>,
      strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
      dilations = array<i64: 1, 1>, groups = 1 : i64} : (tensor<?x1x28x28xf32>, tensor<6x1x5x5xf32>) -> tensor<?x6x24x24xf32>
  return %0 : tensor<?x6x24x24xf32>
}

// CHECK-LABEL: func @maximum
// CHECK: graph.pool %{{.*}} {{.*}}kind = #graph.pool<max>
func.func @maximum(%x: tensor<?x24x24x6xf32>) -> tensor<?x12x12x6xf32> {
  %0 = graph.pool %x {kind = #graph.pool<max>, window = array<i64: 1, 2, 2, 1>, strides = array<i64: 1, 2, 2, 1>,
      pads_low = array<i64: 0, 0, 0, 0>, pads_high = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1, 1>}
    : (tensor<?x24x24x6xf32>) -> tensor<?x12x12x6xf32>
  return %0 : tensor<?x12x12x6xf32>
}
