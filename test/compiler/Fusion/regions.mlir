// RUN: glyptic-opt %s --graph-fusion | FileCheck %s

// A library's op stays outside; what follows it is one kernel: bias and activation. The broadcast is cloned inside, never
// stored.
// CHECK-LABEL: func @bias_relu
// CHECK:       %[[DOT:.*]] = graph.dot_general
// CHECK:       %[[OUT:.*]] = graph.region "pointwise"(%[[DOT]], %{{.*}})
// CHECK:         graph.broadcast
// CHECK:         graph.add
// CHECK:         graph.relu
// CHECK:       return %[[OUT]]
func.func @bias_relu(%x: tensor<?x10xf32>, %w: tensor<10x20xf32>, %b: tensor<20xf32>) -> tensor<?x20xf32> {
  %0 = graph.dot_general %x, %w batch = [] x [] contracting = [1] x [0] : (tensor<?x10xf32>, tensor<10x20xf32>) -> tensor<?x20xf32>
  %1 = graph.broadcast %b dims = [1] : (tensor<20xf32>) -> tensor<?x20xf32>
  %2 = graph.add %0, %1 : tensor<?x20xf32>
  %3 = graph.relu %2 : tensor<?x20xf32>
  return %3 : tensor<?x20xf32>
}

// Softmax in pieces: two reductions of each row, and everything between them, in one kernel.
// CHECK-LABEL: func @softmax
// CHECK:       graph.region "row"
// CHECK-COUNT-2: graph.reduce
// CHECK:         graph.div
// CHECK-NOT:   graph.region
func.func @softmax(%x: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %0 = graph.reduce max %x dims = [1] : (tensor<?x10xf32>) -> tensor<?xf32>
  %1 = graph.broadcast %0 dims = [0] : (tensor<?xf32>) -> tensor<?x10xf32>
  %2 = graph.sub %x, %1 : tensor<?x10xf32>
  %3 = graph.exp %2 : tensor<?x10xf32>
  %4 = graph.reduce sum %3 dims = [1] : (tensor<?x10xf32>) -> tensor<?xf32>
  %5 = graph.broadcast %4 dims = [0] : (tensor<?xf32>) -> tensor<?x10xf32>
  %6 = graph.div %3, %5 : tensor<?x10xf32>
  return %6 : tensor<?x10xf32>
}

// The bias gradient is summed up while the masked gradient passes through registers: one kernel, "column" with a result
// for every element.
// CHECK-LABEL: func @bias_gradient
// CHECK:       %[[R:.*]]:2 = graph.region "column"(%{{.*}}, %{{.*}})
// CHECK:         graph.select
// CHECK:         graph.reduce
// CHECK:       return %[[R]]#{{[01]}}, %[[R]]#{{[01]}}
func.func @bias_gradient(%dy: tensor<?x16x64xf32>, %mask: tensor<?x16x64xi1>) -> (tensor<?x16x64xf32>, tensor<64xf32>) {
  %scalar = graph.constant dense<0.0> : tensor<f32>
  %zero = graph.broadcast %scalar dims = [] : (tensor<f32>) -> tensor<?x16x64xf32>
  %0 = graph.select %mask, %dy, %zero : tensor<?x16x64xi1>, tensor<?x16x64xf32>
  %1 = graph.reduce sum %0 dims = [0, 1] : (tensor<?x16x64xf32>) -> tensor<64xf32>
  return %0, %1 : tensor<?x16x64xf32>, tensor<64xf32>
}

// "columns-own": with few rows there is nothing to share out, so the masked gradient is stored by its own kernel.
// CHECK-LABEL: func @few_rows
// CHECK:       %[[MASKED:.*]] = graph.region "pointwise"
// CHECK:       %[[SUM:.*]] = graph.region "column"(%[[MASKED]])
// CHECK:       return %[[MASKED]], %[[SUM]]
func.func @few_rows(%dy: tensor<?x20xf32>, %x: tensor<?x20xf32>) -> (tensor<?x20xf32>, tensor<20xf32>) {
  %0 = graph.mul %dy, %x : tensor<?x20xf32>
  %1 = graph.reduce sum %0 dims = [0] : (tensor<?x20xf32>) -> tensor<20xf32>
  return %0, %1 : tensor<?x20xf32>, tensor<20xf32>
}

// The backward pass of a normalisation: sums over each row, and over all rows, in one pass.
// CHECK-LABEL: func @norm_backward
// CHECK:       graph.region "row+column"
// CHECK-NOT:   graph.region
// CHECK:       return
func.func @norm_backward(%dy: tensor<?x16x64xf32>, %x: tensor<?x16x64xf32>) -> (tensor<?x16x64xf32>, tensor<64xf32>, tensor<64xf32>) {
  %0 = graph.mul %dy, %x : tensor<?x16x64xf32>
  %1 = graph.reduce sum %0 dims = [2] : (tensor<?x16x64xf32>) -> tensor<?x16xf32>
  %2 = graph.broadcast %1 dims = [0, 1] : (tensor<?x16xf32>) -> tensor<?x16x64xf32>
  %3 = graph.sub %dy, %2 : tensor<?x16x64xf32>
  %4 = graph.reduce sum %0 dims = [0, 1] : (tensor<?x16x64xf32>) -> tensor<64xf32>
  %5 = graph.reduce sum %dy dims = [0, 1] : (tensor<?x16x64xf32>) -> tensor<64xf32>
  return %3, %4, %5 : tensor<?x16x64xf32>, tensor<64xf32>, tensor<64xf32>
}

