// RUN: glyptic-opt %s -graph-sample-mixing -split-input-file -verify-diagnostics | FileCheck %s

// A dense layer, a softmax over features, a window and a look-up in a table: each sample by itself.
// CHECK-LABEL: func.func @apart
// CHECK-NOT: graph.mixes_samples
func.func @apart(%x: tensor<?x3x4xf32> {graph.name = "x", graph.role = "input"},
                 %i: tensor<?xi64> {graph.name = "i", graph.role = "input"},
                 %w: tensor<4x4xf32> {graph.name = "w", graph.role = "parameter"})
    -> (tensor<?x4xf32> {graph.name = "y", graph.role = "output"},
        tensor<4x?xf32> {graph.name = "t", graph.role = "output"},
        tensor<?xf32, #graph.batch<12>> {graph.name = "flat", graph.role = "output"},
        tensor<?x5x4xf32> {graph.name = "padded", graph.role = "output"}) {
  %p = graph.dot_general %x, %w batch = [] x [] contracting = [2] x [0] : (tensor<?x3x4xf32>, tensor<4x4xf32>) -> tensor<?x3x4xf32>
  %s = graph.reduce sum %p dims = [1] : (tensor<?x3x4xf32>) -> tensor<?x4xf32>
  %r = graph.gather %w, %i dim = 0 : (tensor<4x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %y = graph.add %s, %r : tensor<?x4xf32>
  %t = graph.transpose %y permutation = [1, 0] : (tensor<?x4xf32>) -> tensor<4x?xf32>
  %flat = graph.reshape %p : (tensor<?x3x4xf32>) -> tensor<?xf32, #graph.batch<12>>
  %zero = graph.constant dense<0.0> : tensor<f32>
  %padded = graph.pad %p, %zero low = [0, 1, 0] high = [0, 1, 0] interior = [0, 0, 0] : (tensor<?x3x4xf32>, tensor<f32>) -> tensor<?x5x4xf32>
  return %y, %t, %flat, %padded : tensor<?x4xf32>, tensor<4x?xf32>, tensor<?xf32, #graph.batch<12>>, tensor<?x5x4xf32>
}

// -----

// Only what the mean reaches is marked, and the node that it is taken at is named once.
// CHECK-LABEL: func.func @mean
// CHECK-SAME: -> (tensor<?x4xf32> {graph.mixes_samples, graph.name = "y", graph.role = "output"},
// CHECK-SAME: tensor<?x4xf32> {graph.name = "z", graph.role = "output"},
// CHECK-SAME: tensor<4xf32> {graph.mixes_samples, graph.name = "m", graph.role = "output"})
func.func @mean(%x: tensor<?x4xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x4xf32> {graph.name = "y", graph.role = "output"}, tensor<?x4xf32> {graph.name = "z", graph.role = "output"},
        tensor<4xf32> {graph.name = "m", graph.role = "output"}) {
  // expected-remark @+1 {{what an output says of a sample may depend on the other samples}}
  %m = graph.reduce sum %x dims = [0] : (tensor<?x4xf32>) -> tensor<4xf32>
  %b = graph.broadcast %m dims = [1] : (tensor<4xf32>) -> tensor<?x4xf32>
  %y = graph.sub %x, %b : tensor<?x4xf32>
  %z = graph.exp %x : tensor<?x4xf32>
  return %y, %z, %m : tensor<?x4xf32>, tensor<?x4xf32>, tensor<4xf32>
}

// -----

// Products of samples with samples.
// CHECK-LABEL: func.func @gram
// CHECK-SAME: graph.mixes_samples
func.func @gram(%x: tensor<?x4xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<4x4xf32> {graph.name = "y", graph.role = "output"}) {
  // expected-remark @+1 {{other samples}}
  %y = graph.dot_general %x, %x batch = [] x [] contracting = [0] x [0] : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// -----

// How many samples there are, and which of them this one is.
// CHECK-LABEL: func.func @count
// CHECK-SAME: graph.mixes_samples
func.func @count(%x: tensor<?xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?xf32> {graph.name = "y", graph.role = "output"}) {
  // expected-remark @+1 {{other samples}}
  %n = graph.batch_size : tensor<f32>
  %b = graph.broadcast %n dims = [] : (tensor<f32>) -> tensor<?xf32>
  %y = graph.div %x, %b : tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// CHECK-LABEL: func.func @position
// CHECK-SAME: graph.mixes_samples
func.func @position(%x: tensor<?xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?xf32> {graph.name = "y", graph.role = "output"}) {
  // expected-remark @+1 {{other samples}}
  %n = graph.iota dim = 0 : tensor<?xf32>
  %y = graph.add %x, %n : tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// Samples by number.
// CHECK-LABEL: func.func @look_up
// CHECK-SAME: graph.mixes_samples
func.func @look_up(%x: tensor<?x4xf32> {graph.name = "x", graph.role = "input"},
                   %i: tensor<2xi64> {graph.name = "i", graph.role = "input"})
    -> (tensor<2x4xf32> {graph.name = "y", graph.role = "output"}) {
  // expected-remark @+1 {{other samples}}
  %y = graph.gather %x, %i dim = 0 : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

// The results of one run are not those of its halves one after the other: all first features come first.
// CHECK-LABEL: func.func @order
// CHECK-SAME: graph.mixes_samples
func.func @order(%x: tensor<4x?xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?xf32, #graph.batch<4>> {graph.name = "y", graph.role = "output"}) {
  // expected-remark @+1 {{other samples}}
  %y = graph.reshape %x : (tensor<4x?xf32>) -> tensor<?xf32, #graph.batch<4>>
  return %y : tensor<?xf32, #graph.batch<4>>
}

// -----

// Attention is often written so: time before samples, the two in one dimension for a product, and apart again.
// CHECK-LABEL: func.func @time_first
// CHECK-NOT: graph.mixes_samples
func.func @time_first(%x: tensor<?x3x4xf32> {graph.name = "x", graph.role = "input"},
                      %w: tensor<4x4xf32> {graph.name = "w", graph.role = "parameter"},
                      %b: tensor<4xf32> {graph.name = "b", graph.role = "parameter"})
    -> (tensor<?x3x4xf32> {graph.name = "y", graph.role = "output"}) {
  %t = graph.transpose %x permutation = [1, 0, 2] : (tensor<?x3x4xf32>) -> tensor<3x?x4xf32>
  %r = graph.reshape %t : (tensor<3x?x4xf32>) -> tensor<?x4xf32, #graph.batch<3>>
  %p = graph.dot_general %r, %w batch = [] x [] contracting = [1] x [0] : (tensor<?x4xf32, #graph.batch<3>>, tensor<4x4xf32>) -> tensor<?x4xf32, #graph.batch<3>>
  %s = graph.broadcast %b dims = [1] : (tensor<4xf32>) -> tensor<?x4xf32, #graph.batch<3>>
  %a = graph.add %p, %s : tensor<?x4xf32, #graph.batch<3>>
  %u = graph.reshape %a : (tensor<?x4xf32, #graph.batch<3>>) -> tensor<3x?x4xf32>
  %y = graph.transpose %u permutation = [1, 0, 2] : (tensor<3x?x4xf32>) -> tensor<?x3x4xf32>
  return %y : tensor<?x3x4xf32>
}

// -----

// A sample's rows side by side are not those that lie one after another in time.
// CHECK-LABEL: func.func @two_orders
// CHECK-SAME: graph.mixes_samples
func.func @two_orders(%x: tensor<?x3x4xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x4xf32, #graph.batch<3>> {graph.name = "y", graph.role = "output"}) {
  %t = graph.transpose %x permutation = [1, 0, 2] : (tensor<?x3x4xf32>) -> tensor<3x?x4xf32>
  %r = graph.reshape %t : (tensor<3x?x4xf32>) -> tensor<?x4xf32, #graph.batch<3>>
  %q = graph.reshape %x : (tensor<?x3x4xf32>) -> tensor<?x4xf32, #graph.batch<3>>
  // expected-remark @+1 {{other samples}}
  %y = graph.add %r, %q : tensor<?x4xf32, #graph.batch<3>>
  return %y : tensor<?x4xf32, #graph.batch<3>>
}

// -----

// Nothing lies before the samples of an empty tensor.
func.func @empty(%x: tensor<0x?x4xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x0xf32, #graph.batch<2>> {graph.name = "y", graph.role = "output"}) {
  // expected-remark @+1 {{other samples}}
  %y = graph.reshape %x : (tensor<0x?x4xf32>) -> tensor<?x0xf32, #graph.batch<2>>
  return %y : tensor<?x0xf32, #graph.batch<2>>
}
