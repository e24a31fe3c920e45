// RUN: glyptic-opt %s -graph-generate-kernels=gpu=true | FileCheck %s

// The same schedules as on the CPU, mapped to blocks and threads (codegen/Structured/Mapping.h).

!X = tensor<?x500xf32, #graph.batch<4>>
!R = tensor<?xf32, #graph.batch<4>>
!Tall = tensor<?x1024xf32, #graph.batch<64>>
!Long = tensor<?x5000xf32>
!Longer = tensor<?x20000xf32>

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

// A warp takes a row of 500 elements, eight warps make a block.
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

// A block takes a row of 5000, three vectors for each thread.
// CHECK-LABEL: func @blocks
// CHECK: #graph.launch<@kernel_row_2, buffers = [0, 1], writes = [1], chunks = 1, per_batch = true, grain = {{[0-9]+}}, threads = 448>
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

// Rows that no registers hold are read again.
// CHECK-LABEL: func @loops
// CHECK: #graph.launch<@kernel_row_3, buffers = [0, 1], writes = [1], chunks = 1, per_batch = true, grain = {{[0-9]+}}, threads = 512>
func.func @loops(%x: !Longer) -> !Longer {
  %0 = graph.region (%x) {
  ^bb0(%a: !Longer):
    %1 = graph.reduce max %a dims = [1] : (!Longer) -> tensor<?xf32>
    %2 = graph.broadcast %1 dims = [0] : (tensor<?xf32>) -> !Longer
    %3 = graph.sub %a, %2 : !Longer
    graph.yield %3 : !Longer
  } : (!Longer) -> !Longer
  return %0 : !Longer
}

// A sum over rows beside the elements: each thread goes down a vector of columns of one of 64 parts of the rows, and keeps
// their sum; another kernel adds up the parts, a warp for each column.
// CHECK-LABEL: func @beside
// CHECK: #graph.launch<@kernel_row_4, buffers = [0, 1, 4, 2], writes = [2, 3], chunks = 16384, {{.*}}threads = 256, chunks_per_block = 256>, #graph.launch<@kernel_column_finish, buffers = [4, 3], writes = [1], chunks = 1024, {{.*}}threads = 256, chunks_per_block = 8>
// CHECK-SAME: scratch = [tensor<64x1024xf32>]
func.func @beside(%x: !Tall, %y: !Tall) -> (!Tall, tensor<1024xf32>) {
  %0:2 = graph.region (%x, %y) {
  ^bb0(%a: !Tall, %b: !Tall):
    %1 = graph.mul %a, %b : !Tall
    %2 = graph.reduce sum %1 dims = [0] : (!Tall) -> tensor<1024xf32>
    graph.yield %1, %2 : !Tall, tensor<1024xf32>
  } : (!Tall, !Tall) -> (!Tall, tensor<1024xf32>)
  return %0#0, %0#1 : !Tall, tensor<1024xf32>
}

// With sums of rows, too, a block takes a part.
// CHECK-LABEL: func @both
// CHECK: #graph.launch<@kernel_row_5, buffers = [0, 1, 3], writes = [1, 2], chunks = 64, {{.*}}threads = 256>, #graph.launch<@kernel_column_finish,
func.func @both(%x: !Tall) -> (!Tall, tensor<1024xf32>) {
  %0:2 = graph.region (%x) {
  ^bb0(%a: !Tall):
    %1 = graph.reduce sum %a dims = [1] : (!Tall) -> tensor<?xf32, #graph.batch<64>>
    %2 = graph.broadcast %1 dims = [0] : (tensor<?xf32, #graph.batch<64>>) -> !Tall
    %3 = graph.sub %a, %2 : !Tall
    %4 = graph.reduce sum %a dims = [0] : (!Tall) -> tensor<1024xf32>
    graph.yield %3, %4 : !Tall, tensor<1024xf32>
  } : (!Tall) -> (!Tall, tensor<1024xf32>)
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
// CHECK: else
// CHECK: memref.store

// CHECK-LABEL: gpu.func @kernel_pointwise(
// CHECK-NOT: vector.
// CHECK: gpu.return

// The last of four vectors may lie outside of the row: then it is another's, and is not counted.
// CHECK-LABEL: gpu.func @kernel_row(
// CHECK: %[[LANE:.*]] = arith.remui %{{.*}}, %c32
// CHECK: %[[INSIDE:.*]] = arith.cmpi ult, %[[AT:.*]], %c500
// CHECK: arith.minui %[[AT]], %c496
// CHECK-COUNT-4: vector.load
// CHECK-NOT: vector.load
// CHECK: %[[ALL:.*]] = arith.select %[[INSIDE]]
// CHECK: %[[MINE:.*]] = vector.reduction <add>, %[[ALL]]
// CHECK: gpu.subgroup_reduce add %[[MINE]] uniform
// CHECK: arith.cmpi eq, %[[LANE]], %c0
// CHECK: memref.store

// Loaded once, and stored from registers.
// CHECK-LABEL: gpu.func @kernel_row_2(
// CHECK-NOT: scf.for
// CHECK: gpu.all_reduce maximumf
// CHECK-NOT: vector.load
// CHECK: vector.store
// CHECK: gpu.return

// CHECK-LABEL: gpu.func @kernel_row_3(
// CHECK: scf.for %{{.*}} to %c20000 step %c2048
// CHECK: gpu.all_reduce maximumf
// CHECK: scf.for %{{.*}} to %c20000 step %c2048
// CHECK: vector.store

// CHECK-LABEL: gpu.func @kernel_row_4(
// CHECK: %[[SUM:.*]] = scf.for
// CHECK: %[[PRODUCT:.*]] = arith.mulf
// CHECK: math.fma
// CHECK: vector.store %[[PRODUCT]]
// CHECK: vector.store %[[SUM]]

// CHECK-LABEL: gpu.func @kernel_row_5(
// CHECK: %[[SUM:.*]] = scf.for
// CHECK: gpu.all_reduce add
// CHECK: vector.store
// CHECK: scf.yield
// CHECK: vector.store %[[SUM]]
