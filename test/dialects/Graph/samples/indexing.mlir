// Samples of indexing ops; elementwise.mlir says how they are written.

func.func @gather(%x: tensor<5x3xf32>, %i: tensor<?x2xi64> {sample.low = -5, sample.high = 4}) -> tensor<?x2x3xf32> {
  %result = graph.gather %x, %i dim = 0 : (tensor<5x3xf32>, tensor<?x2xi64>) -> tensor<?x2x3xf32>
  return %result : tensor<?x2x3xf32>
}

func.func @scatter(%i: tensor<?x2xi64> {sample.low = -5, sample.high = 4},
                   %u: tensor<?x2x3xf32>)
    -> tensor<5x3xf32> {
  %result = graph.scatter sum %i, %u dim = 0 : (tensor<?x2xi64>, tensor<?x2x3xf32>) -> tensor<5x3xf32>
  return %result : tensor<5x3xf32>
}

func.func @gather__middle_i32(%x: tensor<?x4x3xf32>,
                              %i: tensor<2x5xi32> {sample.low = -4, sample.high = 3})
    -> tensor<?x2x5x3xf32> {
  %result = graph.gather %x, %i dim = 1 : (tensor<?x4x3xf32>, tensor<2x5xi32>) -> tensor<?x2x5x3xf32>
  return %result : tensor<?x2x5x3xf32>
}

func.func @scatter__middle_i32(%i: tensor<2x5xi32> {sample.low = -4, sample.high = 3},
                                   %u: tensor<?x2x5x3xf32>)
    -> tensor<?x4x3xf32> {
  %result = graph.scatter sum %i, %u dim = 1 : (tensor<2x5xi32>, tensor<?x2x5x3xf32>) -> tensor<?x4x3xf32>
  return %result : tensor<?x4x3xf32>
}

func.func @gather__one_slice(%x: tensor<?x4x3xf32>,
                             %i: tensor<i64> {sample.low = -3, sample.high = 2})
    -> tensor<?x4xf32> {
  %result = graph.gather %x, %i dim = 2 : (tensor<?x4x3xf32>, tensor<i64>) -> tensor<?x4xf32>
  return %result : tensor<?x4xf32>
}

func.func @scatter__one_slice(%i: tensor<i64> {sample.low = -3, sample.high = 2},
                                  %u: tensor<?x4xf32>)
    -> tensor<?x4x3xf32> {
  %result = graph.scatter sum %i, %u dim = 2 : (tensor<i64>, tensor<?x4xf32>) -> tensor<?x4x3xf32>
  return %result : tensor<?x4x3xf32>
}

func.func @gather__single_row(%x: tensor<1x3xf32>,
                              %i: tensor<?xi64> {sample.low = -1, sample.high = 0})
    -> tensor<?x3xf32> {
  %result = graph.gather %x, %i dim = 0 : (tensor<1x3xf32>, tensor<?xi64>) -> tensor<?x3xf32>
  return %result : tensor<?x3xf32>
}

func.func @scatter__single_row(%i: tensor<?xi64> {sample.low = -1, sample.high = 0},
                                   %u: tensor<?x3xf32>)
    -> tensor<1x3xf32> {
  %result = graph.scatter sum %i, %u dim = 0 : (tensor<?xi64>, tensor<?x3xf32>) -> tensor<1x3xf32>
  return %result : tensor<1x3xf32>
}

func.func @gather__of_the_batch(%x: tensor<?x2xf32>,
                                %i: tensor<4xi64> {sample.low = -3, sample.high = 2})
    -> tensor<4x2xf32> {
  %result = graph.gather %x, %i dim = 0 : (tensor<?x2xf32>, tensor<4xi64>) -> tensor<4x2xf32>
  return %result : tensor<4x2xf32>
}

func.func @scatter__of_the_batch(%i: tensor<4xi64> {sample.low = -3, sample.high = 2},
                                     %u: tensor<4x2xf32>)
    -> tensor<?x2xf32> {
  %result = graph.scatter sum %i, %u dim = 0 : (tensor<4xi64>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %result : tensor<?x2xf32>
}

func.func @gather__nothing(%x: tensor<3x2xf32>,
                           %i: tensor<0xi64> {sample.low = -3, sample.high = 2})
    -> tensor<0x2xf32> {
  %result = graph.gather %x, %i dim = 0 : (tensor<3x2xf32>, tensor<0xi64>) -> tensor<0x2xf32>
  return %result : tensor<0x2xf32>
}

func.func @scatter__nothing(%i: tensor<0xi64> {sample.low = -3, sample.high = 2},
                                %u: tensor<0x2xf32>)
    -> tensor<3x2xf32> {
  %result = graph.scatter sum %i, %u dim = 0 : (tensor<0xi64>, tensor<0x2xf32>) -> tensor<3x2xf32>
  return %result : tensor<3x2xf32>
}

func.func @scatter__max(%i: tensor<5xi64> {sample.low = -1, sample.high = 0}, %u: tensor<5x16xf32>)
    -> tensor<1x16xf32> {
  %result = graph.scatter max %i, %u dim = 0 : (tensor<5xi64>, tensor<5x16xf32>) -> tensor<1x16xf32>
  return %result : tensor<1x16xf32>
}

func.func @scatter__min(%i: tensor<3xi32> {sample.low = -1, sample.high = 0}, %u: tensor<?x3x2xf32>)
    -> tensor<?x1x2xf32> {
  %result = graph.scatter min %i, %u dim = 1 : (tensor<3xi32>, tensor<?x3x2xf32>) -> tensor<?x1x2xf32>
  return %result : tensor<?x1x2xf32>
}

func.func @scatter__prod(%i: tensor<?x2xi64> {sample.low = -5, sample.high = 4}, %u: tensor<?x2x3xf32>)
    -> tensor<5x3xf32> {
  %result = graph.scatter prod %i, %u dim = 0 : (tensor<?x2xi64>, tensor<?x2x3xf32>) -> tensor<5x3xf32>
  return %result : tensor<5x3xf32>
}
