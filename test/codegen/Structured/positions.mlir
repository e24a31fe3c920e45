// RUN: glyptic-opt %s -graph-generate-kernels | FileCheck %s

// What is joined is read by vectors: the loop along it is cut where the next tensor begins.
func.func @joined(%x: tensor<?x3x64xf32>, %y: tensor<?x3x40xf32>) -> tensor<?x3x104xf32> {
  %0 = graph.region (%x, %y) {
  ^bb0(%a: tensor<?x3x64xf32>, %b: tensor<?x3x40xf32>):
    %1 = graph.concat %a, %b dim = 2 : (tensor<?x3x64xf32>, tensor<?x3x40xf32>) -> tensor<?x3x104xf32>
    graph.yield %1 : tensor<?x3x104xf32>
  } : (tensor<?x3x64xf32>, tensor<?x3x40xf32>) -> tensor<?x3x104xf32>
  return %0 : tensor<?x3x104xf32>
}

// Four elements share a block of random numbers, so that 32 of them take 8 blocks.
func.func @dropped(%x: tensor<?x128xf32>, %n: tensor<i64>) -> tensor<?x128xf32> {
  %0 = graph.region (%x, %n) {
  ^bb0(%a: tensor<?x128xf32>, %b: tensor<i64>):
    %zeros = graph.sub %a, %a : tensor<?x128xf32>
    %m = graph.random_mask seed = %b iteration = %b first = %b site = 2 {probability = 0.7 : f64, strides = array<i64: 128, 1>}
      : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?x128xi1>
    %1 = graph.select %m, %a, %zeros : tensor<?x128xi1>, tensor<?x128xf32>
    graph.yield %1 : tensor<?x128xf32>
  } : (tensor<?x128xf32>, tensor<i64>) -> tensor<?x128xf32>
  return %0 : tensor<?x128xf32>
}

// CHECK-LABEL: func.func @kernel_gather(
// CHECK-DAG: %[[BEFORE:.*]] = arith.constant -64 : index
// CHECK-NOT: arith.select
// CHECK: scf.for %{{.*}} = %c0 to %c64 step %c32
// CHECK: vector.load %arg0{{.*}} vector<32xf32>
// CHECK: arith.addi %{{.*}}, %[[BEFORE]]
// CHECK: vector.load %arg1{{.*}} vector<32xf32>
// CHECK: vector.load %arg1{{.*}} vector<8xf32>
// CHECK: return

// CHECK-LABEL: func.func @kernel_pointwise(
// CHECK-DAG: arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : vector<8xindex>
// CHECK-DAG: arith.constant dense<[false, true, false, true, {{.*}}]> : vector<32xi1>
// CHECK-NOT: arith.muli {{.*}} vector<32xi64>
// CHECK: arith.cmpi uge, {{.*}} vector<8xi64>
// CHECK: vector.shuffle {{.*}} vector<8xi1>
// CHECK: arith.select {{.*}} vector<32xi1>
// CHECK: return
