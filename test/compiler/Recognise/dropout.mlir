// RUN: glyptic-opt %s --graph-recognise --canonicalize --cse | FileCheck %s

// Uniform numbers below p, divided by p: a dropout of ones, which is no constant, though all of its operands are.
// CHECK-LABEL: func @dropout
// CHECK: %[[ONES:.*]] = graph.constant dense<1.000000e+00>
// CHECK: %[[FACTOR:.*]], %{{.*}} = graph.dropout %[[ONES]] {ratio = 2.500000e-01 : f64}
// CHECK: %[[SPREAD:.*]] = graph.broadcast %[[FACTOR]]
// CHECK: graph.mul %{{.*}}, %[[SPREAD]]
// CHECK-NOT: graph.noise
func.func @dropout(%x: tensor<2x4x3xf32>) -> tensor<2x4x3xf32> {
  %kept = graph.constant dense<0.75> : tensor<2x4x1xf32>
  %0 = graph.noise uniform seed = 0 site = 3 : tensor<2x4x1xf32>
  %1 = graph.compare lt %0, %kept : tensor<2x4x1xf32>
  %2 = graph.convert %1 : (tensor<2x4x1xi1>) -> tensor<2x4x1xf32>
  %3 = graph.div %2, %kept : tensor<2x4x1xf32>
  %4 = graph.broadcast %3 dims = [0, 1, 2] : (tensor<2x4x1xf32>) -> tensor<2x4x3xf32>
  %5 = graph.mul %x, %4 : tensor<2x4x3xf32>
  return %5 : tensor<2x4x3xf32>
}

// Not divided by what is kept on average; normal numbers; numbers that something else reads.
// CHECK-LABEL: func @no_dropout
// CHECK-NOT: graph.dropout
func.func @no_dropout() -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>) {
  %half = graph.constant dense<0.5> : tensor<4xf32>
  %third = graph.constant dense<0.3> : tensor<4xf32>
  %0 = graph.noise uniform seed = 0 site = 0 : tensor<4xf32>
  %1 = graph.compare lt %0, %half : tensor<4xf32>
  %2 = graph.convert %1 : (tensor<4xi1>) -> tensor<4xf32>
  %3 = graph.div %2, %third : tensor<4xf32>
  %4 = graph.noise normal seed = 0 site = 1 : tensor<4xf32>
  %5 = graph.compare lt %4, %half : tensor<4xf32>
  %6 = graph.convert %5 : (tensor<4xi1>) -> tensor<4xf32>
  %7 = graph.div %6, %half : tensor<4xf32>
  %8 = graph.noise uniform seed = 0 site = 2 : tensor<4xf32>
  %9 = graph.compare lt %8, %half : tensor<4xf32>
  %10 = graph.convert %9 : (tensor<4xi1>) -> tensor<4xf32>
  %11 = graph.div %10, %half : tensor<4xf32>
  return %3, %7, %11, %9 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>
}
