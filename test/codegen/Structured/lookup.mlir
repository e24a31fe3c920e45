// RUN: glyptic-opt %s -graph-generate-kernels | FileCheck %s

// A table row is found once per row, and read by vectors.
// CHECK-LABEL: func @embedding
// CHECK: graph.region "gather"
// CHECK-SAME: buffers = [0, 1, 2], writes = [2], chunks = 3, per_batch = true
func.func @embedding(%table: tensor<50x64xf32>, %i: tensor<?x3xi64>) -> tensor<?x3x64xf32> {
  %0 = graph.region (%table, %i) {
  ^bb0(%t: tensor<50x64xf32>, %n: tensor<?x3xi64>):
    %1 = graph.gather %t, %n dim = 0 : (tensor<50x64xf32>, tensor<?x3xi64>) -> tensor<?x3x64xf32>
    graph.yield %1 : tensor<?x3x64xf32>
  } : (tensor<50x64xf32>, tensor<?x3xi64>) -> tensor<?x3x64xf32>
  return %0 : tensor<?x3x64xf32>
}

// Its gradient: a chunk owns sixteen columns, and adds in the order of the indices.
// CHECK-LABEL: func @gradient
// CHECK: graph.region "scatter"
// CHECK-SAME: buffers = [1, 0, 2], writes = [2], chunks = 4,
func.func @gradient(%g: tensor<?x3x64xf32>, %i: tensor<?x3xi64>) -> tensor<50x64xf32> {
  %0 = graph.region (%g, %i) {
  ^bb0(%u: tensor<?x3x64xf32>, %n: tensor<?x3xi64>):
    %1 = graph.scatter sum %n, %u dim = 0 : (tensor<?x3xi64>, tensor<?x3x64xf32>) -> tensor<50x64xf32>
    graph.yield %1 : tensor<50x64xf32>
  } : (tensor<?x3x64xf32>, tensor<?x3xi64>) -> tensor<50x64xf32>
  return %0 : tensor<50x64xf32>
}

// CHECK-LABEL: func.func @kernel_gather(
// CHECK: scf.for
// CHECK: memref.load %arg1
// CHECK: scf.for
// CHECK: vector.load %arg0[%{{.*}}] : memref<?xf32>, vector<32xf32>
// CHECK-LABEL: func.func @kernel_scatter(
// CHECK: scf.for
// CHECK: scf.for
// CHECK: vector.store %{{.*}}, %arg2[%{{.*}}] : memref<?xf32>, vector<16xf32>
// CHECK: scf.for
// CHECK: memref.load %arg0
// CHECK: arith.addf
// CHECK: vector.store
