// RUN: glyptic-opt %s -split-input-file -verify-diagnostics

func.func @features(%x: tensor<?x3x8xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @+2 {{3 features in 1 groups do not match weight 'tensor<4x2x3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  graph.conv %x, %w {dims = #graph.conv_dims<[0, 1, 2] x [0, 1, 2] -> [0, 1, 2]>, strides = array<i64: 1>,
    pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>, groups = 1 : i64}
    : (tensor<?x3x8xf32>, tensor<4x2x3xf32>) -> tensor<?x4x6xf32>
  return
}

// -----

func.func @fit(%x: tensor<?x3x4xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @+2 {{a window of extent 5 does not fit into dimension 2 of size 4 with padding (0, 0)}}
  // expected-error @+1 {{failed to infer returned types}}
  graph.conv %x, %w {dims = #graph.conv_dims<[0, 1, 2] x [0, 1, 2] -> [0, 1, 2]>, strides = array<i64: 1>,
    pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 2>, groups = 1 : i64}
    : (tensor<?x3x4xf32>, tensor<4x3x3xf32>) -> tensor<?x4x1xf32>
  return
}

// -----

func.func @gradient(%dy: tensor<?x4x5xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @+1 {{convolves 'tensor<?x3x8xf32>' with 'tensor<4x3x3xf32>' to 'tensor<?x4x6xf32>', but its gradient is 'tensor<?x4x5xf32>'}}
  graph.conv_input_grad %dy, %w {dims = #graph.conv_dims<[0, 1, 2] x [0, 1, 2] -> [0, 1, 2]>, strides = array<i64: 1>,
    pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>, groups = 1 : i64}
    : (tensor<?x4x5xf32>, tensor<4x3x3xf32>) -> tensor<?x3x8xf32>
  return
}

// -----

// A maximum or an average over nothing does not exist.
func.func @padding(%x: tensor<?x4xf32>) {
  // expected-error @+2 {{a window along dimension 1 of 'tensor<?x4xf32>' lies entirely in padding; reduce the padding}}
  // expected-error @+1 {{failed to infer returned types}}
  graph.pool %x {kind = #graph.pool<average>, window = array<i64: 1, 2>, strides = array<i64: 1, 2>,
    pads_low = array<i64: 0, 2>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x4xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @batch(%x: tensor<?x4xf32>) {
  // expected-error @+2 {{windows cannot slide along the batch, dimension 0 of 'tensor<?x4xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  graph.pool %x {kind = #graph.pool<max>, window = array<i64: 2, 1>, strides = array<i64: 1, 1>,
    pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}
