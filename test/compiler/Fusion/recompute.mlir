// RUN: glyptic-opt %s --graph-fusion | FileCheck %s

!X = tensor<?x64xf32, #graph.batch<128>>

// A value made from one stored tensor and smaller ones is made again where it is used: neither the biased sum nor the
// exponential is stored for the second region, which reads the product and the bias.
// CHECK-LABEL: func @activation
// CHECK:       %[[PRODUCT:.*]] = graph.dot_general
// CHECK:       %[[Y:.*]] = graph.region "pointwise"(%[[PRODUCT]], %{{.*}}) {
// CHECK:         graph.exp
// CHECK:       } : (tensor<?x64xf32, #graph.batch<128>>, tensor<64xf32>) -> tensor<?x64xf32, #graph.batch<128>>
// CHECK:       %[[Z:.*]] = graph.dot_general %[[Y]]
// CHECK:       graph.region "pointwise"({{.*}}%[[PRODUCT]], %{{.*}}) {
// CHECK:         graph.add
// CHECK:         graph.exp
// CHECK:         graph.mul
// CHECK-NOT:   graph.recomputed
func.func @activation(%x: !X, %w: tensor<64x64xf32>, %b: tensor<64xf32>) -> !X {
  %0 = graph.dot_general %x, %w batch = [] x [] contracting = [1] x [0] : (!X, tensor<64x64xf32>) -> !X
  %1 = graph.broadcast %b dims = [1] : (tensor<64xf32>) -> !X
  %2 = graph.add %0, %1 : !X
  %3 = graph.exp %2 : !X
  %4 = graph.sqrt %3 : !X
  %5 = graph.dot_general %4, %w batch = [] x [] contracting = [1] x [0] : (!X, tensor<64x64xf32>) -> !X
  %6 = graph.mul %5, %3 : !X
  return %6 : !X
}

// Made from two: the sum is stored, or both would have to be kept.
// CHECK-LABEL: func @residual
// CHECK:       %[[R:.*]]:2 = graph.region "pointwise"(%{{.*}}, %{{.*}}) {
// CHECK:         graph.add
// CHECK:       %[[Z:.*]] = graph.dot_general
// CHECK:       graph.region "pointwise"(%[[Z]], %[[R]]#{{[01]}})
func.func @residual(%x: !X, %y: !X, %w: tensor<64x64xf32>) -> !X {
  %0 = graph.add %x, %y : !X
  %1 = graph.exp %0 : !X
  %2 = graph.dot_general %1, %w batch = [] x [] contracting = [1] x [0] : (!X, tensor<64x64xf32>) -> !X
  %3 = graph.mul %2, %0 : !X
  return %3 : !X
}

// Moves in a row touch memory once: each part is taken straight from the biased product, through reshape and transpose.
// Both parts read the same product, so they are taken together.
// CHECK-LABEL: func @split_heads
// CHECK:       %[[PRODUCT:.*]] = graph.dot_general
// CHECK-NEXT:  %[[QK:.*]]:2 = graph.region "pointwise"(%[[PRODUCT]], %{{.*}}) {
// CHECK:         graph.add
// CHECK:         graph.reshape
// CHECK:         graph.transpose
// CHECK-COUNT-2: graph.slice
// CHECK:       graph.dot_general %[[QK]]#0, %[[QK]]#1
func.func @split_heads(%x: tensor<?x16x8xf32>, %w: tensor<8x16xf32>, %b: tensor<16xf32>) -> tensor<1x?x2x16x16xf32> {
  %0 = graph.dot_general %x, %w batch = [] x [] contracting = [2] x [0] : (tensor<?x16x8xf32>, tensor<8x16xf32>) -> tensor<?x16x16xf32>
  %1 = graph.broadcast %b dims = [2] : (tensor<16xf32>) -> tensor<?x16x16xf32>
  %2 = graph.add %0, %1 : tensor<?x16x16xf32>
  %3 = graph.reshape %2 : (tensor<?x16x16xf32>) -> tensor<?x16x2x2x4xf32>
  %4 = graph.transpose %3 permutation = [2, 0, 3, 1, 4] : (tensor<?x16x2x2x4xf32>) -> tensor<2x?x2x16x4xf32>
  %5 = graph.slice %4 starts = [0, 0, 0, 0, 0] strides = [1, 1, 1, 1, 1] : (tensor<2x?x2x16x4xf32>) -> tensor<1x?x2x16x4xf32>
  %6 = graph.slice %4 starts = [1, 0, 0, 0, 0] strides = [1, 1, 1, 1, 1] : (tensor<2x?x2x16x4xf32>) -> tensor<1x?x2x16x4xf32>
  %7 = graph.dot_general %5, %6 batch = [0, 1, 2] x [0, 1, 2] contracting = [4] x [4] : (tensor<1x?x2x16x4xf32>, tensor<1x?x2x16x4xf32>) -> tensor<1x?x2x16x16xf32>
  return %7 : tensor<1x?x2x16x16xf32>
}

// The other way round, parts are put together where they are needed in another order: one kernel from two products.
// CHECK-LABEL: func @join_heads
// CHECK:       graph.region "pointwise"(%{{.*}}, %{{.*}}) {
// CHECK:         graph.concat
// CHECK:         graph.transpose
// CHECK-NOT:   graph.region
// CHECK:       return
func.func @join_heads(%q: tensor<1x?x2x16x4xf32>, %k: tensor<1x?x2x16x4xf32>) -> tensor<?x16x2x2x4xf32> {
  %0 = graph.concat %q, %k dim = 0 : (tensor<1x?x2x16x4xf32>, tensor<1x?x2x16x4xf32>) -> tensor<2x?x2x16x4xf32>
  %1 = graph.transpose %0 permutation = [1, 3, 0, 2, 4] : (tensor<2x?x2x16x4xf32>) -> tensor<?x16x2x2x4xf32>
  return %1 : tensor<?x16x2x2x4xf32>
}
