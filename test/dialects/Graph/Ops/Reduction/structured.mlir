// RUN: glyptic-opt %s -pass-pipeline='builtin.module(func.func(graph-structure))' -mlir-print-local-scope | FileCheck %s

// A reduction starts from its identity, and its result's map lacks the dimensions that disappear.
// CHECK-LABEL: func @max
// CHECK: %[[LOWEST:.*]] = arith.constant 0xFF800000 : f32
// CHECK: %[[START:.*]] = linalg.fill ins(%[[LOWEST]] : f32)
// CHECK: linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d1)>]
// CHECK-SAME: iterator_types = ["reduction", "parallel", "reduction"]
// CHECK-SAME: outs(%[[START]]
// CHECK: ^bb0(%[[X:.*]]: f32, %[[SO_FAR:.*]]: f32):
// CHECK: arith.maximumf %[[X]], %[[SO_FAR]]
func.func @max(%x: tensor<2x?x3xf32>) -> tensor<?xf32> {
  %0 = graph.reduce max %x dims = [0, 2] : (tensor<2x?x3xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// The best value and its position go side by side; the position is what the op gives.
// CHECK-LABEL: func @arg_max
// CHECK: %[[BOTH:.*]]:2 = linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "reduction"]
// CHECK: linalg.index 1
// CHECK: linalg.yield %{{.*}}, %{{.*}} : f32, i64
// CHECK: return %[[BOTH]]#1
func.func @arg_max(%x: tensor<?x7xf32>) -> tensor<?xi64> {
  %0 = graph.arg_reduce max %x dim = 1 : (tensor<?x7xf32>) -> tensor<?xi64>
  return %0 : tensor<?xi64>
}
