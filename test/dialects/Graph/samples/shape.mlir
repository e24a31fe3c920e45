// Samples of ops that make or move values; elementwise.mlir says how a sample is written.

func.func @constant() -> tensor<2x3xf32> {
  %r = graph.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

func.func @constant__splat() -> tensor<4x3xf32> {
  %r = graph.constant dense<2.5> : tensor<4x3xf32>
  return %r : tensor<4x3xf32>
}

func.func @constant__scalar_i1() -> tensor<i1> {
  %r = graph.constant dense<true> : tensor<i1>
  return %r : tensor<i1>
}

func.func @iota() -> tensor<?x5xi64> {
  %r = graph.iota dim = 1 : tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @iota__batch_f32() -> tensor<4x?xf32, #graph.batch<2>> {
  %r = graph.iota dim = 1 : tensor<4x?xf32, #graph.batch<2>>
  return %r : tensor<4x?xf32, #graph.batch<2>>
}

func.func @batch_size() -> tensor<i64> {
  %r = graph.batch_size : tensor<i64>
  return %r : tensor<i64>
}

func.func @batch_size__f32() -> tensor<f32> {
  %r = graph.batch_size : tensor<f32>
  return %r : tensor<f32>
}

func.func @broadcast(%x: tensor<5xf32>) -> tensor<?x5xf32> {
  %r = graph.broadcast %x dims = [1] : (tensor<5xf32>) -> tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @broadcast__scalar(%x: tensor<f32>) -> tensor<?x2x3xf32> {
  %r = graph.broadcast %x dims = [] : (tensor<f32>) -> tensor<?x2x3xf32>
  return %r : tensor<?x2x3xf32>
}

func.func @broadcast__stretched(%x: tensor<1x3x1xf32>) -> tensor<?x2x3x4xf32> {
  %r = graph.broadcast %x dims = [0, 2, 3] : (tensor<1x3x1xf32>) -> tensor<?x2x3x4xf32>
  return %r : tensor<?x2x3x4xf32>
}

func.func @broadcast__per_sample(%x: tensor<?xf32>) -> tensor<?x7xf32> {
  %r = graph.broadcast %x dims = [0] : (tensor<?xf32>) -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

func.func @broadcast__empty(%x: tensor<1x3xf32>) -> tensor<0x3xf32> {
  %r = graph.broadcast %x dims = [0, 1] : (tensor<1x3xf32>) -> tensor<0x3xf32>
  return %r : tensor<0x3xf32>
}

func.func @broadcast__ones(%x: tensor<1xf32>) -> tensor<1x1xf32> {
  %r = graph.broadcast %x dims = [1] : (tensor<1xf32>) -> tensor<1x1xf32>
  return %r : tensor<1x1xf32>
}

func.func @reshape(%x: tensor<?x2x3xf32>) -> tensor<?x6xf32> {
  %r = graph.reshape %x : (tensor<?x2x3xf32>) -> tensor<?x6xf32>
  return %r : tensor<?x6xf32>
}

func.func @reshape__flattened_batch(%x: tensor<?x4x3xf32>) -> tensor<?x3xf32, #graph.batch<4>> {
  %r = graph.reshape %x : (tensor<?x4x3xf32>) -> tensor<?x3xf32, #graph.batch<4>>
  return %r : tensor<?x3xf32, #graph.batch<4>>
}

func.func @reshape__scalar(%x: tensor<1x1xf32>) -> tensor<f32> {
  %r = graph.reshape %x : (tensor<1x1xf32>) -> tensor<f32>
  return %r : tensor<f32>
}

func.func @transpose(%x: tensor<?x3x5xf32>) -> tensor<5x?x3xf32> {
  %r = graph.transpose %x permutation = [2, 0, 1] : (tensor<?x3x5xf32>) -> tensor<5x?x3xf32>
  return %r : tensor<5x?x3xf32>
}

func.func @transpose__scaled_batch(%x: tensor<?x5xf32, #graph.batch<2>>) -> tensor<5x?xf32, #graph.batch<2>> {
  %r = graph.transpose %x permutation = [1, 0]
    : (tensor<?x5xf32, #graph.batch<2>>) -> tensor<5x?xf32, #graph.batch<2>>
  return %r : tensor<5x?xf32, #graph.batch<2>>
}

func.func @transpose__scalar(%x: tensor<f32>) -> tensor<f32> {
  %r = graph.transpose %x permutation = [] : (tensor<f32>) -> tensor<f32>
  return %r : tensor<f32>
}

func.func @slice(%x: tensor<?x9x4xf32>) -> tensor<?x3x2xf32> {
  %r = graph.slice %x starts = [0, 2, 1] strides = [1, 3, 1] : (tensor<?x9x4xf32>) -> tensor<?x3x2xf32>
  return %r : tensor<?x3x2xf32>
}

func.func @slice__first(%x: tensor<7xf32>) -> tensor<1xf32> {
  %r = graph.slice %x starts = [6] strides = [5] : (tensor<7xf32>) -> tensor<1xf32>
  return %r : tensor<1xf32>
}

func.func @slice__nothing(%x: tensor<4x3xf32>) -> tensor<0x3xf32> {
  %r = graph.slice %x starts = [2, 0] strides = [1, 1] : (tensor<4x3xf32>) -> tensor<0x3xf32>
  return %r : tensor<0x3xf32>
}

func.func @pad(%x: tensor<?x3x4xf32>, %value: tensor<f32>) -> tensor<?x6x4xf32> {
  %r = graph.pad %x, %value low = [0, 1, 0] high = [0, 2, 0] interior = [0, 0, 0]
    : (tensor<?x3x4xf32>, tensor<f32>) -> tensor<?x6x4xf32>
  return %r : tensor<?x6x4xf32>
}

func.func @pad__interior(%x: tensor<3x?xf32>, %value: tensor<f32>) -> tensor<9x?xf32> {
  %r = graph.pad %x, %value low = [1, 0] high = [1, 0] interior = [2, 0]
    : (tensor<3x?xf32>, tensor<f32>) -> tensor<9x?xf32>
  return %r : tensor<9x?xf32>
}

func.func @pad__crop(%x: tensor<5x6xf32>, %value: tensor<f32>) -> tensor<3x7xf32> {
  %r = graph.pad %x, %value low = [-1, 2] high = [-1, -1] interior = [0, 0]
    : (tensor<5x6xf32>, tensor<f32>) -> tensor<3x7xf32>
  return %r : tensor<3x7xf32>
}

// Cropping takes away elements and what lies between them.
func.func @pad__crop_interior(%x: tensor<4xf32>, %value: tensor<f32>) -> tensor<6xf32> {
  %r = graph.pad %x, %value low = [-2] high = [1] interior = [1] : (tensor<4xf32>, tensor<f32>) -> tensor<6xf32>
  return %r : tensor<6xf32>
}

func.func @pad__of_nothing(%x: tensor<0x2xf32>, %value: tensor<f32>) -> tensor<3x2xf32> {
  %r = graph.pad %x, %value low = [1, 0] high = [2, 0] interior = [0, 0]
    : (tensor<0x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  return %r : tensor<3x2xf32>
}

func.func @concat(%x: tensor<?x3xf32>, %y: tensor<?x1xf32>, %z: tensor<?x2xf32>) -> tensor<?x6xf32> {
  %r = graph.concat %x, %y, %z dim = 1 : (tensor<?x3xf32>, tensor<?x1xf32>, tensor<?x2xf32>) -> tensor<?x6xf32>
  return %r : tensor<?x6xf32>
}

func.func @concat__with_nothing(%x: tensor<2x3xf32>, %y: tensor<0x3xf32>, %z: tensor<1x3xf32>) -> tensor<3x3xf32> {
  %r = graph.concat %x, %y, %z dim = 0 : (tensor<2x3xf32>, tensor<0x3xf32>, tensor<1x3xf32>) -> tensor<3x3xf32>
  return %r : tensor<3x3xf32>
}

func.func @concat__twice_the_same(%x: tensor<?x3xf32>) -> tensor<?x6xf32> {
  %r = graph.concat %x, %x dim = 1 : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x6xf32>
  return %r : tensor<?x6xf32>
}

func.func @reverse(%x: tensor<?x3x4xf32>) -> tensor<?x3x4xf32> {
  %r = graph.reverse %x dims = [1, 2] : tensor<?x3x4xf32>
  return %r : tensor<?x3x4xf32>
}

func.func @reverse__none(%x: tensor<3xf32>) -> tensor<3xf32> {
  %r = graph.reverse %x dims = [] : tensor<3xf32>
  return %r : tensor<3xf32>
}
