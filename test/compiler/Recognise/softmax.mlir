// RUN: glyptic-opt %s --graph-recognise --canonicalize --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// Softmax and its logarithm, spelled out, and what must stay as it is: functions named no_*.

// CHECK-LABEL: func @softmax
// CHECK-SAME: %[[X:.*]]: tensor<?x4x5xf64>
// CHECK: %[[Y:.*]] = graph.softmax %[[X]] dims = [2] : tensor<?x4x5xf64> loc(fused["max", "sub", "exp", "sum", "div"])
// CHECK-NEXT: return %[[Y]]
func.func @softmax(%x: tensor<?x4x5xf64>) -> tensor<?x4x5xf64> {
  %0 = graph.reduce max %x dims = [2] : (tensor<?x4x5xf64>) -> tensor<?x4xf64> loc("max")
  %1 = graph.broadcast %0 dims = [0, 1] : (tensor<?x4xf64>) -> tensor<?x4x5xf64> loc("sub")
  %2 = graph.sub %x, %1 : tensor<?x4x5xf64> loc("sub")
  %3 = graph.exp %2 : tensor<?x4x5xf64> loc("exp")
  %4 = graph.reduce sum %3 dims = [2] : (tensor<?x4x5xf64>) -> tensor<?x4xf64> loc("sum")
  %5 = graph.broadcast %4 dims = [0, 1] : (tensor<?x4xf64>) -> tensor<?x4x5xf64> loc("div")
  %6 = graph.div %3, %5 : tensor<?x4x5xf64> loc("div")
  return %6 : tensor<?x4x5xf64>
}

// Sums keep their dimension with size 1, and are inverted before they are repeated.
// CHECK-LABEL: func @softmax_by_reciprocal
// CHECK: graph.softmax %{{.*}} dims = [1]
// CHECK-NEXT: return
func.func @softmax_by_reciprocal(%x: tensor<3x4x5xf64>) -> tensor<3x4x5xf64> {
  %one = graph.constant dense<1.0> : tensor<3x1x5xf64>
  %0 = graph.exp %x : tensor<3x4x5xf64>
  %1 = graph.reduce sum %0 dims = [1] : (tensor<3x4x5xf64>) -> tensor<3x5xf64>
  %2 = graph.reshape %1 : (tensor<3x5xf64>) -> tensor<3x1x5xf64>
  %3 = graph.div %one, %2 : tensor<3x1x5xf64>
  %4 = graph.broadcast %3 dims = [0, 1, 2] : (tensor<3x1x5xf64>) -> tensor<3x4x5xf64>
  %5 = graph.mul %4, %0 : tensor<3x4x5xf64>
  return %5 : tensor<3x4x5xf64>
}

// CHECK-LABEL: func @log_of_softmax
// CHECK-SAME: %[[X:.*]]: tensor<?x5xf64>
// CHECK: %[[Y:.*]] = graph.log_softmax %[[X]] dims = [1]
// CHECK-NEXT: return %[[Y]]
func.func @log_of_softmax(%x: tensor<?x5xf64>) -> tensor<?x5xf64> {
  %0 = graph.softmax %x dims = [1] : tensor<?x5xf64>
  %1 = graph.log %0 : tensor<?x5xf64>
  return %1 : tensor<?x5xf64>
}

// CHECK-LABEL: func @log_softmax
// CHECK-SAME: %[[X:.*]]: tensor<?x5xf64>
// CHECK: %[[Y:.*]] = graph.log_softmax %[[X]] dims = [1]
// CHECK-NEXT: return %[[Y]]
func.func @log_softmax(%x: tensor<?x5xf64>) -> tensor<?x5xf64> {
  %0 = graph.reduce max %x dims = [1] : (tensor<?x5xf64>) -> tensor<?xf64>
  %1 = graph.broadcast %0 dims = [0] : (tensor<?xf64>) -> tensor<?x5xf64>
  %2 = graph.sub %x, %1 : tensor<?x5xf64>
  %3 = graph.exp %2 : tensor<?x5xf64>
  %4 = graph.reduce sum %3 dims = [1] : (tensor<?x5xf64>) -> tensor<?xf64>
  %5 = graph.log %4 : tensor<?xf64>
  %6 = graph.broadcast %5 dims = [0] : (tensor<?xf64>) -> tensor<?x5xf64>
  %7 = graph.sub %2, %6 : tensor<?x5xf64>
  return %7 : tensor<?x5xf64>
}

