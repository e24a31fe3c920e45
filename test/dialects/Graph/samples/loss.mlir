// Samples of losses; elementwise.mlir says how they are written.

func.func @cross_entropy(%x: tensor<?x5xf32>, %l: tensor<?xi64> {sample.low = 0, sample.high = 4}) -> tensor<?xf32> {
  %result = graph.cross_entropy %x, %l dim = 1 {ignore_index = -100 : i64, label_smoothing = 0.0 : f64}
    : (tensor<?x5xf32>, tensor<?xi64>) -> tensor<?xf32>
  return %result : tensor<?xf32>
}

func.func @cross_entropy__ignored(%x: tensor<?x4x2xf32>,
                                  %l: tensor<?x2xi32> {sample.low = 0, sample.high = 3})
    -> tensor<?x2xf32> {
  %result = graph.cross_entropy %x, %l dim = 1 {ignore_index = 2 : i64, label_smoothing = 0.0 : f64}
    : (tensor<?x4x2xf32>, tensor<?x2xi32>) -> tensor<?x2xf32>
  return %result : tensor<?x2xf32>
}

func.func @cross_entropy__smoothed(%x: tensor<?x5xf32>,
                                   %l: tensor<?xi64> {sample.low = 0, sample.high = 4})
    -> tensor<?xf32> {
  %result = graph.cross_entropy %x, %l dim = 1 {ignore_index = -100 : i64, label_smoothing = 1.0e-1 : f64}
    : (tensor<?x5xf32>, tensor<?xi64>) -> tensor<?xf32>
  return %result : tensor<?xf32>
}

func.func @cross_entropy__smoothed_ignored(%x: tensor<?x3x4xf32>,
                                           %l: tensor<?x3xi64> {sample.low = 0, sample.high = 3})
    -> tensor<?x3xf32> {
  %result = graph.cross_entropy %x, %l dim = 2 {ignore_index = 1 : i64, label_smoothing = 2.5e-1 : f64}
    : (tensor<?x3x4xf32>, tensor<?x3xi64>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

func.func @cross_entropy__one_class(%x: tensor<?x1xf32>,
                                    %l: tensor<?xi64> {sample.low = 0, sample.high = 0})
    -> tensor<?xf32> {
  %result = graph.cross_entropy %x, %l dim = 1 {ignore_index = -100 : i64, label_smoothing = 0.0 : f64}
    : (tensor<?x1xf32>, tensor<?xi64>) -> tensor<?xf32>
  return %result : tensor<?xf32>
}

func.func @bce_logits(%x: tensor<?x4xf32>,
                      %t: tensor<?x4xf32> {sample.low = 0.0, sample.high = 1.0})
    -> tensor<?x4xf32> {
  %result = graph.bce_logits %x, %t : tensor<?x4xf32>
  return %result : tensor<?x4xf32>
}
