// RUN: glyptic-opt %s -split-input-file -verify-diagnostics

func.func @sizes(%x: tensor<2x3xf32>, %w: tensor<4x5xf32>) {
  // expected-error @+2 {{contracting dimension 1 of 'tensor<2x3xf32>' and 0 of 'tensor<4x5xf32>' differ in size}}
  // expected-error @+1 {{failed to infer returned types}}
  graph.dot_general %x, %w batch = [] x [] contracting = [1] x [0] : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @twice(%x: tensor<2x3xf32>, %w: tensor<2x3xf32>) {
  // expected-error @+2 {{dimension 0 of lhs is named twice}}
  // expected-error @+1 {{failed to infer returned types}}
  graph.dot_general %x, %w batch = [0] x [0] contracting = [0] x [1] : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

// One batch cannot be compared with all samples of another: that product's size would be quadratic.
func.func @quadratic(%x: tensor<?x3xf32>) {
  // expected-error @+2 {{would depend on the batch in two dimensions}}
  // expected-error @+1 {{failed to infer returned types}}
  graph.dot_general %x, %x batch = [] x [] contracting = [1] x [1] : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @result(%x: tensor<?x3xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{op inferred type(s) 'tensor<?x4xf32>' are incompatible with return type(s) of operation 'tensor<3x4xf32>'}}
  graph.dot_general %x, %w batch = [] x [] contracting = [1] x [0] : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return
}
