// RUN: glyptic-interpret %s --entry=numbers --arg='dense<[[1.0, 3.0, 3.0], [-2.0, 0x7FC00000, 5.0]]>' | FileCheck %s --check-prefix=NUMBERS
// RUN: glyptic-interpret %s --entry=nothing --arg='dense<0.0>' --arg='dense<0>' --arg='dense<false>' | FileCheck %s --check-prefix=NOTHING

func.func @numbers(%x: tensor<2x3xf32>)
    -> (tensor<2xf32>, tensor<2xf32>, tensor<3xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) {
  // NUMBERS: [7, nan]
  %0 = graph.reduce sum %x dims = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  // NUMBERS: [3, nan]
  %1 = graph.reduce max %x dims = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  // NUMBERS: [-2, nan, 15]
  %2 = graph.reduce prod %x dims = [0] : (tensor<2x3xf32>) -> tensor<3xf32>
  // NUMBERS: [1, 1]
  %3 = graph.arg_reduce max %x dim = 1 : (tensor<2x3xf32>) -> tensor<2xi64>
  // NUMBERS: [2, 1]
  %4 = graph.arg_reduce max %x dim = 1 last : (tensor<2x3xf32>) -> tensor<2xi64>
  // NUMBERS: [0, 1]
  %5 = graph.arg_reduce min %x dim = 1 : (tensor<2x3xf32>) -> tensor<2xi64>
  return %0, %1, %2, %3, %4, %5 : tensor<2xf32>, tensor<2xf32>, tensor<3xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>
}

func.func @nothing(%x: tensor<1x0xf32>, %n: tensor<1x0xi8>, %b: tensor<1x0xi1>)
    -> (tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi1>, tensor<1xi1>) {
  // NOTHING: [0]
  %0 = graph.reduce sum %x dims = [1] : (tensor<1x0xf32>) -> tensor<1xf32>
  // NOTHING: [-inf]
  %1 = graph.reduce max %x dims = [1] : (tensor<1x0xf32>) -> tensor<1xf32>
  // NOTHING: [inf]
  %2 = graph.reduce min %x dims = [1] : (tensor<1x0xf32>) -> tensor<1xf32>
  // NOTHING: [1]
  %3 = graph.reduce prod %x dims = [1] : (tensor<1x0xf32>) -> tensor<1xf32>
  // NOTHING: [-128]
  %4 = graph.reduce max %n dims = [1] : (tensor<1x0xi8>) -> tensor<1xi8>
  // NOTHING: [127]
  %5 = graph.reduce min %n dims = [1] : (tensor<1x0xi8>) -> tensor<1xi8>
  // NOTHING: [1]
  %6 = graph.reduce and %b dims = [1] : (tensor<1x0xi1>) -> tensor<1xi1>
  // NOTHING: [0]
  %7 = graph.reduce or %b dims = [1] : (tensor<1x0xi1>) -> tensor<1xi1>
  return %0, %1, %2, %3, %4, %5, %6, %7
    : tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi1>, tensor<1xi1>
}
