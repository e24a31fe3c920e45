// RUN: glyptic-opt %s -pass-pipeline='builtin.module(func.func(graph-structure))' -mlir-print-local-scope | FileCheck %s

// Where each result element comes from is an indexing map of the operand.

// CHECK-LABEL: func @broadcast
// CHECK: affine_map<(d0, d1, d2, d3) -> (0, d2, 0)>
func.func @broadcast(%x: tensor<1x3x1xf32>) -> tensor<?x2x3x4xf32> {
  %0 = graph.broadcast %x dims = [0, 2, 3] : (tensor<1x3x1xf32>) -> tensor<?x2x3x4xf32>
  return %0 : tensor<?x2x3x4xf32>
}

// CHECK-LABEL: func @transpose
// CHECK: affine_map<(d0, d1, d2) -> (d1, d2, d0)>
func.func @transpose(%x: tensor<2x3x5xf32>) -> tensor<5x2x3xf32> {
  %0 = graph.transpose %x permutation = [2, 0, 1] : (tensor<2x3x5xf32>) -> tensor<5x2x3xf32>
  return %0 : tensor<5x2x3xf32>
}

// CHECK-LABEL: func @slice
// CHECK: affine_map<(d0, d1) -> (d0, d1 * 3 + 2)>
func.func @slice(%x: tensor<?x9xf32>) -> tensor<?x3xf32> {
  %0 = graph.slice %x starts = [0, 2] strides = [1, 3] : (tensor<?x9xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// CHECK-LABEL: func @reverse
// CHECK: affine_map<(d0, d1) -> (d0, -d1 + 4)>
func.func @reverse(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %0 = graph.reverse %x dims = [1] : tensor<?x5xf32>
  return %0 : tensor<?x5xf32>
}

// A position that may not exist is clamped, read, and selected.
// CHECK-LABEL: func @pad
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>, %[[V:.*]]: tensor<f32>)
// CHECK: linalg.generic {indexing_maps = [affine_map<(d0) -> ()>, affine_map<(d0) -> (d0)>]
// CHECK-SAME: ins(%[[V]] : tensor<f32>)
// CHECK: ^bb0(%[[PADDING:.*]]: f32,
// CHECK: %[[I:.*]] = linalg.index 0
// CHECK: %[[SHIFTED:.*]] = arith.subi %[[I]], %{{.*}}
// CHECK: %[[INSIDE:.*]] = arith.andi
// CHECK: arith.maxsi %[[SHIFTED]]
// CHECK: %[[CLAMPED:.*]] = arith.minsi
// CHECK: %[[ELEMENT:.*]] = tensor.extract %[[X]][%[[CLAMPED]]]
// CHECK: arith.select %[[INSIDE]], %[[ELEMENT]], %[[PADDING]]
func.func @pad(%x: tensor<3xf32>, %v: tensor<f32>) -> tensor<6xf32> {
  %0 = graph.pad %x, %v low = [1] high = [2] interior = [0] : (tensor<3xf32>, tensor<f32>) -> tensor<6xf32>
  return %0 : tensor<6xf32>
}

// CHECK-LABEL: func @concat
// CHECK-SAME: (%[[X:.*]]: tensor<?x3xf32>, %[[Y:.*]]: tensor<?x2xf32>)
// CHECK: %[[E0:.*]] = tensor.extract %[[X]]
// CHECK: %[[E1:.*]] = tensor.extract %[[Y]]
// CHECK: %[[SECOND:.*]] = arith.cmpi sge
// CHECK: arith.select %[[SECOND]], %[[E1]], %[[E0]]
func.func @concat(%x: tensor<?x3xf32>, %y: tensor<?x2xf32>) -> tensor<?x5xf32> {
  %0 = graph.concat %x, %y dim = 1 : (tensor<?x3xf32>, tensor<?x2xf32>) -> tensor<?x5xf32>
  return %0 : tensor<?x5xf32>
}

// CHECK-LABEL: func @iota
// CHECK: linalg.index 1
// CHECK: arith.sitofp
func.func @iota() -> tensor<?x5xf32> {
  %0 = graph.iota dim = 1 : tensor<?x5xf32>
  return %0 : tensor<?x5xf32>
}

// Tables are constants; equal elements are one scalar.
// CHECK-LABEL: func @constants
// CHECK: arith.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK: linalg.generic
// CHECK: arith.constant 2.500000e+00 : f32
func.func @constants() -> (tensor<2xf32>, tensor<4xf32>) {
  %0 = graph.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = graph.constant dense<2.5> : tensor<4xf32>
  return %0, %1 : tensor<2xf32>, tensor<4xf32>
}
