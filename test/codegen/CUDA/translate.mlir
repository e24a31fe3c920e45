// RUN: glyptic-translate --cuda %s | FileCheck %s

gpu.module @kernels {
  memref.global "private" constant @table : memref<3xf32> = dense<[1.0, -0.5, 0x7F800000]>
  // CHECK: __device__ const float table[3] = {1.0f, -0.5f, infinity};
  memref.global "private" constant @halves : memref<2xf16> = dense<[1.0, -2.0]>
  // CHECK: __device__ const half halves[2] = {half{0x3C00}, half{0xC000}};

  // The last block has threads past the end.
  // CHECK: // relu, bias
  // CHECK-NEXT: extern "C" __global__ void __launch_bounds__(256)
  // CHECK-NEXT: relu(const float *{{[a-z0-9]+}}, float *{{[a-z0-9]+}}, unsigned {{[a-z0-9]+}}) {
  gpu.func @relu(%x: memref<?xf32> {llvm.readonly}, %y: memref<?xf32>, %batch: i32) kernel
      attributes {known_block_size = array<i32: 256, 1, 1>, graph.nodes = ["relu, bias"]} {
    %zero = arith.constant dense<0.0> : vector<4xf32>
    %c4 = arith.constant 4 : index
    %c66 = arith.constant 66 : index
    %c256 = arith.constant 256 : index
    %block = gpu.block_id x
    %thread = gpu.thread_id x
    %first = arith.muli %block, %c256 : index
    %chunk = arith.addi %first, %thread : index
    %i = arith.muli %chunk, %c4 : index
    %inside = arith.cmpi ult, %i, %c66 : index
    // CHECK: if ({{.*}} < 66u) {
    scf.if %inside {
      // CHECK: load<4>(&
      %v = vector.load %x[%i] : memref<?xf32>, vector<4xf32>
      // CHECK: store(&{{.*}}, maximum({{.*}}, splat<4>(0.0f)));
      %r = arith.maximumf %v, %zero : vector<4xf32>
      vector.store %r, %y[%i] : memref<?xf32>, vector<4xf32>
    }
    gpu.return
  }

  // A block adds up a row: every thread its part, each warp by shuffles, the warps through shared memory.
  // CHECK: row_sum(
  // CHECK: SHARED(float, [[SHARED:[a-z0-9]+]], 2);
  gpu.func @row_sum(%x: memref<?xf32> {llvm.readonly}, %y: memref<?xf32>, %batch: i32)
      workgroup(%sums: memref<2xf32, #gpu.address_space<workgroup>>) kernel
      attributes {known_block_size = array<i32: 64, 1, 1>} {
    %zero = arith.constant 0.0 : f32
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %c64 = arith.constant 64 : index
    %c1000 = arith.constant 1000 : index
    %row = gpu.block_id x
    %thread = gpu.thread_id x
    %begin = arith.muli %row, %c1000 : index
    // CHECK: float [[SUM:[a-z0-9]+]] = 0.0f;
    // CHECK-NEXT: for (unsigned [[I:[a-z0-9]+]] = threadIdx.x; [[I]] < 1000u; [[I]] += 64u) {
    %mine = scf.for %i = %thread to %c1000 step %c64 iter_args(%sum = %zero) -> f32 {
      %at = arith.addi %begin, %i : index
      %element = memref.load %x[%at] : memref<?xf32>
      %next = arith.addf %sum, %element : f32
      scf.yield %next : f32
    }
    %width = arith.constant 32 : i32
    %sixteen = arith.constant 16 : i32
    %eight = arith.constant 8 : i32
    // CHECK: shuffleXor([[SUM]], 16u)
    %other, %valid = gpu.shuffle xor %mine, %sixteen, %width : f32
    %pair = arith.addf %mine, %other : f32
    // CHECK: warpAdd(
    %whole = gpu.subgroup_reduce add %pair uniform : (f32) -> f32
    %lane = arith.remui %thread, %c32 : index
    %warp = arith.divui %thread, %c32 : index
    %leads = arith.cmpi eq, %lane, %c0 : index
    scf.if %leads {
      // CHECK: [[SHARED]][{{.*}}] =
      memref.store %whole, %sums[%warp] : memref<2xf32, #gpu.address_space<workgroup>>
    }
    // CHECK: __syncthreads();
    gpu.barrier
    %isFirst = arith.cmpi eq, %thread, %c0 : index
    scf.if %isFirst {
      %low = memref.load %sums[%c0] : memref<2xf32, #gpu.address_space<workgroup>>
      %high = memref.load %sums[%c1] : memref<2xf32, #gpu.address_space<workgroup>>
      %total = arith.addf %low, %high : f32
      memref.store %total, %y[%row] : memref<?xf32>
    }
    gpu.return
  }

  // CHECK: largest(
  // CHECK: blockMaximum<128>(
  gpu.func @largest(%x: memref<?xf32> {llvm.readonly}, %y: memref<?xf32>, %batch: i32) kernel
      attributes {known_block_size = array<i32: 128, 1, 1>} {
    %thread = gpu.thread_id x
    %element = memref.load %x[%thread] : memref<?xf32>
    %all = gpu.all_reduce maximumf %element uniform {} : (f32) -> f32
    memref.store %all, %y[%thread] : memref<?xf32>
    gpu.return
  }
}
