// RUN: glyptic-opt %s -split-input-file -verify-diagnostics

func.func @dims(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  // expected-error @+2 {{dims [2] must increase and exist in 'tensor<2x3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = graph.reduce sum %x dims = [2] : (tensor<2x3xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @kind(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  // expected-error @+2 {{cannot combine elements of 'tensor<2x3xf32>' by and}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = graph.reduce and %x dims = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @arg_of_sum(%x: tensor<2x3xf32>) -> tensor<2xi64> {
  // expected-error @+1 {{finds a max or a min, not sum}}
  %0 = graph.arg_reduce sum %x dim = 1 : (tensor<2x3xf32>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}

// -----

func.func @arg_of_nothing(%x: tensor<2x0xf32>) -> tensor<2xi64> {
  // expected-error @+1 {{has no element to find along dimension 1 of 'tensor<2x0xf32>'}}
  %0 = graph.arg_reduce max %x dim = 1 : (tensor<2x0xf32>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}
