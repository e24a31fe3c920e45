// RUN: glyptic-opt %s -split-input-file -graph-fusion -graph-rematerialise="budget=0 max-batch=8" | FileCheck %s
// RUN: glyptic-opt %s -split-input-file -graph-fusion -graph-rematerialise="budget=100000000 max-batch=8" | FileCheck %s --check-prefix=ENOUGH --implicit-check-not=graph.rematerialised

// Between the two products with 512 columns most memory is in use, and the activation only waits there for its second
// reader, as does what it is made of. It is made again behind them; what reads it before keeps the first one. Where
// there is room, nothing is made again.
// CHECK-LABEL: func @activation
// CHECK:       %[[H:.*]] = graph.dot_general
// CHECK:       %[[Z:.*]] = graph.region "pointwise"(%[[H]])
// CHECK:       %[[WIDE:.*]] = graph.dot_general %[[Z]]
// CHECK:       %[[V:.*]] = graph.dot_general %[[WIDE]]
// CHECK:       %[[AGAIN:.*]] = graph.region "pointwise"(%[[H]]) attributes {apart = [""], graph.rematerialised} {
// CHECK:         graph.tanh
// CHECK:       graph.dot_general %[[AGAIN]], %[[V]]
// CHECK:       graph.region "pointwise"(%[[H]], %[[V]])
// ENOUGH-LABEL: func @activation
func.func @activation(%x: tensor<?x64xf32>, %w: tensor<64x64xf32>, %up: tensor<64x512xf32>, %down: tensor<512x64xf32>)
    -> (tensor<64x64xf32>, tensor<?x64xf32>) {
  %h = graph.dot_general %x, %w batch = [] x [] contracting = [1] x [0] : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %z = graph.tanh %h : tensor<?x64xf32>
  %wide = graph.dot_general %z, %up batch = [] x [] contracting = [1] x [0] : (tensor<?x64xf32>, tensor<64x512xf32>) -> tensor<?x512xf32>
  %v = graph.dot_general %wide, %down batch = [] x [] contracting = [1] x [0] : (tensor<?x512xf32>, tensor<512x64xf32>) -> tensor<?x64xf32>
  %g = graph.dot_general %z, %v batch = [] x [] contracting = [0] x [0] : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<64x64xf32>
  %r = graph.mul %h, %v : tensor<?x64xf32>
  return %g, %r : tensor<64x64xf32>, tensor<?x64xf32>
}

// -----

// What the activation is made of is needed by nothing else: to keep it instead would save nothing.
// CHECK-LABEL: func @no_gain
// CHECK-COUNT-1: graph.region
// CHECK-NOT:   graph.region
func.func @no_gain(%x: tensor<?x64xf32>, %w: tensor<64x64xf32>, %up: tensor<64x512xf32>, %down: tensor<512x64xf32>)
    -> tensor<64x64xf32> {
  %h = graph.dot_general %x, %w batch = [] x [] contracting = [1] x [0] : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %z = graph.tanh %h : tensor<?x64xf32>
  %wide = graph.dot_general %z, %up batch = [] x [] contracting = [1] x [0] : (tensor<?x64xf32>, tensor<64x512xf32>) -> tensor<?x512xf32>
  %v = graph.dot_general %wide, %down batch = [] x [] contracting = [1] x [0] : (tensor<?x512xf32>, tensor<512x64xf32>) -> tensor<?x64xf32>
  %g = graph.dot_general %z, %v batch = [] x [] contracting = [0] x [0] : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<64x64xf32>
  return %g : tensor<64x64xf32>
}

// -----

