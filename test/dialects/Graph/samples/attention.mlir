// Samples of attention; elementwise.mlir says how they are written. An attention_grad needs results of its attention.

func.func @attention(%q: tensor<?x2x3x4xf32>, %k: tensor<?x2x5x4xf32>, %v: tensor<?x2x5x3xf32>) -> tensor<?x2x3x3xf32> {
  %result, %log_sum = graph.attention %q, %k, %v scale = 5.0e-1
    : (tensor<?x2x3x4xf32>, tensor<?x2x5x4xf32>, tensor<?x2x5x3xf32>) -> (tensor<?x2x3x3xf32>, tensor<?x2x3xf32>)
  return %result : tensor<?x2x3x3xf32>
}

func.func @attention__log_sum(%q: tensor<2x3x4xf32>, %k: tensor<2x5x4xf32>, %v: tensor<2x5x3xf32>, %b: tensor<2x3x5xf32>)
    -> (tensor<2x3x3xf32>, tensor<2x3xf32>) {
  %result, %log_sum = graph.attention %q, %k, %v bias %b scale = 5.0e-1
    : (tensor<2x3x4xf32>, tensor<2x5x4xf32>, tensor<2x5x3xf32>, tensor<2x3x5xf32>) -> (tensor<2x3x3xf32>, tensor<2x3xf32>)
  return %result, %log_sum : tensor<2x3x3xf32>, tensor<2x3xf32>
}

// Two heads of the query share one of the key.
func.func @attention__grouped(%q: tensor<?x4x3x2xf32>, %k: tensor<?x2x3x2xf32>, %v: tensor<?x2x3x2xf32>,
                              %m: tensor<3x3xi1> {sample.low = 0, sample.high = 1}) -> tensor<?x4x3x2xf32> {
  %mask = graph.broadcast %m dims = [2, 3] : (tensor<3x3xi1>) -> tensor<?x4x3x3xi1>
  %result, %log_sum = graph.attention %q, %k, %v mask %mask scale = 1.0 {masked_score = -8.0 : f64}
    : (tensor<?x4x3x2xf32>, tensor<?x2x3x2xf32>, tensor<?x2x3x2xf32>, tensor<?x4x3x3xi1>)
    -> (tensor<?x4x3x2xf32>, tensor<?x4x3xf32>)
  return %result : tensor<?x4x3x2xf32>
}

// The last row is masked throughout.
func.func @attention__masked_row(%q: tensor<2x3x2xf32>, %k: tensor<2x3x2xf32>, %v: tensor<2x3x1xf32>,
                                 %b: tensor<2x3x3xf32>) -> tensor<2x3x1xf32> {
  %m = graph.constant dense<[[true, false, false], [true, true, false], [false, false, false]]> : tensor<3x3xi1>
  %mask = graph.broadcast %m dims = [1, 2] : (tensor<3x3xi1>) -> tensor<2x3x3xi1>
  %result, %log_sum = graph.attention %q, %k, %v bias %b mask %mask scale = 1.0 {zero_masked_rows}
    : (tensor<2x3x2xf32>, tensor<2x3x2xf32>, tensor<2x3x1xf32>, tensor<2x3x3xf32>, tensor<2x3x3xi1>)
    -> (tensor<2x3x1xf32>, tensor<2x3xf32>)
  return %result : tensor<2x3x1xf32>
}

func.func @attention__dropout(%q: tensor<?x3x2xf32>, %k: tensor<?x5x2xf32>, %v: tensor<?x5x2xf32>,
                              %kept: tensor<?x3x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<?x3x2xf32> {
  %result, %log_sum = graph.attention %q, %k, %v kept %kept scale = 0.7 {dropout = 2.5e-1 : f64}
    : (tensor<?x3x2xf32>, tensor<?x5x2xf32>, tensor<?x5x2xf32>, tensor<?x3x5xi1>) -> (tensor<?x3x2xf32>, tensor<?x3xf32>)
  return %result : tensor<?x3x2xf32>
}

func.func @attention_grad(%q: tensor<?x3x2xf32>, %k: tensor<?x2x2xf32>, %v: tensor<?x2x1xf32>, %dy: tensor<?x3x1xf32>)
    -> (tensor<?x3x2xf32>, tensor<?x2x2xf32>, tensor<?x2x1xf32>) {
  %y, %log_sum = graph.attention %q, %k, %v scale = 5.0e-1
    : (tensor<?x3x2xf32>, tensor<?x2x2xf32>, tensor<?x2x1xf32>) -> (tensor<?x3x1xf32>, tensor<?x3xf32>)
  %dq, %dk, %dv = graph.attention_grad %q, %k, %v result %y log_sum %log_sum gradient %dy scale = 5.0e-1
    : (tensor<?x3x2xf32>, tensor<?x2x2xf32>, tensor<?x2x1xf32>, tensor<?x3x1xf32>, tensor<?x3xf32>, tensor<?x3x1xf32>)
    -> (tensor<?x3x2xf32>, tensor<?x2x2xf32>, tensor<?x2x1xf32>)
  return %dq, %dk, %dv : tensor<?x3x2xf32>, tensor<?x2x2xf32>, tensor<?x2x1xf32>
}

func.func @attention_grad__everything(%q: tensor<1x2x2x2xf32>, %k: tensor<1x1x3x2xf32>, %v: tensor<1x1x3x2xf32>,
                                      %b: tensor<1x2x2x3xf32>, %m: tensor<1x2x2x3xi1> {sample.low = 0, sample.high = 1},
                                      %kept: tensor<1x2x2x3xi1> {sample.low = 0, sample.high = 1}, %dy: tensor<1x2x2x2xf32>)
    -> (tensor<1x2x2x2xf32>, tensor<1x1x3x2xf32>, tensor<1x1x3x2xf32>, tensor<1x2x2x3xf32>) {
  %y, %log_sum = graph.attention %q, %k, %v bias %b mask %m kept %kept scale = 0.7 {dropout = 2.5e-1 : f64, masked_score = -4.0 : f64}
    : (tensor<1x2x2x2xf32>, tensor<1x1x3x2xf32>, tensor<1x1x3x2xf32>, tensor<1x2x2x3xf32>, tensor<1x2x2x3xi1>, tensor<1x2x2x3xi1>)
    -> (tensor<1x2x2x2xf32>, tensor<1x2x2xf32>)
  %dq, %dk, %dv, %db = graph.attention_grad %q, %k, %v result %y log_sum %log_sum gradient %dy bias %b mask %m kept %kept
      scale = 0.7 {dropout = 2.5e-1 : f64, masked_score = -4.0 : f64}
    : (tensor<1x2x2x2xf32>, tensor<1x1x3x2xf32>, tensor<1x1x3x2xf32>, tensor<1x2x2x2xf32>, tensor<1x2x2xf32>, tensor<1x2x2x2xf32>,
       tensor<1x2x2x3xf32>, tensor<1x2x2x3xi1>, tensor<1x2x2x3xi1>)
    -> (tensor<1x2x2x2xf32>, tensor<1x1x3x2xf32>, tensor<1x1x3x2xf32>, tensor<1x2x2x3xf32>)
  return %dq, %dk, %dv, %db : tensor<1x2x2x2xf32>, tensor<1x1x3x2xf32>, tensor<1x1x3x2xf32>, tensor<1x2x2x3xf32>
}
