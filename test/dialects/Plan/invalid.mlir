// RUN: glyptic-opt %s -split-input-file -verify-diagnostics

plan.program "cpu" threads 1 max_batch 4 arenas [0, 0, 64, 0] {
  plan.entry @infer {
    // expected-error @+1 {{offset 32 is not a multiple of 64}}
    %x = plan.buffer work[32] <16>
  }
}

// -----

plan.program "cpu" threads 1 max_batch 4 arenas [0, 0, 64, 0] {
  plan.entry @infer {
    // expected-error @+1 {{ends at 128, beyond its arena's 64 bytes}}
    %x = plan.buffer work[0] <0 + 32 * batch>
  }
}

// -----

// At a batch of 1 the two would fit; the largest decides.
plan.program "cpu" threads 1 max_batch 4 arenas [0, 0, 256, 0] {
  plan.entry @infer {
    // expected-note @+1 {{this buffer}}
    %x = plan.buffer work[64] <0 + 32 * batch>
    %y = plan.buffer work[0] <0 + 32 * batch>
    %z = plan.buffer work[192] <0 + 1 * batch>
    plan.input "x" role "input" %x : tensor<?x8xf32>
    plan.output "z" role "output" %z : tensor<?xi8>
    // expected-error @+1 {{writes over memory that is read later}}
    plan.launch @f(%y) writes [0] chunks <1> grain 1 flops <0> bytes <0>
    plan.launch @g(%x, %z) writes [1] chunks <1> grain 1 flops <0> bytes <0>
  }
}

// -----

// State lives on after an entry that does not mention it.
plan.program "cpu" threads 1 max_batch 1 arenas [128, 0, 64, 0] {
  // expected-note @+1 {{this buffer}}
  %w = plan.buffer state[64] <64>
  plan.state "w" role "parameter" %w : tensor<16xf32>
  plan.entry @infer {
    %x = plan.buffer work[0] <64>
    %y = plan.buffer state[0] <128>
    plan.input "x" role "input" %x : tensor<16xf32>
    // expected-error @+1 {{writes over memory that is read later}}
    plan.launch @f(%x, %y) writes [1] chunks <1> grain 1 flops <0> bytes <0>
  }
}

// -----

// A buffer may span state, but not a part of a tensor.
plan.program "cpu" threads 1 max_batch 1 arenas [192, 0, 0, 0] {
  %w = plan.buffer state[0] <64>
  plan.state "w" role "parameter" %w : tensor<16xf32>
  // expected-note @+1 {{this buffer}}
  %v = plan.buffer state[64] <128>
  plan.state "v" role "parameter" %v : tensor<32xf32>
  plan.entry @apply {
    %both = plan.buffer state[0] <192>
    plan.launch @f(%both, %both) writes [1] chunks <1> grain 1 flops <0> bytes <0>
    %cut = plan.buffer state[0] <128>
    // expected-error @+1 {{writes over memory that is read later}}
    plan.launch @f(%cut, %cut) writes [1] chunks <1> grain 1 flops <0> bytes <0>
  }
}

// -----

plan.program "cpu" threads 1 max_batch 1 arenas [0, 0, 128, 0] {
  plan.entry @infer {
    // expected-error @+1 {{is read in @infer before anything is written to it}}
    %x = plan.buffer work[0] <64>
    %y = plan.buffer work[64] <64>
    plan.output "y" role "output" %y : tensor<16xf32>
    plan.launch @f(%x, %y) writes [1] chunks <1> grain 1 flops <0> bytes <0>
  }
}

// -----

plan.program "cpu" threads 1 max_batch 1 arenas [0, 0, 128, 0] {
  plan.entry @infer {
    %x = plan.buffer work[0] <128>
    %y = plan.buffer work[64] <64>
    plan.input "x" role "input" %x : tensor<32xf32>
    plan.output "y" role "output" %y : tensor<16xf32>
    // expected-error @+1 {{writes memory that it reads elsewhere}}
    plan.launch @f(%x, %y) writes [1] chunks <1> grain 1 flops <0> bytes <0>
  }
}

// -----

// A kernel may update in place; a library routine may not.
plan.program "cpu" threads 1 max_batch 1 arenas [0, 0, 64, 0] {
  plan.entry @infer {
    %x = plan.buffer work[0] <64>
    plan.input "x" role "input" %x : tensor<4x4xf32>
    plan.output "y" role "output" %x : tensor<4x4xf32>
    plan.launch @f(%x, %x) writes [1] chunks <1> grain 1 flops <0> bytes <0>
    // expected-error @+1 {{writes memory that it reads}}
    plan.library_call "matmul"(%x, %x) -> (%x) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
      parameters {} flops <0> bytes <0>
  }
}

// -----

plan.program "cuda:sm_90" threads 1 max_batch 1 arenas [0, 0, 256, 0] {
  plan.entry @infer {
    %x = plan.buffer work[0] <64>
    plan.input "x" role "input" %x : tensor<4x4xf32>
    %y = plan.buffer work[64] <64>
    plan.output "y" role "output" %y : tensor<4x4xf32>
    %s = plan.buffer work[0] <32>
    // expected-error @+1 {{writes memory that it reads}}
    plan.library_call "matmul"(%x, %x) -> (%y) workspace %s : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
      parameters {} flops <0> bytes <0>
  }
}

// -----

plan.program "cpu" threads 1 max_batch 1 arenas [128, 0, 0, 0] {
  %a = plan.buffer state[0] <128>
  %b = plan.buffer state[64] <64>
  plan.state "a" role "parameter" %a : tensor<32xf32>
  // expected-error @+1 {{overlaps other state}}
  plan.state "b" role "parameter" %b : tensor<16xf32>
}

// -----

plan.program "cpu" threads 1 max_batch 1 arenas [128, 0, 0, 0] {
  %a = plan.buffer state[0] <128>
  // expected-error @+1 {{buffer has size #plan.size<128>, but 'tensor<16xf32>' has #plan.size<64>}}
  plan.state "a" role "parameter" %a : tensor<16xf32>
}

// -----

// expected-error @+1 {{has 0 bytes of constants, which is not the size of their arena}}
plan.program "cpu" threads 1 max_batch 1 arenas [0, 0, 0, 8] {
}

// -----

plan.program "cuda:sm_90" threads 1 max_batch 1 arenas [64, 0, 0, 0] {
  %a = plan.buffer state[0] <64>
  plan.state "a" role "parameter" %a : tensor<16xf32>
  plan.entry @infer {
    // expected-error @+1 {{has blocks of nothing}}
    plan.launch @f(%a) writes [0] chunks <1> grain 1 blocks of 256 threads for 0 flops <0> bytes <0>
  }
}
