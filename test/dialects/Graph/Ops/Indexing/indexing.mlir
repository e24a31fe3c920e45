// RUN: glyptic-opt %s -split-input-file -verify-diagnostics | FileCheck %s
// RUN: glyptic-opt %s -split-input-file -verify-diagnostics --graph-structure | FileCheck %s --check-prefix=STRUCTURED

// An embedding: rows of a table by token. The indices' dimensions take the place of the one that is looked up.
// CHECK-LABEL: func @embedding
// CHECK: graph.gather %{{.*}}, %{{.*}} dim = 0 : (tensor<65x16xf32>, tensor<?x8xi64>) -> tensor<?x8x16xf32>
// STRUCTURED-LABEL: func @embedding
// Negative tokens count from the end of the table, and none reads outside of it.
// STRUCTURED: arith.cmpi slt
// STRUCTURED: arith.maxsi
// STRUCTURED: %[[ROW:.*]] = arith.minsi
// STRUCTURED: tensor.extract %arg0[%[[ROW]], %{{.*}}] : tensor<65x16xf32>
func.func @embedding(%table: tensor<65x16xf32>, %tokens: tensor<?x8xi64>) -> tensor<?x8x16xf32> {
  %0 = graph.gather %table, %tokens dim = 0 : (tensor<65x16xf32>, tensor<?x8xi64>) -> tensor<?x8x16xf32>
  return %0 : tensor<?x8x16xf32>
}

// Its derivative adds each token's gradient to its row; no indexing map says which, so no structured form does.
// STRUCTURED-LABEL: func @embedding_gradient
// STRUCTURED: graph.scatter
func.func @embedding_gradient(%tokens: tensor<?x8xi64>, %dy: tensor<?x8x16xf32>) -> tensor<65x16xf32> {
  %0 = graph.scatter sum %tokens, %dy dim = 0 : (tensor<?x8xi64>, tensor<?x8x16xf32>) -> tensor<65x16xf32>
  return %0 : tensor<65x16xf32>
}

// -----

func.func @updates(%tokens: tensor<?x8xi64>, %dy: tensor<?x16xf32>) {
  // expected-error @+1 {{combines slices of 'tensor<65x16xf32>' at 'tensor<?x8xi64>', so its updates must be 'tensor<?x8x16xf32>', not 'tensor<?x16xf32>'}}
  graph.scatter sum %tokens, %dy dim = 0 : (tensor<?x8xi64>, tensor<?x16xf32>) -> tensor<65x16xf32>
  return
}

// -----

func.func @quadratic(%x: tensor<?x4xf32>, %i: tensor<?xi64>) {
  // expected-error @+2 {{would depend on the batch in two dimensions}}
  // expected-error @+1 {{failed to infer returned types}}
  graph.gather %x, %i dim = 1 : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x?xf32>
  return
}