// "columns-end": a sum over the batch is complete only after the whole kernel, so the root is another one.
// CHECK-LABEL: func @total
// CHECK:       %[[SUM:.*]] = graph.region "column"
// CHECK:         graph.mul
// CHECK:         graph.reduce
// CHECK:       graph.region "pointwise"(%[[SUM]])
// CHECK:         graph.sqrt
func.func @total(%x: tensor<?xf32>) -> tensor<f32> {
  %0 = graph.mul %x, %x : tensor<?xf32>
  %1 = graph.reduce sum %0 dims = [0] : (tensor<?xf32>) -> tensor<f32>
  %2 = graph.sqrt %1 : tensor<f32>
  return %2 : tensor<f32>
}

// "maps-read-memory": a transpose needs elements that other iterations compute.
// CHECK-LABEL: func @transposed
// CHECK:       %[[SUM:.*]] = graph.region "pointwise"
// CHECK:         graph.add
// CHECK:       graph.region "pointwise"(%[[SUM]])
// CHECK:         graph.transpose
// CHECK:         graph.neg
func.func @transposed(%x: tensor<4x6xf32>, %y: tensor<4x6xf32>) -> tensor<6x4xf32> {
  %0 = graph.add %x, %y : tensor<4x6xf32>
  %1 = graph.transpose %0 permutation = [1, 0] : (tensor<4x6xf32>) -> tensor<6x4xf32>
  %2 = graph.neg %1 : tensor<6x4xf32>
  return %2 : tensor<6x4xf32>
}

// No cycle: the two pointwise ops could share a kernel by shape, but the path through the product leads out and back.
// CHECK-LABEL: func @around
// CHECK:       graph.region "pointwise"
// CHECK:       graph.dot_general
// CHECK:       graph.region "pointwise"
func.func @around(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = graph.exp %x : tensor<8x8xf32>
  %1 = graph.dot_general %0, %x batch = [] x [] contracting = [1] x [0] : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %2 = graph.add %0, %1 : tensor<8x8xf32>
  return %2 : tensor<8x8xf32>
}

// A row's mean is a row value: it stays in the kernel that uses it.
// CHECK-LABEL: func @centre
// CHECK:       graph.region "row"
// CHECK:         graph.reduce
// CHECK:         graph.mul
// CHECK:         graph.sub
// CHECK-NOT:   graph.region
func.func @centre(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  %0 = graph.reduce sum %x dims = [2] : (tensor<?x4x8xf32>) -> tensor<?x4xf32>
  %eighth = graph.constant dense<0.125> : tensor<f32>
  %1 = graph.broadcast %eighth dims = [] : (tensor<f32>) -> tensor<?x4xf32>
  %2 = graph.mul %0, %1 : tensor<?x4xf32>
  %3 = graph.broadcast %2 dims = [0, 1] : (tensor<?x4xf32>) -> tensor<?x4x8xf32>
  %4 = graph.sub %x, %3 : tensor<?x4x8xf32>
  return %4 : tensor<?x4x8xf32>
}

// A kernel of its own reads memory: what elsewhere costs nothing is stored for it.
// CHECK-LABEL: func @scattered
// CHECK:       %[[ONES:.*]] = graph.region "pointwise"()
// CHECK:         graph.broadcast
// CHECK:       graph.region(%{{.*}}, %[[ONES]])
// CHECK-NEXT:    ^bb0
// CHECK-NEXT:    graph.scatter
func.func @scattered(%i: tensor<?xi64>) -> tensor<5xf32> {
  %one = graph.constant dense<1.0> : tensor<f32>
  %0 = graph.broadcast %one dims = [] : (tensor<f32>) -> tensor<?xf32>
  %1 = graph.scatter sum %i, %0 dim = 0 : (tensor<?xi64>, tensor<?xf32>) -> tensor<5xf32>
  return %1 : tensor<5xf32>
}

// Values that are returned lie in memory and are not computed again. The exponential and the last sum are one kernel; so
// may not be the tangent and the sum of rows with it: that needs the kernel of the exponential, which needs the tangent.
// CHECK-LABEL: func @through_another_group
// CHECK:       graph.region "pointwise"
// CHECK-NEXT:  ^bb
// CHECK-NEXT:    graph.tanh
// CHECK-NEXT:    graph.yield
// CHECK:       graph.region "pointwise"
// CHECK:         graph.exp
// CHECK:         graph.add
// CHECK:       graph.region
// CHECK:         graph.reduce
// CHECK:       graph.region "pointwise"
// CHECK-NEXT:  ^bb
// CHECK-NEXT:    graph.add
func.func @through_another_group(%x: tensor<?x5x7xf32>, %y: tensor<?x7xf32>) -> (tensor<?x5x7xf32>, tensor<?x7xf32>, tensor<?x5x7xf32>, tensor<?x7xf32>) {
  %0 = graph.exp %x : tensor<?x5x7xf32>
  %1 = graph.reduce sum %0 dims = [1] : (tensor<?x5x7xf32>) -> tensor<?x7xf32>
  %2 = graph.tanh %y : tensor<?x7xf32>
  %3 = graph.add %1, %2 : tensor<?x7xf32>
  %4 = graph.broadcast %2 dims = [0, 2] : (tensor<?x7xf32>) -> tensor<?x5x7xf32>
  %5 = graph.add %0, %4 : tensor<?x5x7xf32>
  return %5, %3, %0, %2 : tensor<?x5x7xf32>, tensor<?x7xf32>, tensor<?x5x7xf32>, tensor<?x7xf32>
}
