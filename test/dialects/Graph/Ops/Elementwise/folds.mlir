// RUN: glyptic-opt %s -canonicalize | FileCheck %s

// Over the batch a constant is a broadcast scalar; identities see through it.
// CHECK-LABEL: func @neutral_elements
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>
// CHECK-NEXT: return %[[X]] : tensor<?x4xf32>
func.func @neutral_elements(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %zero = graph.constant dense<0.0> : tensor<f32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %zeros = graph.broadcast %zero dims = [] : (tensor<f32>) -> tensor<?x4xf32>
  %ones = graph.broadcast %one dims = [] : (tensor<f32>) -> tensor<?x4xf32>
  %0 = graph.add %zeros, %x : tensor<?x4xf32>
  %1 = graph.sub %0, %zeros : tensor<?x4xf32>
  %2 = graph.mul %1, %ones : tensor<?x4xf32>
  %3 = graph.div %2, %ones : tensor<?x4xf32>
  %4 = graph.pow %3, %ones : tensor<?x4xf32>
  return %4 : tensor<?x4xf32>
}

// 0 * x is not 0 where x is infinite or NaN.
// CHECK-LABEL: func @zero_times_x
// CHECK: graph.mul
func.func @zero_times_x(%x: tensor<4xf32>) -> tensor<4xf32> {
  %zero = graph.constant dense<0.0> : tensor<4xf32>
  %0 = graph.mul %x, %zero : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func @square
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK-NEXT: graph.mul %[[X]], %[[X]]
func.func @square(%x: tensor<4xf32>) -> tensor<4xf32> {
  %two = graph.constant dense<2.0> : tensor<4xf32>
  %0 = graph.pow %x, %two : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func @select
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>, %[[Y:.*]]: tensor<4xf32>, %[[C:.*]]: tensor<4xi1>)
// CHECK-NEXT: return %[[X]], %[[Y]], %[[X]]
func.func @select(%x: tensor<4xf32>, %y: tensor<4xf32>, %c: tensor<4xi1>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %true = graph.constant dense<true> : tensor<4xi1>
  %false = graph.constant dense<false> : tensor<4xi1>
  %0 = graph.select %true, %x, %y : tensor<4xi1>, tensor<4xf32>
  %1 = graph.select %false, %x, %y : tensor<4xi1>, tensor<4xf32>
  %2 = graph.select %c, %x, %x : tensor<4xi1>, tensor<4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// Small tables are computed; so are elementwise ops over equal elements of any number.
// CHECK-LABEL: func @constants
// CHECK-DAG: dense<[1.000000e+00, 3.000000e+00, 5.000000e+00]> : tensor<3xf32>
// CHECK-DAG: dense<2.500000e+00> : tensor<1000000xf32>
// CHECK-NOT: graph.add
func.func @constants() -> (tensor<3xf32>, tensor<1000000xf32>) {
  %0 = graph.iota dim = 0 : tensor<3xf32>
  %1 = graph.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %2 = graph.add %0, %1 : tensor<3xf32>
  %3 = graph.constant dense<0.5> : tensor<1000000xf32>
  %4 = graph.constant dense<2.0> : tensor<1000000xf32>
  %5 = graph.add %3, %4 : tensor<1000000xf32>
  return %2, %5 : tensor<3xf32>, tensor<1000000xf32>
}

// Larger tables cost more to store than to compute.
// CHECK-LABEL: func @large_table
// CHECK: graph.iota
func.func @large_table() -> tensor<65xi64> {
  %0 = graph.iota dim = 0 : tensor<65xi64>
  return %0 : tensor<65xi64>
}
