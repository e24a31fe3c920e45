// RUN: glyptic-opt %s -split-input-file -verify-diagnostics -graph-plan="max-batch=64 memory-limit=1024"

// 128 bytes a sample: eight fit in 1024.
// expected-error @+1 {{a batch of 64 needs 8.19 kB of memory, and 1.02 kB are there; the largest batch that fits is 8}}
module {
  func.func @infer(%x: tensor<?x16xf32> {graph.name = "x", graph.role = "input"},
                   %z: tensor<?x16xf32> {graph.name = "z", graph.role = "input"})
      -> (tensor<?x16xf32> {graph.name = "y", graph.role = "output"}) {
    return %x : tensor<?x16xf32>
  }
}

// -----

// expected-error @+1 {{a batch of 64 needs 256 kB of memory, and 1.02 kB are there; even one sample needs 4.03 kB}}
module {
  func.func @infer(%x: tensor<?x1000xf32> {graph.name = "x", graph.role = "input"})
      -> (tensor<?x1000xf32> {graph.name = "y", graph.role = "output"}) {
    return %x : tensor<?x1000xf32>
  }
}

// -----

func.func @infer(%x: tensor<?x16xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x16xf32> {graph.name = "y", graph.role = "output"}) {
  // expected-error @+1 {{has neither a kernel nor a library routine}}
  %0 = graph.relu %x : tensor<?x16xf32>
  return %0 : tensor<?x16xf32>
}

// -----

func.func @infer(%w: tensor<16xf32> {graph.name = "w", graph.role = "parameter"})
    -> (tensor<16xf32> {graph.name = "w", graph.role = "parameter"}) {
  return %w : tensor<16xf32>
}
// expected-error @+1 {{state 'w' is 'tensor<4x4xf32>' here and 'tensor<16xf32>' elsewhere, or lies otherwise in memory}}
func.func @evaluate(%w: tensor<4x4xf32> {graph.name = "w", graph.role = "parameter"})
    -> (tensor<4x4xf32> {graph.name = "w", graph.role = "parameter"}) {
  return %w : tensor<4x4xf32>
}

// -----

// expected-error @+1 {{result 'w' is state that no function takes}}
func.func @infer(%x: tensor<16xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<16xf32> {graph.name = "w", graph.role = "parameter"}) {
  return %x : tensor<16xf32>
}
