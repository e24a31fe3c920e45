// Samples of random ops; elementwise.mlir says how they are written.

func.func @random_mask(%seed: tensor<i64>, %iteration: tensor<i64>, %first: tensor<i64> {sample.low = 0, sample.high = 9})
    -> tensor<?x3x19xi1> {
  %r = graph.random_mask seed = %seed iteration = %iteration first = %first site = 2
    {probability = 0.7 : f64, strides = array<i64: 57, 19, 1>} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?x3x19xi1>
  return %r : tensor<?x3x19xi1>
}

// The layout of the tensor above with its last two dimensions swapped.
func.func @random_mask__permuted(%seed: tensor<i64>, %iteration: tensor<i64>, %first: tensor<i64>) -> tensor<?x19x3xi1> {
  %r = graph.random_mask seed = %seed iteration = %iteration first = %first site = 2
    {probability = 0.7 : f64, strides = array<i64: 57, 1, 19>} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?x19x3xi1>
  return %r : tensor<?x19x3xi1>
}

func.func @dropout(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r, %mask = graph.dropout %x {ratio = 0.3 : f64} : tensor<?x5xf32>, tensor<?x5xi1>
  return %r : tensor<?x5xf32>
}
