// RUN: glyptic-opt %s -graph-autodiff -split-input-file -verify-diagnostics

// The location is that of the ONNX node; the message names what to leave out of training.
func.func @blocked(%x: tensor<4xf32>, %w: tensor<4xf32> {graph.name = "layer.weight", graph.role = "parameter"}) -> tensor<4xf32>
    attributes {graph.differentiate = array<i64: 1>} {
  %0 = graph.mul %x, %w : tensor<4xf32>
  // expected-error @+1 {{no derivative, but trained parameters reach the loss through it; leave those out of training: --freeze 'layer.weight'}}
  %1 = "graph.region"(%0) ({
  ^bb0(%a: tensor<4xf32>):
    %2 = graph.exp %a : tensor<4xf32>
    graph.yield %2 : tensor<4xf32>
  }) : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// expected-error @+1 {{lists floating-point arguments of a function with one result}}
func.func @integer(%x: tensor<4xi64>) -> tensor<4xi64> attributes {graph.differentiate = array<i64: 0>} {
  return %x : tensor<4xi64>
}
