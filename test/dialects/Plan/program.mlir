// RUN: glyptic-opt %s | glyptic-opt | FileCheck %s

// CHECK: plan.program "cpu:x86-64" threads 2 max_batch 4 arenas [256, 64, 192, 4] constants dense<[0, 0, -128, 63]> : tensor<4xi8> {
plan.program "cpu:x86-64" threads 2 max_batch 4 arenas [256, 64, 192, 4]
    constants dense<[0, 0, -128, 63]> : tensor<4xi8> {
  // CHECK-NEXT: %[[W:.*]] = plan.buffer state[0] <24>
  %w = plan.buffer state[0] <24>
  // CHECK-NEXT: plan.state "w" role "parameter" %[[W]] : tensor<2x3xf32> permutation [1, 0] stored
  plan.state "w" role "parameter" %w : tensor<2x3xf32> permutation [1, 0] stored
  %g = plan.buffer accumulator[0] <24>
  // CHECK: plan.accumulator "gradient.w" role "accumulator" %{{.*}} : tensor<2x3xf32>
  plan.accumulator "gradient.w" role "accumulator" %g : tensor<2x3xf32>
  // CHECK-NEXT: plan.range "x" from 0 to 10 ignored -100
  plan.range "x" from 0 to 10 ignored -100
  // CHECK-NEXT: plan.entry @infer {
  plan.entry @infer {
    // CHECK-NEXT: plan.buffer work[0] <0 + 8 * batch>
    %x = plan.buffer work[0] <0 + 8 * batch>
    plan.input "x" role "input" %x : tensor<?x2xf32>
    %y = plan.buffer work[64] <0 + 12 * batch>
    plan.output "y" role "output" %y : tensor<?x3xf32>
    // CHECK: plan.library_call "matmul"(%{{.*}}, %[[W]]) -> (%{{.*}}) : (tensor<?x2xf32>, tensor<2x3xf32>) -> tensor<?x3xf32> parameters {lhs_contract = array<i64: 1>} flops <0 + 12 * batch> bytes <24 + 20 * batch> "Gemm_0"
    plan.library_call "matmul"(%x, %w) -> (%y) : (tensor<?x2xf32>, tensor<2x3xf32>) -> tensor<?x3xf32>
      parameters {lhs_contract = array<i64: 1>} flops <0 + 12 * batch> bytes <24 + 20 * batch> "Gemm_0"
    // CHECK: plan.launch @relu(%[[Y:.*]], %[[Y]]) writes [1] chunks <0 + 1 * batch> grain 64 flops <0 + 3 * batch> bytes <0 + 24 * batch>
    plan.launch @relu(%y, %y) writes [1] chunks <0 + 1 * batch> grain 64 flops <0 + 3 * batch> bytes <0 + 24 * batch>
    // CHECK-NEXT: plan.launch @relu{{.*}} chunks <0 + 3 * batch> grain 1 blocks of 256 threads for 1024 flops <0>
    plan.launch @relu(%y, %y) writes [1] chunks <0 + 3 * batch> grain 1 blocks of 256 threads for 1024 flops <0> bytes <0>
    // CHECK-NEXT: %[[S:.*]] = plan.buffer work[128] <64>
    // CHECK-NEXT: plan.library_call "matmul"(%{{.*}}, %[[W]]) -> (%[[Y]]) workspace %[[S]] : (tensor<?x2xf32>
    %s = plan.buffer work[128] <64>
    plan.library_call "matmul"(%x, %w) -> (%y) workspace %s : (tensor<?x2xf32>, tensor<2x3xf32>) -> tensor<?x3xf32>
      parameters {} flops <0> bytes <0>
    %t = plan.buffer work[128] <0 + 12 * batch>
    // CHECK: plan.copy %[[Y]] to %{{.*}} flops <0> bytes <0 + 24 * batch>
    plan.copy %y to %t flops <0> bytes <0 + 24 * batch>
  }
}
