// RUN: glyptic-interpret %s --batch=2 --arg=iota --arg='dense<-1.0>' | FileCheck %s

// The argument is [[0, 1, 2], [3, 4, 5]].
func.func @main(%x: tensor<?x3xf32>, %v: tensor<f32>)
    -> (tensor<3x?xf32>, tensor<?x2xf32>, tensor<?x6xf32>, tensor<?x4xf32>, tensor<?x6xf32>, tensor<?x3xf32>,
        tensor<?x2x3xf32>, tensor<?xf32, #graph.batch<3>>, tensor<?x3xi64>, tensor<i64>) {
  // CHECK: tensor<3x2xf32> {{\[}}[0, 3], [1, 4], [2, 5]]
  %0 = graph.transpose %x permutation = [1, 0] : (tensor<?x3xf32>) -> tensor<3x?xf32>
  // CHECK: [0, 2], [3, 5]
  %1 = graph.slice %x starts = [0, 0] strides = [1, 2] : (tensor<?x3xf32>) -> tensor<?x2xf32>
  // CHECK: [-1, 0, -1, 1, -1, 2], [-1, 3, -1, 4, -1, 5]
  %2 = graph.pad %x, %v low = [0, 1] high = [0, 0] interior = [0, 1] : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x6xf32>
  // CHECK: [1, 2, -1, -1], [4, 5, -1, -1]
  %3 = graph.pad %x, %v low = [0, -1] high = [0, 2] interior = [0, 0] : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x4xf32>
  // CHECK: [0, 1, 2, 0, 1, 2], [3, 4, 5, 3, 4, 5]
  %4 = graph.concat %x, %x dim = 1 : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x6xf32>
  // CHECK: [2, 1, 0], [5, 4, 3]
  %5 = graph.reverse %x dims = [1] : tensor<?x3xf32>
  // CHECK: {{\[}}[0, 1, 2], [0, 1, 2]], {{\[}}[3, 4, 5], [3, 4, 5]]
  %6 = graph.broadcast %x dims = [0, 2] : (tensor<?x3xf32>) -> tensor<?x2x3xf32>
  // CHECK: [0, 1, 2, 3, 4, 5]
  %7 = graph.reshape %x : (tensor<?x3xf32>) -> tensor<?xf32, #graph.batch<3>>
  // CHECK: [0, 1, 2], [0, 1, 2]
  %8 = graph.iota dim = 1 : tensor<?x3xi64>
  // CHECK: tensor<i64> 2
  %9 = graph.batch_size : tensor<i64>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9
    : tensor<3x?xf32>, tensor<?x2xf32>, tensor<?x6xf32>, tensor<?x4xf32>, tensor<?x6xf32>, tensor<?x3xf32>,
      tensor<?x2x3xf32>, tensor<?xf32, #graph.batch<3>>, tensor<?x3xi64>, tensor<i64>
}
