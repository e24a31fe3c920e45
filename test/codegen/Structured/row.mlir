// RUN: glyptic-opt %s -graph-generate-kernels | FileCheck %s

// One kernel for a softmax: what depends on the row alone is computed once per row, and the exponential is kept.
// CHECK: graph.region "row"
// CHECK-SAME: buffers = [0, 1], writes = [1], chunks = 4, per_batch = true
!X = tensor<?x1024xf32, #graph.batch<4>>
!R = tensor<?xf32, #graph.batch<4>>
func.func @softmax(%x: !X) -> !X {
  %0 = graph.region (%x) {
  ^bb0(%a: !X):
    %1 = graph.reduce max %a dims = [1] : (!X) -> !R
    %2 = graph.broadcast %1 dims = [0] : (!R) -> !X
    %3 = graph.sub %a, %2 : !X
    %4 = graph.exp %3 : !X
    %5 = graph.reduce sum %4 dims = [1] : (!X) -> !R
    %6 = graph.broadcast %5 dims = [0] : (!R) -> !X
    %7 = graph.div %4, %6 : !X
    graph.yield %7 : !X
  } : (!X) -> !X
  return %0 : !X
}
// CHECK-LABEL: func.func @kernel_row
// CHECK: %[[KEPT:.*]] = memref.alloca
// CHECK: scf.for
// CHECK: %[[MAX:.*]] = scf.for %{{.*}} iter_args(%{{.*}} = %{{.*}}) -> (vector<32xf32>)
// CHECK: arith.maximumf %{{.*}} : vector<32xf32>
// The lanes are combined by halves.
// CHECK: vector.shuffle %[[MAX]], %[[MAX]] [16, 17,
// CHECK: arith.maximumf %{{.*}} : vector<16xf32>
// CHECK: scf.for
// CHECK: %[[E:.*]] = math.exp
// CHECK: vector.store %[[E]], %[[KEPT]]
// CHECK: scf.for
// CHECK-NOT: math.exp
// CHECK: vector.load %[[KEPT]]
// CHECK: arith.divf
// CHECK: vector.store
// CHECK-NOT: scf.for
