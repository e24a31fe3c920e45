// RUN: glyptic-opt %s -graph-generate-kernels=gpu=true | FileCheck %s

// The same schedules as on the CPU, mapped to blocks and threads (codegen/Structured/Mapping.h).

!X = tensor<?x1024xf32, #graph.batch<4>>
!R = tensor<?xf32, #graph.batch<4>>
!Tall = tensor<?x1024xf32, #graph.batch<64>>
!Long = tensor<?x5000xf32>

// Vectors of 16 bytes, one for each thread; 66 elements leave two for the last thread to do one by one.
// CHECK-LABEL: func @flat
// CHECK: #graph.launch<@relu_pointwise, buffers = [0, 1], writes = [1], chunks = 17, grain = {{[0-9]+}}, threads = 256, chunks_per_block = 256>
func.func @flat(%x: tensor<66xf32>) -> tensor<66xf32> {
  %0 = graph.region (%x) {
  ^bb0(%a: tensor<66xf32>):
    %1 = graph.relu %a : tensor<66xf32> loc("relu")
    graph.yield %1 : tensor<66xf32>
  } : (tensor<66xf32>) -> tensor<66xf32>
  return %0 : tensor<66xf32>
}

// Rows of 1023 elements begin anywhere, so there are no vectors.
// CHECK-LABEL: func @ragged
func.func @ragged(%x: tensor<?x1023xf32>, %b: tensor<1023xf32>) -> tensor<?x1023xf32> {
  %0 = graph.region (%x, %b) {
  ^bb0(%a: tensor<?x1023xf32>, %c: tensor<1023xf32>):
    %1 = graph.broadcast %c dims = [1] : (tensor<1023xf32>) -> tensor<?x1023xf32>
    %2 = graph.add %a, %1 : tensor<?x1023xf32>
    graph.yield %2 : tensor<?x1023xf32>
  } : (tensor<?x1023xf32>, tensor<1023xf32>) -> tensor<?x1023xf32>
  return %0 : tensor<?x1023xf32>
}

// A warp takes a row of 1024 elements, eight warps make a block.
// CHECK-LABEL: func @warps
// CHECK: #graph.launch<@kernel_row, buffers = [0, 1], writes = [1], chunks = 4, per_batch = true, grain = {{[0-9]+}}, threads = 256, chunks_per_block = 8>
func.func @warps(%x: !X) -> !R {
  %0 = graph.region (%x) {
  ^bb0(%a: !X):
    %1 = graph.reduce sum %a dims = [1] : (!X) -> !R
    graph.yield %1 : !R
  } : (!X) -> !R
  return %0 : !R
}

// A block takes a row of 5000.
// CHECK-LABEL: func @blocks
// CHECK: #graph.launch<@kernel_row_2, buffers = [0, 1], writes = [1], chunks = 1, per_batch = true, grain = {{[0-9]+}}, threads = 512>
func.func @blocks(%x: !Long) -> !Long {
  %0 = graph.region (%x) {
  ^bb0(%a: !Long):
    %1 = graph.reduce max %a dims = [1] : (!Long) -> tensor<?xf32>
    %2 = graph.broadcast %1 dims = [0] : (tensor<?xf32>) -> !Long
    %3 = graph.sub %a, %2 : !Long
    graph.yield %3 : !Long
  } : (!Long) -> !Long
  return %0 : !Long
}

// A sum over rows beside the elements: each of 128 blocks has a table of its own, and clears it first.
// CHECK-LABEL: func @beside
// CHECK: #graph.launch<@kernel_row_3, {{.*}}chunks = 128, {{.*}}threads = 256>, #graph.launch<@kernel_column_finish,
func.func @beside(%x: !Tall, %y: !Tall) -> (!Tall, tensor<1024xf32>) {
  %0:2 = graph.region (%x, %y) {
  ^bb0(%a: !Tall, %b: !Tall):
    %1 = graph.mul %a, %b : !Tall
    %2 = graph.reduce sum %1 dims = [0] : (!Tall) -> tensor<1024xf32>
    graph.yield %1, %2 : !Tall, tensor<1024xf32>
  } : (!Tall, !Tall) -> (!Tall, tensor<1024xf32>)
  return %0#0, %0#1 : !Tall, tensor<1024xf32>
}

// CHECK: gpu.module @kernels
// CHECK-LABEL: gpu.func @relu_pointwise(
// CHECK-SAME: memref<?xf32> {llvm.readonly}, %{{.*}}: memref<?xf32>, %{{.*}}: index) kernel attributes
// CHECK-SAME: graph.nodes = ["relu"], known_block_size = array<i32: 256, 1, 1>
// CHECK: %[[BLOCK:.*]] = gpu.block_id x
// CHECK: %[[THREAD:.*]] = gpu.thread_id x
// CHECK: arith.cmpi ule, %{{.*}}, %c66
// CHECK: vector.store %{{.*}} : memref<?xf32>, vector<4xf32>
// CHECK: arith.cmpi ugt, %{{.*}}, %c66
// CHECK: memref.store

// CHECK-LABEL: gpu.func @kernel_pointwise(
// CHECK-NOT: vector.
// CHECK: gpu.return

// CHECK-LABEL: gpu.func @kernel_row(
// CHECK: %[[LANE:.*]] = arith.remui %{{.*}}, %c32
// CHECK: scf.if
// CHECK: %[[SUM:.*]] = scf.for %{{.*}} to %c1024 step %c128
// CHECK: vector.load
// CHECK: %[[MINE:.*]] = vector.reduction <add>, %[[SUM]]
// CHECK: gpu.subgroup_reduce add %[[MINE]] uniform
// CHECK: arith.cmpi eq, %[[LANE]], %c0
// CHECK: memref.store

// CHECK-LABEL: gpu.func @kernel_row_2(
// CHECK: scf.for %{{.*}} to %c5000 step %c2048
// CHECK: gpu.all_reduce maximumf
// CHECK: scf.for %{{.*}} to %c5000 step %c2048
// CHECK: vector.store

// CHECK-LABEL: gpu.func @kernel_row_3(
// CHECK: scf.for %{{.*}} to %c1024 step %c256
// CHECK: gpu.barrier
// CHECK: scf.for
// CHECK: scf.for %{{.*}} to %c1024 step %c1024
// CHECK: arith.mulf
