// RUN: glyptic-opt %s -split-input-file -verify-diagnostics

// Samples of a batch do not depend on each other.
func.func @batch(%x: tensor<?x5xf32>) {
  // expected-error @+1 {{would mix samples: dimension 0 of 'tensor<?x5xf32>' is the batch}}
  graph.softmax %x dims = [0] : tensor<?x5xf32>
  return
}

// -----

func.func @order(%x: tensor<?x5x3xf32>) {
  // expected-error @+1 {{dims [2, 1] must increase and exist in 'tensor<?x5x3xf32>'}}
  graph.log_softmax %x dims = [2, 1] : tensor<?x5x3xf32>
  return
}

// -----

func.func @scale(%x: tensor<?x4x8xf32>, %scale: tensor<8xf32>) {
  // expected-error @+1 {{normalises 'tensor<?x4x8xf32>' from dimension 1 on, so scale and bias must be 'tensor<4x8xf32>', not 'tensor<8xf32>'}}
  graph.layer_norm %x, %scale dim = 1 {epsilon = 1.0e-5 : f64} : (tensor<?x4x8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
  return
}
