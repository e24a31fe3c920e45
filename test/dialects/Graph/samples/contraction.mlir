// Samples of contractions; elementwise.mlir says how they are written.

func.func @dot_general(%l: tensor<?x5xf32>, %r: tensor<5x3xf32>) -> tensor<?x3xf32> {
  %result = graph.dot_general %l, %r batch = [] x [] contracting = [1] x [0]
    : (tensor<?x5xf32>, tensor<5x3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

func.func @dot_general__tokens(%l: tensor<?x4x5xf32>, %r: tensor<5x3xf32>) -> tensor<?x4x3xf32> {
  %result = graph.dot_general %l, %r batch = [] x [] contracting = [2] x [0]
    : (tensor<?x4x5xf32>, tensor<5x3xf32>) -> tensor<?x4x3xf32>
  return %result : tensor<?x4x3xf32>
}

func.func @dot_general__weight_gradient(%l: tensor<?x4x5xf32>, %r: tensor<?x4x3xf32>) -> tensor<5x3xf32> {
  %result = graph.dot_general %l, %r batch = [] x [] contracting = [0, 1] x [0, 1]
    : (tensor<?x4x5xf32>, tensor<?x4x3xf32>) -> tensor<5x3xf32>
  return %result : tensor<5x3xf32>
}

func.func @dot_general__attention_scores(%l: tensor<?x4x2x3xf32>, %r: tensor<?x5x2x3xf32>) -> tensor<?x2x4x5xf32> {
  %result = graph.dot_general %l, %r batch = [0, 2] x [0, 2] contracting = [3] x [3]
    : (tensor<?x4x2x3xf32>, tensor<?x5x2x3xf32>) -> tensor<?x2x4x5xf32>
  return %result : tensor<?x2x4x5xf32>
}

func.func @dot_general__attention_values(%l: tensor<?x2x4x5xf32>, %r: tensor<?x5x2x3xf32>) -> tensor<?x2x4x3xf32> {
  %result = graph.dot_general %l, %r batch = [0, 1] x [0, 2] contracting = [3] x [1]
    : (tensor<?x2x4x5xf32>, tensor<?x5x2x3xf32>) -> tensor<?x2x4x3xf32>
  return %result : tensor<?x2x4x3xf32>
}

func.func @dot_general__transposed(%l: tensor<5x2xf32>, %r: tensor<3x5xf32>) -> tensor<2x3xf32> {
  %result = graph.dot_general %l, %r batch = [] x [] contracting = [0] x [1]
    : (tensor<5x2xf32>, tensor<3x5xf32>) -> tensor<2x3xf32>
  return %result : tensor<2x3xf32>
}

func.func @dot_general__crossed_contraction(%l: tensor<2x3x5xf32>, %r: tensor<4x5x3xf32>) -> tensor<2x4xf32> {
  %result = graph.dot_general %l, %r batch = [] x [] contracting = [1, 2] x [2, 1]
    : (tensor<2x3x5xf32>, tensor<4x5x3xf32>) -> tensor<2x4xf32>
  return %result : tensor<2x4xf32>
}

func.func @dot_general__inner(%l: tensor<7xf32>, %r: tensor<7xf32>) -> tensor<f32> {
  %result = graph.dot_general %l, %r batch = [] x [] contracting = [0] x [0]
    : (tensor<7xf32>, tensor<7xf32>) -> tensor<f32>
  return %result : tensor<f32>
}

func.func @dot_general__outer(%l: tensor<?xf32>, %r: tensor<3xf32>) -> tensor<?x3xf32> {
  %result = graph.dot_general %l, %r batch = [] x [] contracting = [] x []
    : (tensor<?xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

func.func @dot_general__ones(%l: tensor<?x1xf32>, %r: tensor<1x1xf32>) -> tensor<?x1xf32> {
  %result = graph.dot_general %l, %r batch = [] x [] contracting = [1] x [0]
    : (tensor<?x1xf32>, tensor<1x1xf32>) -> tensor<?x1xf32>
  return %result : tensor<?x1xf32>
}

func.func @dot_general__nothing(%l: tensor<2x0xf32>, %r: tensor<0x3xf32>) -> tensor<2x3xf32> {
  %result = graph.dot_general %l, %r batch = [] x [] contracting = [1] x [0]
    : (tensor<2x0xf32>, tensor<0x3xf32>) -> tensor<2x3xf32>
  return %result : tensor<2x3xf32>
}

func.func @dot_general__batch_last(%l: tensor<3x4x?xf32>, %r: tensor<4x?xf32>) -> tensor<?x3xf32> {
  %result = graph.dot_general %l, %r batch = [2] x [1] contracting = [1] x [0]
    : (tensor<3x4x?xf32>, tensor<4x?xf32>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}