// Of the kernel that makes a normalised row and the sum over rows, only the row is made again, without the sum. It is
// read through a reshape, before and after. The row's mean is small, so that it may stay.
// CHECK-LABEL: func @rows
// CHECK:       %[[H:.*]] = graph.dot_general
// CHECK:       graph.region "row+column"(%[[H]]{{.*}})
// CHECK:       %[[WIDE:.*]] = graph.dot_general
// CHECK:       graph.dot_general %[[WIDE]]
// CHECK:       %[[AGAIN:.*]] = graph.region "row"(%[[H]]) attributes {apart = [""], graph.rematerialised} {
// CHECK:         graph.reduce sum %{{.*}} dims = [2]
// CHECK-NOT:     graph.reduce
// CHECK:         graph.sub
// CHECK:       %[[VIEW:.*]] = graph.reshape %[[AGAIN]]
// CHECK:       graph.dot_general %[[VIEW]]
// CHECK:       return
func.func @rows(%x: tensor<?x64x64xf32>, %w: tensor<64x64xf32>, %up: tensor<64x512xf32>, %down: tensor<512x64xf32>)
    -> (tensor<64x64xf32>, tensor<64xf32>, tensor<?x64x64xf32>) {
  %h = graph.dot_general %x, %w batch = [] x [] contracting = [2] x [0] : (tensor<?x64x64xf32>, tensor<64x64xf32>) -> tensor<?x64x64xf32>
  %sum = graph.reduce sum %h dims = [2] : (tensor<?x64x64xf32>) -> tensor<?x64xf32>
  %sums = graph.broadcast %sum dims = [0, 1] : (tensor<?x64xf32>) -> tensor<?x64x64xf32>
  %z = graph.sub %h, %sums : tensor<?x64x64xf32>
  %column = graph.reduce sum %z dims = [0, 1] : (tensor<?x64x64xf32>) -> tensor<64xf32>
  %flat = graph.reshape %z : (tensor<?x64x64xf32>) -> tensor<?x64xf32, #graph.batch<64>>
  %wide = graph.dot_general %flat, %up batch = [] x [] contracting = [1] x [0] : (tensor<?x64xf32, #graph.batch<64>>, tensor<64x512xf32>) -> tensor<?x512xf32, #graph.batch<64>>
  %v = graph.dot_general %wide, %down batch = [] x [] contracting = [1] x [0] : (tensor<?x512xf32, #graph.batch<64>>, tensor<512x64xf32>) -> tensor<?x64xf32, #graph.batch<64>>
  %g = graph.dot_general %flat, %v batch = [] x [] contracting = [0] x [0] : (tensor<?x64xf32, #graph.batch<64>>, tensor<?x64xf32, #graph.batch<64>>) -> tensor<64x64xf32>
  %back = graph.reshape %v : (tensor<?x64xf32, #graph.batch<64>>) -> tensor<?x64x64xf32>
  %r = graph.mul %h, %back : tensor<?x64x64xf32>
  return %g, %column, %r : tensor<64x64xf32>, tensor<64xf32>, tensor<?x64x64xf32>
}

// -----

// A residual stream: the kernel makes the sum and, of it, the normalised rows. They can be made again of the sum, which
// is needed later; not of what is added up, which is not.
// CHECK-LABEL: func @residual
// CHECK:       %[[BOTH:.*]]:2 = graph.region "row"(
// CHECK:       %[[WIDE:.*]] = graph.dot_general
// CHECK:       graph.dot_general %[[WIDE]]
// CHECK:       %[[AGAIN:.*]] = graph.region "row"(%[[BOTH]]#0) attributes {apart = ["memory-budget"], graph.rematerialised} {
// CHECK-NOT:     graph.add
// CHECK:         graph.sub
// CHECK:       graph.dot_general %[[AGAIN]]
// CHECK:       return
func.func @residual(%x: tensor<?x64xf32>, %w: tensor<64x64xf32>, %up: tensor<64x512xf32>, %down: tensor<512x64xf32>)
    -> (tensor<64x64xf32>, tensor<?x64xf32>) {
  %d = graph.dot_general %x, %w batch = [] x [] contracting = [1] x [0] : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %e = graph.dot_general %d, %w batch = [] x [] contracting = [1] x [0] : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %s = graph.add %d, %e : tensor<?x64xf32>
  %max = graph.reduce max %s dims = [1] : (tensor<?x64xf32>) -> tensor<?xf32>
  %repeated = graph.broadcast %max dims = [0] : (tensor<?xf32>) -> tensor<?x64xf32>
  %z = graph.sub %s, %repeated : tensor<?x64xf32>
  %wide = graph.dot_general %z, %up batch = [] x [] contracting = [1] x [0] : (tensor<?x64xf32>, tensor<64x512xf32>) -> tensor<?x512xf32>
  %v = graph.dot_general %wide, %down batch = [] x [] contracting = [1] x [0] : (tensor<?x512xf32>, tensor<512x64xf32>) -> tensor<?x64xf32>
  %g = graph.dot_general %z, %v batch = [] x [] contracting = [0] x [0] : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<64x64xf32>
  %r = graph.dot_general %s, %g batch = [] x [] contracting = [1] x [0] : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  return %g, %r : tensor<64x64xf32>, tensor<?x64xf32>
}
