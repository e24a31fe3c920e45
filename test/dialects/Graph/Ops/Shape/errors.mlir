// RUN: glyptic-opt %s -split-input-file -verify-diagnostics

func.func @broadcast(%x: tensor<3xf32>) -> tensor<?x4xf32> {
  // expected-error @+1 {{cannot stretch dimension 0 of 'tensor<3xf32>' to dimension 1 of 'tensor<?x4xf32>': it is neither 1 nor the same}}
  %0 = graph.broadcast %x dims = [1] : (tensor<3xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

func.func @broadcast_dims(%x: tensor<3x4xf32>) -> tensor<4x3xf32> {
  // expected-error @+1 {{dims must increase and lie below the result's rank 2}}
  %0 = graph.broadcast %x dims = [1, 0] : (tensor<3x4xf32>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// -----

func.func @reshape(%x: tensor<?x6xf32>) -> tensor<?x2xf32, #graph.batch<2>> {
  // expected-error @+1 {{cannot turn 'tensor<?x6xf32>' into 'tensor<?x2xf32, #graph.batch<2>>': the numbers of elements differ}}
  %0 = graph.reshape %x : (tensor<?x6xf32>) -> tensor<?x2xf32, #graph.batch<2>>
  return %0 : tensor<?x2xf32, #graph.batch<2>>
}

// -----

func.func @transpose(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  // expected-error @+2 {{permutation [1, 1] does not name each dimension of 'tensor<2x3xf32>' once}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = graph.transpose %x permutation = [1, 1] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// -----

func.func @slice(%x: tensor<5xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{takes elements 2 to 7 by 2 of dimension 0, which has 5}}
  %0 = graph.slice %x starts = [2] strides = [2] : (tensor<5xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @slice_of_the_batch(%x: tensor<?x5xf32>) -> tensor<1x5xf32> {
  // expected-error @+1 {{must take the batched dimension 0 whole}}
  %0 = graph.slice %x starts = [0, 0] strides = [1, 1] : (tensor<?x5xf32>) -> tensor<1x5xf32>
  return %0 : tensor<1x5xf32>
}

// -----

func.func @pad_of_the_batch(%x: tensor<?xf32>, %v: tensor<f32>) -> tensor<?xf32> {
  // expected-error @+2 {{a batched dimension cannot be padded}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = graph.pad %x, %v low = [1] high = [0] interior = [0] : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @concat(%x: tensor<2x3xf32>, %y: tensor<2x4xf32>) -> tensor<4x3xf32> {
  // expected-error @+2 {{cannot join 'tensor<2x3xf32>' and 'tensor<2x4xf32>' along dimension 0: another dimension differs}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = graph.concat %x, %y dim = 0 : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// -----

func.func @concat_of_batches(%x: tensor<?x3xf32>) -> tensor<?x3xf32, #graph.batch<2>> {
  // expected-error @+2 {{cannot join along the batched dimension 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = graph.concat %x, %x dim = 0 : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32, #graph.batch<2>>
  return %0 : tensor<?x3xf32, #graph.batch<2>>
}

// -----

func.func @reverse(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  // expected-error @+1 {{cannot reverse the batched dimension 0}}
  %0 = graph.reverse %x dims = [0] : tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

func.func @iota() -> tensor<3xi64> {
  // expected-error @+1 {{counts along dimension 1 of 'tensor<3xi64>'}}
  %0 = graph.iota dim = 1 : tensor<3xi64>
  return %0 : tensor<3xi64>
}
