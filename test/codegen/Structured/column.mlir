// RUN: glyptic-opt %s -graph-generate-kernels | FileCheck %s

!X = tensor<?x96xf32, #graph.batch<64>>

// Many rows, few results: sixteen parts, whatever the number of threads, then a kernel that adds them up in order.
// CHECK-LABEL: func @sums
// CHECK: graph.region "column"
// CHECK-SAME: #graph.launch<@kernel_column, buffers = [0, 3, 4], writes = [1, 2], chunks = 16, grain = {{[0-9]+}}>
// CHECK-SAME: #graph.launch<@kernel_column_finish, buffers = [3, 4, 1, 2], writes = [2, 3], chunks = 3
// CHECK-SAME: scratch = [tensor<16x96xf32>, tensor<16x96xf32>]
func.func @sums(%x: !X) -> (tensor<96xf32>, tensor<96xf32>) {
  %0:2 = graph.region (%x) {
  ^bb0(%a: !X):
    %1 = graph.reduce sum %a dims = [0] : (!X) -> tensor<96xf32>
    %2 = graph.mul %a, %a : !X
    %3 = graph.reduce sum %2 dims = [0] : (!X) -> tensor<96xf32>
    graph.yield %1, %3 : tensor<96xf32>, tensor<96xf32>
  } : (!X) -> (tensor<96xf32>, tensor<96xf32>)
  return %0#0, %0#1 : tensor<96xf32>, tensor<96xf32>
}

// A mean over each row that a sum over rows needs is stored by the kernel of the rows: the mean, not the sum under it.
// CHECK-LABEL: func @centred
// CHECK: #graph.launch<@kernel_row, buffers = [0, 2], writes = [1]
// CHECK-SAME: #graph.launch<@kernel_column_2, buffers = [0, 2, 3], writes = [2], chunks = 16
// CHECK-SAME: scratch = [tensor<?xf32, #graph.batch<64>>, tensor<16x96xf32>]
func.func @centred(%x: !X) -> tensor<96xf32> {
  %0 = graph.region (%x) {
  ^bb0(%a: !X):
    %1 = graph.reduce sum %a dims = [1] : (!X) -> tensor<?xf32, #graph.batch<64>>
    %2 = graph.constant dense<96.0> : tensor<f32>
    %3 = graph.broadcast %2 dims = [] : (tensor<f32>) -> tensor<?xf32, #graph.batch<64>>
    %4 = graph.div %1, %3 : tensor<?xf32, #graph.batch<64>>
    %5 = graph.broadcast %4 dims = [0] : (tensor<?xf32, #graph.batch<64>>) -> !X
    %6 = graph.sub %a, %5 : !X
    %7 = graph.abs %6 : !X
    %8 = graph.reduce sum %7 dims = [0] : (!X) -> tensor<96xf32>
    graph.yield %8 : tensor<96xf32>
  } : (!X) -> tensor<96xf32>
  return %0 : tensor<96xf32>
}

// Few rows of one sample: no parts. Ten columns are one vector.
// CHECK-LABEL: func @few
// CHECK: graph.region "nest"
// CHECK-SAME: buffers = [0, 1], writes = [1], chunks = 1,
// CHECK-SAME: scratch = []
func.func @few(%x: tensor<?x10xf32>) -> tensor<10xf32> {
  %0 = graph.region (%x) {
  ^bb0(%a: tensor<?x10xf32>):
    %1 = graph.reduce sum %a dims = [0] : (tensor<?x10xf32>) -> tensor<10xf32>
    graph.yield %1 : tensor<10xf32>
  } : (tensor<?x10xf32>) -> tensor<10xf32>
  return %0 : tensor<10xf32>
}

// A sum over rows beside a result for every element: the rows are gone through once, in sixteen parts, each with a table
// of its own that the last kernel adds up.
// CHECK-LABEL: func @beside
// CHECK: graph.region "row"
// CHECK-SAME: #graph.launch<@kernel_row_2, buffers = [0, 1, 4, 2], writes = [2, 3], chunks = 16,
// CHECK-SAME: #graph.launch<@kernel_column_finish_2, buffers = [4, 3], writes = [1], chunks = 3
func.func @beside(%x: !X, %y: !X) -> (!X, tensor<96xf32>) {
  %0:2 = graph.region (%x, %y) {
  ^bb0(%a: !X, %b: !X):
    %1 = graph.mul %a, %b : !X
    %2 = graph.reduce sum %1 dims = [0] : (!X) -> tensor<96xf32>
    graph.yield %1, %2 : !X, tensor<96xf32>
  } : (!X, !X) -> (!X, tensor<96xf32>)
  return %0#0, %0#1 : !X, tensor<96xf32>
}

// What every element needs of its column is a sum that is also a result: it is complete before the kernel of the elements
// begins, which would compute it for each of them otherwise.
// CHECK-LABEL: func @before
// CHECK: graph.launch<@[[SUMS:kernel[a-z_0-9]*]], buffers = [0, 3], writes = [1], chunks = 16,
// CHECK-SAME: #graph.launch<@kernel_column_finish{{[_0-9]*}}, buffers = [3, 1], writes = [1]
// CHECK-SAME: #graph.launch<@kernel_pointwise, buffers = [0, 1, 2], writes = [2]
func.func @before(%x: !X) -> (tensor<96xf32>, !X) {
  %0:2 = graph.region (%x) {
  ^bb0(%a: !X):
    %1 = graph.reduce sum %a dims = [0] : (!X) -> tensor<96xf32>
    %2 = graph.broadcast %1 dims = [1] : (tensor<96xf32>) -> !X
    %3 = graph.sub %a, %2 : !X
    graph.yield %1, %3 : tensor<96xf32>, !X
  } : (!X) -> (tensor<96xf32>, !X)
  return %0#0, %0#1 : tensor<96xf32>, !X
}

// CHECK-LABEL: func.func @kernel_column(
// CHECK: arith.ceildivui %{{.*}}, %c16
// CHECK: scf.for %[[PART:.*]] =
// CHECK: scf.for %[[COLUMN:.*]] = %c0 to %c96 step %c32
// CHECK: scf.for %{{.*}} iter_args(%{{.*}}, %{{.*}}) -> (vector<32xf32>, vector<32xf32>)
// CHECK: math.fma
// CHECK-LABEL: func.func @kernel_nest(
// CHECK: scf.for {{.*}} -> (vector<10xf32>)
