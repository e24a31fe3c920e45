// RUN: glyptic-translate --cuda %s | FileCheck %s

// Every number and the first of its pair are added, which threads hand on through shared memory or through the operand.

// CHECK: add_first(
// CHECK: SHARED(float, shared, 64);
// CHECK: shared[threadIdx.x] = a;
// CHECK: __syncthreads();
// CHECK: first = shared[threadIdx.x & 62u];
gpu.module @kernels {
  gpu.func @add_first(%x: memref<?xf32> {llvm.readonly}, %y: memref<?xf32>, %batch: i32)
      workgroup(%shared: memref<64xf32, #gpu.address_space<workgroup>>) kernel
      attributes {known_block_size = array<i32: 64, 1, 1>} {
    %c62 = arith.constant 62 : index
    %c64 = arith.constant 64 : index
    %block = gpu.block_id x
    %thread = gpu.thread_id x
    %begin = arith.muli %block, %c64 : index
    %i = arith.addi %begin, %thread : index loc("i")
    %a = memref.load %x[%i] : memref<?xf32> loc("a")
    memref.store %a, %shared[%thread] : memref<64xf32, #gpu.address_space<workgroup>>
    gpu.barrier
    %even = arith.andi %thread, %c62 : index
    %first = memref.load %shared[%even] : memref<64xf32, #gpu.address_space<workgroup>> loc("first")
    %sum = arith.addf %a, %first : f32
    memref.store %sum, %y[%i] : memref<?xf32>
    gpu.return
  }

  // CHECK: add_first_in_place(
  gpu.func @add_first_in_place(%x: memref<?xf32>, %y: memref<?xf32>, %batch: i32) kernel
      attributes {known_block_size = array<i32: 64, 1, 1>} {
    %c62 = arith.constant 62 : index
    %c64 = arith.constant 64 : index
    %block = gpu.block_id x
    %thread = gpu.thread_id x
    %begin = arith.muli %block, %c64 : index
    %i = arith.addi %begin, %thread : index loc("i")
    %even = arith.andi %thread, %c62 : index
    %j = arith.addi %begin, %even : index loc("j")
    %a = memref.load %x[%i] : memref<?xf32> loc("a")
    %first = memref.load %x[%j] : memref<?xf32> loc("first")
    gpu.barrier
    %sum = arith.addf %a, %first : f32
    memref.store %sum, %x[%i] : memref<?xf32>
    memref.store %sum, %y[%i] : memref<?xf32>
    gpu.return
  }
}
