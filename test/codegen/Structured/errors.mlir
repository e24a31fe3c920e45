// RUN: glyptic-opt %s -graph-generate-kernels -verify-diagnostics

func.func @composite(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = graph.region (%x) {
  ^bb0(%a: tensor<4xf32>):
    // expected-error @+1 {{'graph.softmax' op has no structured form, so no kernel can be generated for it}}
    %1 = graph.softmax %a dims = [0] : tensor<4xf32>
    graph.yield %1 : tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
