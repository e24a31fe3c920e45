// RUN: glyptic-opt %s -graph-generate-kernels | FileCheck %s

// Every access walks the elements in order, so the loops merge; sizes divide, so there is no loop for the rest.
// CHECK-LABEL: func @flat
// CHECK: graph.region "pointwise"
// CHECK-SAME: #graph.launch<@relu_1_pointwise, buffers = [0, 1], writes = [1], chunks = 1, per_batch = true, grain = {{[0-9]+}}>
// CHECK-SAME: scratch = []
func.func @flat(%x: tensor<?x16x64xf32>) -> tensor<?x16x64xf32> {
  %0 = graph.region (%x) {
  ^bb0(%a: tensor<?x16x64xf32>):
    %1 = graph.relu %a : tensor<?x16x64xf32> loc("relu_1")
    graph.yield %1 : tensor<?x16x64xf32>
  } : (tensor<?x16x64xf32>) -> tensor<?x16x64xf32>
  return %0 : tensor<?x16x64xf32>
}

// The same work under another name is the same kernel.
// CHECK-LABEL: func @flat_again
// CHECK: #graph.launch<@relu_1_pointwise, buffers = [0, 1]
func.func @flat_again(%x: tensor<?x1024xf32>) -> tensor<?x1024xf32> {
  %0 = graph.region (%x) {
  ^bb0(%a: tensor<?x1024xf32>):
    %1 = graph.relu %a : tensor<?x1024xf32> loc("relu_2")
    graph.yield %1 : tensor<?x1024xf32>
  } : (tensor<?x1024xf32>) -> tensor<?x1024xf32>
  return %0 : tensor<?x1024xf32>
}

// A bias repeats over the rows, which stay a loop. 40 columns are one vector of 32 and one of 8.
// CHECK-LABEL: func @bias
// CHECK: #graph.launch<@kernel_pointwise, buffers = [0, 1, 2], writes = [2], chunks = 1, per_batch = true
func.func @bias(%x: tensor<?x40xf32>, %b: tensor<40xf32>) -> tensor<?x40xf32> {
  %0 = graph.region (%x, %b) {
  ^bb0(%a: tensor<?x40xf32>, %c: tensor<40xf32>):
    %1 = graph.broadcast %c dims = [1] : (tensor<40xf32>) -> tensor<?x40xf32>
    %2 = graph.add %a, %1 : tensor<?x40xf32>
    graph.yield %2 : tensor<?x40xf32>
  } : (tensor<?x40xf32>, tensor<40xf32>) -> tensor<?x40xf32>
  return %0 : tensor<?x40xf32>
}

// Booleans take a byte in memory and a bit in registers.
// CHECK-LABEL: func @mask
func.func @mask(%x: tensor<64xf32>, %m: tensor<64xi1>) -> (tensor<64xf32>, tensor<64xi1>) {
  %0:2 = graph.region (%x, %m) {
  ^bb0(%a: tensor<64xf32>, %b: tensor<64xi1>):
    %1 = graph.neg %a : tensor<64xf32>
    %2 = graph.select %b, %a, %1 : tensor<64xi1>, tensor<64xf32>
    %3 = graph.not %b : tensor<64xi1>
    graph.yield %2, %3 : tensor<64xf32>, tensor<64xi1>
  } : (tensor<64xf32>, tensor<64xi1>) -> (tensor<64xf32>, tensor<64xi1>)
  return %0#0, %0#1 : tensor<64xf32>, tensor<64xi1>
}

// CHECK-LABEL: module @kernels
// CHECK-LABEL: func.func @relu_1_pointwise(
// CHECK-SAME: %[[X:.*]]: memref<?xf32>, %[[Y:.*]]: memref<?xf32>, %[[BATCH:.*]]: index, %[[LO:.*]]: index, %[[HI:.*]]: index)
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %c32
// CHECK: vector.load %[[X]][%[[I]]] : memref<?xf32>, vector<32xf32>
// CHECK: vector.store %{{.*}}, %[[Y]][%[[I]]]
// CHECK-NOT: scf.for
// CHECK-LABEL: func.func @kernel_pointwise(
// CHECK: scf.for %[[ROW:.*]] = %{{.*}} to
// CHECK: %[[BASE:.*]] = arith.muli %[[ROW]], %c40
// CHECK: vector.load %arg0[%[[BASE]]] : memref<?xf32>, vector<32xf32>
// CHECK: vector.load %arg1[%c0] : memref<?xf32>, vector<32xf32>
// CHECK: vector.load %arg1[%c32] : memref<?xf32>, vector<8xf32>
// CHECK-LABEL: func.func @kernel_pointwise_2(
// CHECK: vector.load %arg1[%{{.*}}] : memref<?xi8>, vector<32xi8>
// CHECK: arith.cmpi ne
// CHECK: arith.extui %{{.*}} : vector<32xi1> to vector<32xi8>
