// Samples of composites whose numerics matter; elementwise.mlir says how they are written.

func.func @softmax(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %result = graph.softmax %x dims = [1] : tensor<?x5xf32>
  return %result : tensor<?x5xf32>
}

func.func @softmax__inner(%x: tensor<?x4x3xf32>) -> tensor<?x4x3xf32> {
  %result = graph.softmax %x dims = [1] : tensor<?x4x3xf32>
  return %result : tensor<?x4x3xf32>
}

func.func @softmax__two_dims(%x: tensor<?x2x3x2xf32>) -> tensor<?x2x3x2xf32> {
  %result = graph.softmax %x dims = [1, 3] : tensor<?x2x3x2xf32>
  return %result : tensor<?x2x3x2xf32>
}

func.func @softmax__one_element(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {
  %result = graph.softmax %x dims = [1] : tensor<?x1xf32>
  return %result : tensor<?x1xf32>
}

func.func @log_softmax(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %result = graph.log_softmax %x dims = [1] : tensor<?x5xf32>
  return %result : tensor<?x5xf32>
}

func.func @log_softmax__inner(%x: tensor<?x4x3xf32>) -> tensor<?x4x3xf32> {
  %result = graph.log_softmax %x dims = [1] : tensor<?x4x3xf32>
  return %result : tensor<?x4x3xf32>
}

func.func @log_softmax__two_dims(%x: tensor<?x2x3x2xf32>) -> tensor<?x2x3x2xf32> {
  %result = graph.log_softmax %x dims = [1, 3] : tensor<?x2x3x2xf32>
  return %result : tensor<?x2x3x2xf32>
}

func.func @log_softmax__one_element(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {
  %result = graph.log_softmax %x dims = [1] : tensor<?x1xf32>
  return %result : tensor<?x1xf32>
}

func.func @layer_norm(%x: tensor<?x3x5xf32>, %s: tensor<5xf32>, %b: tensor<5xf32>) -> tensor<?x3x5xf32> {
  %result = graph.layer_norm %x, %s, %b dim = 2 {epsilon = 1.0e-1 : f64}
    : (tensor<?x3x5xf32>, tensor<5xf32>, tensor<5xf32>) -> tensor<?x3x5xf32>
  return %result : tensor<?x3x5xf32>
}

func.func @layer_norm__two_dims(%x: tensor<?x2x3xf32>, %s: tensor<2x3xf32>, %b: tensor<2x3xf32>) -> tensor<?x2x3xf32> {
  %result = graph.layer_norm %x, %s, %b dim = 1 {epsilon = 1.0e-1 : f64}
    : (tensor<?x2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<?x2x3xf32>
  return %result : tensor<?x2x3xf32>
}

func.func @layer_norm__no_bias(%x: tensor<?x4xf32>, %s: tensor<4xf32>) -> tensor<?x4xf32> {
  %result = graph.layer_norm %x, %s dim = 1 {epsilon = 1.0e-1 : f64}
    : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %result : tensor<?x4xf32>
}

func.func @layer_norm__whole(%x: tensor<2x3xf32>, %s: tensor<2x3xf32>, %b: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %result = graph.layer_norm %x, %s, %b dim = 0 {epsilon = 1.0e-1 : f64}
    : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %result : tensor<2x3xf32>
}

func.func @rms_norm(%x: tensor<?x3x5xf32>, %s: tensor<5xf32>) -> tensor<?x3x5xf32> {
  %result = graph.rms_norm %x, %s dim = 2 {epsilon = 1.0e-1 : f64} : (tensor<?x3x5xf32>, tensor<5xf32>) -> tensor<?x3x5xf32>
  return %result : tensor<?x3x5xf32>
}

func.func @rms_norm__two_dims(%x: tensor<?x2x3xf32>, %s: tensor<2x3xf32>) -> tensor<?x2x3xf32> {
  %result = graph.rms_norm %x, %s dim = 1 {epsilon = 1.0e-1 : f64}
    : (tensor<?x2x3xf32>, tensor<2x3xf32>) -> tensor<?x2x3xf32>
  return %result : tensor<?x2x3xf32>
}

func.func @gelu(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %result = graph.gelu %x : tensor<?x5xf32>
  return %result : tensor<?x5xf32>
}

func.func @gelu__tanh(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %result = graph.gelu %x tanh : tensor<?x5xf32>
  return %result : tensor<?x5xf32>
}

func.func @batch_norm(%x: tensor<?x3x2xf32>, %s: tensor<3xf32>, %b: tensor<3xf32>, %m: tensor<3xf32>,
                      %v: tensor<3xf32> {sample.low = 0.5, sample.high = 2.0}) -> tensor<?x3x2xf32> {
  %result = graph.batch_norm %x, %s, %b, %m, %v dim = 1 {epsilon = 1.0e-1 : f64, momentum = 0.9 : f64}
    : (tensor<?x3x2xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3x2xf32>
  return %result : tensor<?x3x2xf32>
}

func.func @batch_norm_training(%x: tensor<?x3x2xf32>, %s: tensor<3xf32>, %b: tensor<3xf32>)
    -> (tensor<?x3x2xf32>, tensor<3xf32>, tensor<3xf32>) {
  %result, %mean, %variance = graph.batch_norm_training %x, %s, %b dim = 1 {epsilon = 1.0e-1 : f64}
    : (tensor<?x3x2xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<?x3x2xf32>, tensor<3xf32>, tensor<3xf32>)
  return %result, %mean, %variance : tensor<?x3x2xf32>, tensor<3xf32>, tensor<3xf32>
}

func.func @batch_norm_training__channels_last(%x: tensor<?x2x3xf32>, %s: tensor<3xf32>, %b: tensor<3xf32>) -> tensor<?x2x3xf32> {
  %result, %mean, %variance = graph.batch_norm_training %x, %s, %b dim = 2 {epsilon = 1.0e-1 : f64}
    : (tensor<?x2x3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<?x2x3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %result : tensor<?x2x3xf32>
}
