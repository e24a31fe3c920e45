// RUN: glyptic-opt %s -split-input-file -verify-diagnostics --graph-decompose | FileCheck %s

// log(sum(e^z)) - z[label], with z = logits - max: no probability is formed. The label's logit is selected, for a product
// with a one-hot row would make NaN of a class that is masked with -inf.
// CHECK-LABEL: func @cross_entropy
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x10xf32>, %[[L:[^:]*]]: tensor<?xi64>
// CHECK-DAG: %[[COUNTED:.*]] = graph.compare ne %[[L]]
// CHECK-DAG: %[[CLASSES:.*]] = graph.iota dim = 1 : tensor<?x10xi64>
// CHECK-DAG: %[[LABELS:.*]] = graph.broadcast %[[L]] dims = [0]
// CHECK: %[[IS:.*]] = graph.compare eq %[[CLASSES]], %[[LABELS]]
// CHECK: graph.reduce max %[[X]] dims = [1]
// CHECK: %[[Z:.*]] = graph.sub %[[X]]
// CHECK: graph.select %[[IS]], %[[Z]]
// CHECK: graph.log %{{.*}} : tensor<?xf32>
// CHECK: graph.select %[[COUNTED]]
// CHECK: return
func.func @cross_entropy(%x: tensor<?x10xf32>, %labels: tensor<?xi64>) -> tensor<?xf32> {
  %0 = graph.cross_entropy %x, %labels dim = 1 {ignore_index = -100 : i64, label_smoothing = 0.0 : f64}
    : (tensor<?x10xf32>, tensor<?xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func @bce_logits
// CHECK: graph.max
// CHECK: graph.abs
// CHECK: graph.log1p
func.func @bce_logits(%x: tensor<?x1xf32>, %t: tensor<?x1xf32>) -> tensor<?x1xf32> {
  %0 = graph.bce_logits %x, %t : tensor<?x1xf32>
  return %0 : tensor<?x1xf32>
}

// -----

func.func @labels(%x: tensor<?x10xf32>, %labels: tensor<?x10xi64>) {
  // expected-error @+2 {{labels of 'tensor<?x10xf32>' without dimension 1 cannot be 'tensor<?x10xi64>'}}
  // expected-error @+1 {{failed to infer returned types}}
  graph.cross_entropy %x, %labels dim = 1 {ignore_index = -100 : i64, label_smoothing = 0.0 : f64}
    : (tensor<?x10xf32>, tensor<?x10xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @smoothing(%x: tensor<?x10xf32>, %labels: tensor<?xi64>) {
  // expected-error @+2 {{label smoothing must lie in [0, 1]}}
  // expected-error @+1 {{failed to infer returned types}}
  graph.cross_entropy %x, %labels dim = 1 {ignore_index = -100 : i64, label_smoothing = 1.5 : f64}
    : (tensor<?x10xf32>, tensor<?xi64>) -> tensor<?xf32>
  return
}
