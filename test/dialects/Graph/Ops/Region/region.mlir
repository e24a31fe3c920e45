// RUN: glyptic-opt %s -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @relu_of_sum
// CHECK: graph.region "pointwise"(%{{.*}}, %{{.*}}) {
// CHECK: ^bb0(%[[X:.*]]: tensor<?x8xf32>, %[[Y:.*]]: tensor<?x8xf32>):
// CHECK: graph.add %[[X]], %[[Y]]
// CHECK: graph.yield
func.func @relu_of_sum(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = graph.region "pointwise"(%x, %y) {
  ^bb0(%a: tensor<?x8xf32>, %b: tensor<?x8xf32>):
    %1 = graph.add %a, %b : tensor<?x8xf32>
    %2 = graph.relu %1 : tensor<?x8xf32>
    graph.yield %2 : tensor<?x8xf32>
  } : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @arguments(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error @+1 {{body's arguments must have the types of the inputs}}
  %0 = graph.region(%x) {
  ^bb0(%a: tensor<?x4xf32>):
    graph.yield %a : tensor<?x4xf32>
  } : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func @results(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
  // expected-error @+1 {{yields values of other types than its results}}
  %0 = graph.region(%x) {
  ^bb0(%a: tensor<?x8xf32>):
    graph.yield %a : tensor<?x8xf32>
  } : (tensor<?x8xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

func.func @foreign(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = graph.region(%x) {
  ^bb0(%a: tensor<8xf32>):
    // expected-error @+1 {{cannot be in a graph.region: it has neither a structured form nor a meaning of its own}}
    %1 = arith.addf %a, %a : tensor<8xf32>
    graph.yield %1 : tensor<8xf32>
  } : (tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

func.func @write(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{launch of @kernel writes input 0 of the region}}
  %0 = graph.region(%x) attributes {launches = [#graph.launch<@kernel, buffers = [0, 1], writes = [0], chunks = 1, grain = 1>]} {
  ^bb0(%a: tensor<8xf32>):
    %1 = graph.relu %a : tensor<8xf32>
    graph.yield %1 : tensor<8xf32>
  } : (tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

func.func @apart(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{has 1 inputs, and `apart` speaks of 2}}
  %0 = graph.region(%x) attributes {apart = ["columns-end", ""]} {
  ^bb0(%a: tensor<8xf32>):
    %1 = graph.relu %a : tensor<8xf32>
    graph.yield %1 : tensor<8xf32>
  } : (tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
