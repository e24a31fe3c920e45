// RUN: glyptic-opt %s --graph-decompose | FileCheck %s

// The maximum goes first, so that no exponential overflows; the division is one for each row.
// CHECK-LABEL: func @softmax
// CHECK-SAME: %[[X:.*]]: tensor<?x5xf32>
// CHECK: %[[MAX:.*]] = graph.reduce max %[[X]] dims = [1]
// CHECK: %[[MAXES:.*]] = graph.broadcast %[[MAX]] dims = [0]
// CHECK: %[[Z:.*]] = graph.sub %[[X]], %[[MAXES]]
// CHECK: %[[E:.*]] = graph.exp %[[Z]]
// CHECK: %[[SUM:.*]] = graph.reduce sum %[[E]] dims = [1]
// CHECK: %[[SHARE:.*]] = graph.div %{{.*}}, %[[SUM]] : tensor<?xf32>
// CHECK: %[[SHARES:.*]] = graph.broadcast %[[SHARE]] dims = [0]
// CHECK: graph.mul %[[E]], %[[SHARES]]
func.func @softmax(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %0 = graph.softmax %x dims = [1] : tensor<?x5xf32>
  return %0 : tensor<?x5xf32>
}

// The logarithm is taken of the sum, not of the probabilities: x - max - log(sum(e^(x - max))).
// CHECK-LABEL: func @log_softmax
// CHECK: %[[Z:.*]] = graph.sub
// CHECK: %[[SUM:.*]] = graph.reduce sum
// CHECK: %[[LOG:.*]] = graph.log %[[SUM]] : tensor<?xf32>
// CHECK: %[[LOGS:.*]] = graph.broadcast %[[LOG]]
// CHECK: graph.sub %[[Z]], %[[LOGS]]
func.func @log_softmax(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %0 = graph.log_softmax %x dims = [1] : tensor<?x5xf32>
  return %0 : tensor<?x5xf32>
}

// The variance is that of the centred values.
// CHECK-LABEL: func @layer_norm
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x4x8xf32>, %[[SCALE:[^:]*]]: tensor<8xf32>, %[[BIAS:[^:]*]]: tensor<8xf32>
// CHECK: graph.reduce sum %[[X]] dims = [2]
// CHECK: %[[CENTRED:.*]] = graph.sub %[[X]]
// CHECK: %[[SQUARE:.*]] = graph.mul %[[CENTRED]], %[[CENTRED]]
// CHECK: graph.reduce sum %[[SQUARE]] dims = [2]
// CHECK: graph.rsqrt %{{.*}} : tensor<?x4xf32>
// CHECK: graph.broadcast %[[SCALE]] dims = [2]
// CHECK: graph.broadcast %[[BIAS]] dims = [2]
func.func @layer_norm(%x: tensor<?x4x8xf32>, %scale: tensor<8xf32>, %bias: tensor<8xf32>) -> tensor<?x4x8xf32> {
  %0 = graph.layer_norm %x, %scale, %bias dim = 2 {epsilon = 1.0e-5 : f64}
    : (tensor<?x4x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x4x8xf32>
  return %0 : tensor<?x4x8xf32>
}

// CHECK-LABEL: func @gelu
// CHECK: graph.erf
// CHECK-LABEL: func @gelu_tanh
// CHECK: graph.tanh
func.func @gelu(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = graph.gelu %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @gelu_tanh(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = graph.gelu %x tanh : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
