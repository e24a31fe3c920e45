// RUN: glyptic-opt %s | FileCheck %s
// RUN: glyptic-opt %s --graph-structure | FileCheck %s --check-prefix=STRUCTURED

// Batch dimensions come first, then what is left of lhs, then of rhs. One of them may depend on the batch.
// CHECK-LABEL: func @scores
// CHECK: graph.dot_general %{{.*}}, %{{.*}} batch = [0, 2] x [0, 2] contracting = [3] x [3] : (tensor<?x8x4x16xf32>, tensor<?x8x4x16xf32>) -> tensor<?x4x8x8xf32>
// STRUCTURED-DAG: #[[Q:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d1, d4)>
// STRUCTURED-DAG: #[[K:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d1, d4)>
// STRUCTURED-DAG: #[[S:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>
// STRUCTURED-LABEL: func @scores
// STRUCTURED: linalg.generic {indexing_maps = [#[[Q]], #[[K]], #[[S]]], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
func.func @scores(%q: tensor<?x8x4x16xf32>, %k: tensor<?x8x4x16xf32>) -> tensor<?x4x8x8xf32> {
  %0 = graph.dot_general %q, %k batch = [0, 2] x [0, 2] contracting = [3] x [3]
    : (tensor<?x8x4x16xf32>, tensor<?x8x4x16xf32>) -> tensor<?x4x8x8xf32>
  return %0 : tensor<?x4x8x8xf32>
}

// A weight gradient sums over the batch, so its result does not depend on it.
// CHECK-LABEL: func @weight_gradient
// CHECK: -> tensor<16x4xf32>
func.func @weight_gradient(%x: tensor<?x16xf32, #graph.batch<8>>, %dy: tensor<?x4xf32, #graph.batch<8>>) -> tensor<16x4xf32> {
  %0 = graph.dot_general %x, %dy batch = [] x [] contracting = [0] x [0]
    : (tensor<?x16xf32, #graph.batch<8>>, tensor<?x4xf32, #graph.batch<8>>) -> tensor<16x4xf32>
  return %0 : tensor<16x4xf32>
}

// Products of half precision are summed in FP32, and kept so where `result_type` asks for it.
// CHECK-LABEL: func @half
// STRUCTURED-LABEL: func @half
// STRUCTURED: arith.extf %{{.*}} : bf16 to f32
// STRUCTURED: arith.addf %{{.*}} : f32
func.func @half(%x: tensor<?x16xbf16>, %dy: tensor<?x4xbf16>) -> tensor<16x4xf32> {
  %0 = graph.dot_general %x, %dy batch = [] x [] contracting = [0] x [0] {result_type = f32}
    : (tensor<?x16xbf16>, tensor<?x4xbf16>) -> tensor<16x4xf32>
  return %0 : tensor<16x4xf32>
}
