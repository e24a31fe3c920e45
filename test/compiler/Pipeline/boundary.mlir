// RUN: glyptic-opt %s -split-input-file -verify-diagnostics -verify-boundary=after=kernels

func.func @infer(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'graph.relu' is left after phase Kernels, where only regions with kernels, library calls, views, constants may be}}
  %0 = graph.relu %x : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @infer(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'graph.region' is left after phase Kernels}}
  %0 = graph.region "pointwise"(%x) {
  ^bb0(%a: tensor<2xf32>):
    %s = graph.neg %a : tensor<2xf32>
    graph.yield %s : tensor<2xf32>
  } : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @infer(%x: tensor<4x2xf32>, %w: tensor<2x3xf32>) -> tensor<12xf32> {
  %c = graph.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = graph.region "pointwise"(%x, %c) attributes {
      launches = [#graph.launch<@k, buffers = [0, 1, 2], writes = [2], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<4x2xf32>, %t: tensor<2xf32>):
    %s = graph.neg %a : tensor<4x2xf32>
    graph.yield %s : tensor<4x2xf32>
  } : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %1 = graph.dot_general %0, %w batch = [] x [] contracting = [1] x [0] : (tensor<4x2xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
  %2 = graph.reshape %1 : (tensor<4x3xf32>) -> tensor<12xf32>
  return %2 : tensor<12xf32>
}

// -----

// expected-error @below {{'plan.program' is left after phase Kernels, where only functions may be}}
plan.program "cpu" threads 1 max_batch 1 arenas [0, 0, 0, 0] {
}
