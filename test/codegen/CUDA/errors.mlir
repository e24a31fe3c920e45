// RUN: not glyptic-translate --cuda %s 2>&1 | FileCheck %s

gpu.module @kernels {
  gpu.func @bad(%x: memref<?xf32>, %batch: i32) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %c0 = arith.constant 0 : index
    %a = memref.load %x[%c0] : memref<?xf32>
    // CHECK: errors.mlir":[[# @LINE + 1]]:{{[0-9]+}}): error: 'math.cbrt' op
    %b = math.cbrt %a : f32
    memref.store %b, %x[%c0] : memref<?xf32>
    gpu.return
  }
}
// CHECK: has no counterpart in CUDA C++
// CHECK-NOT: __global__