// x - ReduceLogSumExp(x), as that operator is imported.
// CHECK-LABEL: func @log_softmax_by_log_sum_exp
// CHECK-SAME: %[[X:.*]]: tensor<?x5xf64>
// CHECK: %[[Y:.*]] = graph.log_softmax %[[X]] dims = [1]
// CHECK-NEXT: return %[[Y]]
func.func @log_softmax_by_log_sum_exp(%x: tensor<?x5xf64>) -> tensor<?x5xf64> {
  %0 = graph.reduce max %x dims = [1] : (tensor<?x5xf64>) -> tensor<?xf64>
  %1 = graph.reshape %0 : (tensor<?xf64>) -> tensor<?x1xf64>
  %2 = graph.broadcast %0 dims = [0] : (tensor<?xf64>) -> tensor<?x5xf64>
  %3 = graph.sub %x, %2 : tensor<?x5xf64>
  %4 = graph.exp %3 : tensor<?x5xf64>
  %5 = graph.reduce sum %4 dims = [1] : (tensor<?x5xf64>) -> tensor<?xf64>
  %6 = graph.reshape %5 : (tensor<?xf64>) -> tensor<?x1xf64>
  %7 = graph.log %6 : tensor<?x1xf64>
  %8 = graph.add %7, %1 : tensor<?x1xf64>
  %9 = graph.broadcast %8 dims = [0, 1] : (tensor<?x1xf64>) -> tensor<?x5xf64>
  %10 = graph.sub %x, %9 : tensor<?x5xf64>
  return %10 : tensor<?x5xf64>
}

//===-- Near misses -----------------------------------------------------------------------------------------------===//

// The exponentials are needed themselves.
// CHECK-LABEL: func @no_softmax_whose_exponentials_are_used
// CHECK-NOT: graph.softmax
func.func @no_softmax_whose_exponentials_are_used(%x: tensor<?x5xf64>) -> (tensor<?x5xf64>, tensor<?x5xf64>) {
  %0 = graph.exp %x : tensor<?x5xf64>
  %1 = graph.reduce sum %0 dims = [1] : (tensor<?x5xf64>) -> tensor<?xf64>
  %2 = graph.broadcast %1 dims = [0] : (tensor<?xf64>) -> tensor<?x5xf64>
  %3 = graph.div %0, %2 : tensor<?x5xf64>
  return %3, %0 : tensor<?x5xf64>, tensor<?x5xf64>
}

// The sum of each row divides a column: a square matrix over the transposed sums.
// CHECK-LABEL: func @no_softmax_of_columns
// CHECK-NOT: graph.softmax
func.func @no_softmax_of_columns(%x: tensor<5x5xf64>) -> tensor<5x5xf64> {
  %0 = graph.exp %x : tensor<5x5xf64>
  %1 = graph.reduce sum %0 dims = [1] : (tensor<5x5xf64>) -> tensor<5xf64>
  %2 = graph.broadcast %1 dims = [1] : (tensor<5xf64>) -> tensor<5x5xf64>
  %3 = graph.div %0, %2 : tensor<5x5xf64>
  return %3 : tensor<5x5xf64>
}

// Over the batch: samples would depend on each other.
// CHECK-LABEL: func @no_softmax_over_samples
// CHECK-NOT: graph.softmax
func.func @no_softmax_over_samples(%x: tensor<?x5xf64>) -> tensor<?x5xf64> {
  %0 = graph.exp %x : tensor<?x5xf64>
  %1 = graph.reduce sum %0 dims = [0] : (tensor<?x5xf64>) -> tensor<5xf64>
  %2 = graph.broadcast %1 dims = [1] : (tensor<5xf64>) -> tensor<?x5xf64>
  %3 = graph.div %0, %2 : tensor<?x5xf64>
  return %3 : tensor<?x5xf64>
}

// Exponentials of another tensor.
// CHECK-LABEL: func @no_softmax_of_two_values
// CHECK-NOT: graph.softmax
func.func @no_softmax_of_two_values(%x: tensor<?x5xf64>, %y: tensor<?x5xf64>) -> tensor<?x5xf64> {
  %0 = graph.exp %x : tensor<?x5xf64>
  %1 = graph.exp %y : tensor<?x5xf64>
  %2 = graph.reduce sum %1 dims = [1] : (tensor<?x5xf64>) -> tensor<?xf64>
  %3 = graph.broadcast %2 dims = [0] : (tensor<?xf64>) -> tensor<?x5xf64>
  %4 = graph.div %0, %3 : tensor<?x5xf64>
  return %4 : tensor<?x5xf64>
}

// Shifted by the maxima of other rows: a softmax, but of the difference.
// CHECK-LABEL: func @softmax_of_other_shift
// CHECK: %[[Z:.*]] = graph.sub
// CHECK-NEXT: graph.softmax %[[Z]] dims = [1]
func.func @softmax_of_other_shift(%x: tensor<5x5xf64>) -> tensor<5x5xf64> {
  %0 = graph.reduce max %x dims = [0] : (tensor<5x5xf64>) -> tensor<5xf64>
  %1 = graph.broadcast %0 dims = [1] : (tensor<5xf64>) -> tensor<5x5xf64>
  %2 = graph.sub %x, %1 : tensor<5x5xf64>
  %3 = graph.exp %2 : tensor<5x5xf64>
  %4 = graph.reduce sum %3 dims = [1] : (tensor<5x5xf64>) -> tensor<5xf64>
  %5 = graph.broadcast %4 dims = [0] : (tensor<5xf64>) -> tensor<5x5xf64>
  %6 = graph.div %3, %5 : tensor<5x5xf64>
  return %6 : tensor<5x5xf64>
}
