// RUN: glyptic-opt %s -graph-training="loss=mse" -verify-diagnostics=only-expected -o /dev/null

func.func @infer(%s: tensor<2xf32> {graph.name = "scale", graph.role = "parameter"},
                 %b: tensor<2xf32> {graph.name = "bias", graph.role = "parameter"},
                 %x: tensor<?x2xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x2xf32> {graph.name = "y", graph.role = "output"}) {
  // expected-error @+1 {{has running statistics that are one tensor with the trained parameter 'bias': exporters merge equal tensors}}
  %0 = graph.batch_norm %x, %s, %b, %b, %s dim = 1 {epsilon = 1.0e-5 : f64, momentum = 0.9 : f64}
    : (tensor<?x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}
