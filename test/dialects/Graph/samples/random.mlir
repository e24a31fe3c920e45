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

func.func @random_uniform(%seed: tensor<i64>, %iteration: tensor<i64>, %first: tensor<i64> {sample.low = 0, sample.high = 9})
    -> tensor<?x3x19xf32> {
  %r = graph.random_uniform seed = %seed iteration = %iteration first = %first site = 1
    {strides = array<i64: 57, 19, 1>} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?x3x19xf32>
  return %r : tensor<?x3x19xf32>
}

func.func @random_uniform__double(%seed: tensor<i64>, %iteration: tensor<i64>, %first: tensor<i64>) -> tensor<3x?xf64> {
  %r = graph.random_uniform seed = %seed iteration = %iteration first = %first site = 1
    {strides = array<i64: 1, 3>} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<3x?xf64>
  return %r : tensor<3x?xf64>
}

func.func @noise() -> tensor<?x5xf32> {
  %r = graph.noise uniform seed = 7 site = 1 : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @noise__normal() -> tensor<3x?x2xf64> {
  %r = graph.noise normal seed = 7 site = 1 : tensor<3x?x2xf64>
  return %r : tensor<3x?x2xf64>
}
