// Samples of reductions; elementwise.mlir says how a sample is written.

func.func @reduce__sum_rows(%x: tensor<?x5xf32>) -> tensor<?xf32> {
  %r = graph.reduce sum %x dims = [1] : (tensor<?x5xf32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}

func.func @reduce__sum_batch(%x: tensor<?x5xf32>) -> tensor<5xf32> {
  %r = graph.reduce sum %x dims = [0] : (tensor<?x5xf32>) -> tensor<5xf32>
  return %r : tensor<5xf32>
}

func.func @reduce__sum_all(%x: tensor<?x2x3xf32>) -> tensor<f32> {
  %r = graph.reduce sum %x dims = [0, 1, 2] : (tensor<?x2x3xf32>) -> tensor<f32>
  return %r : tensor<f32>
}

func.func @reduce__sum_outer_and_inner(%x: tensor<2x?x3xf32>) -> tensor<?xf32> {
  %r = graph.reduce sum %x dims = [0, 2] : (tensor<2x?x3xf32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}

func.func @reduce__sum_one(%x: tensor<1x4xf32>) -> tensor<4xf32> {
  %r = graph.reduce sum %x dims = [0] : (tensor<1x4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

func.func @reduce__sum_to_one(%x: tensor<?x1x4x3xf32>) -> tensor<1xf32> {
  %r = graph.reduce sum %x dims = [0, 2, 3] : (tensor<?x1x4x3xf32>) -> tensor<1xf32>
  return %r : tensor<1xf32>
}

func.func @reduce__sum_of_nothing(%x: tensor<4x0xf32>) -> tensor<4xf32> {
  %r = graph.reduce sum %x dims = [1] : (tensor<4x0xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

func.func @reduce__sum_of_no_dims(%x: tensor<3xf32>) -> tensor<3xf32> {
  %r = graph.reduce sum %x dims = [] : (tensor<3xf32>) -> tensor<3xf32>
  return %r : tensor<3xf32>
}

func.func @reduce__sum_i32(%x: tensor<?x5xi32> {sample.low = -9, sample.high = 9}) -> tensor<?xi32> {
  %r = graph.reduce sum %x dims = [1] : (tensor<?x5xi32>) -> tensor<?xi32>
  return %r : tensor<?xi32>
}

func.func @reduce__max_rows(%x: tensor<?x5xf32>) -> tensor<?xf32> {
  %r = graph.reduce max %x dims = [1] : (tensor<?x5xf32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}

func.func @reduce__max_batch(%x: tensor<?x5xf32>) -> tensor<5xf32> {
  %r = graph.reduce max %x dims = [0] : (tensor<?x5xf32>) -> tensor<5xf32>
  return %r : tensor<5xf32>
}

func.func @reduce__max_all(%x: tensor<?x2x3xf32>) -> tensor<f32> {
  %r = graph.reduce max %x dims = [0, 1, 2] : (tensor<?x2x3xf32>) -> tensor<f32>
  return %r : tensor<f32>
}

func.func @reduce__max_outer_and_inner(%x: tensor<2x?x3xf32>) -> tensor<?xf32> {
  %r = graph.reduce max %x dims = [0, 2] : (tensor<2x?x3xf32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}

func.func @reduce__max_one(%x: tensor<1x4xf32>) -> tensor<4xf32> {
  %r = graph.reduce max %x dims = [0] : (tensor<1x4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

func.func @reduce__max_of_nothing(%x: tensor<4x0xf32>) -> tensor<4xf32> {
  %r = graph.reduce max %x dims = [1] : (tensor<4x0xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

func.func @reduce__max_of_no_dims(%x: tensor<3xf32>) -> tensor<3xf32> {
  %r = graph.reduce max %x dims = [] : (tensor<3xf32>) -> tensor<3xf32>
  return %r : tensor<3xf32>
}

func.func @reduce__max_i32(%x: tensor<?x5xi32> {sample.low = -9, sample.high = 9}) -> tensor<?xi32> {
  %r = graph.reduce max %x dims = [1] : (tensor<?x5xi32>) -> tensor<?xi32>
  return %r : tensor<?xi32>
}

func.func @reduce__min_rows(%x: tensor<?x5xf32>) -> tensor<?xf32> {
  %r = graph.reduce min %x dims = [1] : (tensor<?x5xf32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}

func.func @reduce__min_batch(%x: tensor<?x5xf32>) -> tensor<5xf32> {
  %r = graph.reduce min %x dims = [0] : (tensor<?x5xf32>) -> tensor<5xf32>
  return %r : tensor<5xf32>
}

func.func @reduce__min_all(%x: tensor<?x2x3xf32>) -> tensor<f32> {
  %r = graph.reduce min %x dims = [0, 1, 2] : (tensor<?x2x3xf32>) -> tensor<f32>
  return %r : tensor<f32>
}

func.func @reduce__min_outer_and_inner(%x: tensor<2x?x3xf32>) -> tensor<?xf32> {
  %r = graph.reduce min %x dims = [0, 2] : (tensor<2x?x3xf32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}

func.func @reduce__min_one(%x: tensor<1x4xf32>) -> tensor<4xf32> {
  %r = graph.reduce min %x dims = [0] : (tensor<1x4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

func.func @reduce__min_of_nothing(%x: tensor<4x0xf32>) -> tensor<4xf32> {
  %r = graph.reduce min %x dims = [1] : (tensor<4x0xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

func.func @reduce__min_of_no_dims(%x: tensor<3xf32>) -> tensor<3xf32> {
  %r = graph.reduce min %x dims = [] : (tensor<3xf32>) -> tensor<3xf32>
  return %r : tensor<3xf32>
}

func.func @reduce__min_i32(%x: tensor<?x5xi32> {sample.low = -9, sample.high = 9}) -> tensor<?xi32> {
  %r = graph.reduce min %x dims = [1] : (tensor<?x5xi32>) -> tensor<?xi32>
  return %r : tensor<?xi32>
}

func.func @reduce__prod_rows(%x: tensor<?x5xf32>) -> tensor<?xf32> {
  %r = graph.reduce prod %x dims = [1] : (tensor<?x5xf32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}

func.func @reduce__prod_batch(%x: tensor<?x5xf32>) -> tensor<5xf32> {
  %r = graph.reduce prod %x dims = [0] : (tensor<?x5xf32>) -> tensor<5xf32>
  return %r : tensor<5xf32>
}

func.func @reduce__prod_all(%x: tensor<?x2x3xf32>) -> tensor<f32> {
  %r = graph.reduce prod %x dims = [0, 1, 2] : (tensor<?x2x3xf32>) -> tensor<f32>
  return %r : tensor<f32>
}

func.func @reduce__prod_outer_and_inner(%x: tensor<2x?x3xf32>) -> tensor<?xf32> {
  %r = graph.reduce prod %x dims = [0, 2] : (tensor<2x?x3xf32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}

func.func @reduce__prod_one(%x: tensor<1x4xf32>) -> tensor<4xf32> {
  %r = graph.reduce prod %x dims = [0] : (tensor<1x4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

func.func @reduce__prod_of_nothing(%x: tensor<4x0xf32>) -> tensor<4xf32> {
  %r = graph.reduce prod %x dims = [1] : (tensor<4x0xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

func.func @reduce__prod_of_no_dims(%x: tensor<3xf32>) -> tensor<3xf32> {
  %r = graph.reduce prod %x dims = [] : (tensor<3xf32>) -> tensor<3xf32>
  return %r : tensor<3xf32>
}

func.func @reduce__prod_i32(%x: tensor<?x5xi32> {sample.low = -9, sample.high = 9}) -> tensor<?xi32> {
  %r = graph.reduce prod %x dims = [1] : (tensor<?x5xi32>) -> tensor<?xi32>
  return %r : tensor<?xi32>
}

func.func @reduce__sum_scaled_batch(%x: tensor<?x3xf32, #graph.batch<2>>) -> tensor<?xf32, #graph.batch<2>> {
  %r = graph.reduce sum %x dims = [1] : (tensor<?x3xf32, #graph.batch<2>>) -> tensor<?xf32, #graph.batch<2>>
  return %r : tensor<?xf32, #graph.batch<2>>
}

func.func @reduce__and(%x: tensor<?x3xi1> {sample.low = 0, sample.high = 1}) -> tensor<?xi1> {
  %r = graph.reduce and %x dims = [1] : (tensor<?x3xi1>) -> tensor<?xi1>
  return %r : tensor<?xi1>
}

func.func @reduce__and_of_nothing(%x: tensor<2x0xi1> {sample.low = 0, sample.high = 1}) -> tensor<2xi1> {
  %r = graph.reduce and %x dims = [1] : (tensor<2x0xi1>) -> tensor<2xi1>
  return %r : tensor<2xi1>
}

func.func @reduce__or(%x: tensor<?x3xi1> {sample.low = 0, sample.high = 1}) -> tensor<?xi1> {
  %r = graph.reduce or %x dims = [1] : (tensor<?x3xi1>) -> tensor<?xi1>
  return %r : tensor<?xi1>
}

func.func @reduce__or_of_nothing(%x: tensor<2x0xi1> {sample.low = 0, sample.high = 1}) -> tensor<2xi1> {
  %r = graph.reduce or %x dims = [1] : (tensor<2x0xi1>) -> tensor<2xi1>
  return %r : tensor<2xi1>
}

func.func @arg_reduce__max(%x: tensor<?x7xf32>) -> tensor<?xi64> {
  %r = graph.arg_reduce max %x dim = 1 : (tensor<?x7xf32>) -> tensor<?xi64>
  return %r : tensor<?xi64>
}

func.func @arg_reduce__max_outer(%x: tensor<6x?x2xf32>) -> tensor<?x2xi64> {
  %r = graph.arg_reduce max %x dim = 0 : (tensor<6x?x2xf32>) -> tensor<?x2xi64>
  return %r : tensor<?x2xi64>
}

func.func @arg_reduce__max_ties(%x: tensor<?x9xi32> {sample.low = -2, sample.high = 2}) -> tensor<?xi64> {
  %r = graph.arg_reduce max %x dim = 1 : (tensor<?x9xi32>) -> tensor<?xi64>
  return %r : tensor<?xi64>
}

func.func @arg_reduce__max_ties_last(%x: tensor<?x9xi32> {sample.low = -2, sample.high = 2}) -> tensor<?xi64> {
  %r = graph.arg_reduce max %x dim = 1 last : (tensor<?x9xi32>) -> tensor<?xi64>
  return %r : tensor<?xi64>
}

func.func @arg_reduce__max_last(%x: tensor<?x7xf32>) -> tensor<?xi64> {
  %r = graph.arg_reduce max %x dim = 1 last : (tensor<?x7xf32>) -> tensor<?xi64>
  return %r : tensor<?xi64>
}

func.func @arg_reduce__max_one(%x: tensor<4x1xf32>) -> tensor<4xi64> {
  %r = graph.arg_reduce max %x dim = 1 : (tensor<4x1xf32>) -> tensor<4xi64>
  return %r : tensor<4xi64>
}

func.func @arg_reduce__max_i1(%x: tensor<?x3xi1> {sample.low = 0, sample.high = 1}) -> tensor<?xi64> {
  %r = graph.arg_reduce max %x dim = 1 : (tensor<?x3xi1>) -> tensor<?xi64>
  return %r : tensor<?xi64>
}

func.func @arg_reduce__min(%x: tensor<?x7xf32>) -> tensor<?xi64> {
  %r = graph.arg_reduce min %x dim = 1 : (tensor<?x7xf32>) -> tensor<?xi64>
  return %r : tensor<?xi64>
}

func.func @arg_reduce__min_outer(%x: tensor<6x?x2xf32>) -> tensor<?x2xi64> {
  %r = graph.arg_reduce min %x dim = 0 : (tensor<6x?x2xf32>) -> tensor<?x2xi64>
  return %r : tensor<?x2xi64>
}

func.func @arg_reduce__min_ties(%x: tensor<?x9xi32> {sample.low = -2, sample.high = 2}) -> tensor<?xi64> {
  %r = graph.arg_reduce min %x dim = 1 : (tensor<?x9xi32>) -> tensor<?xi64>
  return %r : tensor<?xi64>
}

func.func @arg_reduce__min_ties_last(%x: tensor<?x9xi32> {sample.low = -2, sample.high = 2}) -> tensor<?xi64> {
  %r = graph.arg_reduce min %x dim = 1 last : (tensor<?x9xi32>) -> tensor<?xi64>
  return %r : tensor<?xi64>
}

func.func @arg_reduce__min_last(%x: tensor<?x7xf32>) -> tensor<?xi64> {
  %r = graph.arg_reduce min %x dim = 1 last : (tensor<?x7xf32>) -> tensor<?xi64>
  return %r : tensor<?xi64>
}

func.func @arg_reduce__min_one(%x: tensor<4x1xf32>) -> tensor<4xi64> {
  %r = graph.arg_reduce min %x dim = 1 : (tensor<4x1xf32>) -> tensor<4xi64>
  return %r : tensor<4xi64>
}

func.func @arg_reduce__min_i1(%x: tensor<?x3xi1> {sample.low = 0, sample.high = 1}) -> tensor<?xi64> {
  %r = graph.arg_reduce min %x dim = 1 : (tensor<?x3xi1>) -> tensor<?xi64>
  return %r : tensor<?xi64>
}
