// RUN: glyptic-opt %s -graph-generate-kernels | FileCheck %s

// A product without a library: vectors along the result's columns, the sum inside; the bias joins its kernel.
// CHECK: graph.region "nest"
// CHECK-SAME: buffers = [0, 1, 2, 3], writes = [3], chunks = 1, per_batch = true
func.func @product(%x: tensor<?x48xf32>, %w: tensor<48x64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %0 = graph.region (%x, %w, %b) {
  ^bb0(%a: tensor<?x48xf32>, %k: tensor<48x64xf32>, %c: tensor<64xf32>):
    %1 = graph.dot_general %a, %k batch = [] x [] contracting = [1] x [0] : (tensor<?x48xf32>, tensor<48x64xf32>) -> tensor<?x64xf32>
    %2 = graph.broadcast %c dims = [1] : (tensor<64xf32>) -> tensor<?x64xf32>
    %3 = graph.add %1, %2 : tensor<?x64xf32>
    graph.yield %3 : tensor<?x64xf32>
  } : (tensor<?x48xf32>, tensor<48x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// Operands that run along the sum: the row schedule, with vectors along the sum.
// CHECK: graph.region "row"
func.func @transposed(%x: tensor<?x48xf32>, %w: tensor<64x48xf32>) -> tensor<?x64xf32> {
  %0 = graph.region (%x, %w) {
  ^bb0(%a: tensor<?x48xf32>, %k: tensor<64x48xf32>):
    %1 = graph.dot_general %a, %k batch = [] x [] contracting = [1] x [1] : (tensor<?x48xf32>, tensor<64x48xf32>) -> tensor<?x64xf32>
    graph.yield %1 : tensor<?x64xf32>
  } : (tensor<?x48xf32>, tensor<64x48xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @kernel_nest(
// CHECK: scf.for %[[ROW:.*]] = %{{.*}} to
// CHECK: scf.for %[[COLUMN:.*]] = %c0 to %c64 step %c32
// CHECK: scf.for {{.*}} -> (vector<32xf32>)
// CHECK: memref.load %arg0
// CHECK: vector.load %arg1
// CHECK: math.fma
