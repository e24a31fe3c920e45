// RUN: glyptic-opt %s -split-input-file -verify-diagnostics | FileCheck %s

// A tensor has at most one dimension that depends on the batch.
// CHECK-LABEL: func @sizes
// CHECK-SAME: tensor<?x64xf32, #graph.batch<128>>
func.func @sizes(%x: tensor<?x64xf32, #graph.batch<128>>) -> tensor<?x64xf32, #graph.batch<128>> {
  return %x : tensor<?x64xf32, #graph.batch<128>>
}

// -----

// expected-error @+1 {{a dimension of 1 times the batch needs no #graph.batch}}
func.func @once(%x: tensor<?xf32, #graph.batch<1>>) { return }
