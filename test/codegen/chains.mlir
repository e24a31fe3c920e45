// Regions as fusion builds them, and shapes at which loops have remainders, one element or none.

!X = tensor<?x100xf32, #graph.batch<7>>
!R = tensor<?xf32, #graph.batch<7>>

func.func @softmax(%x: !X) -> !X {
  %0 = graph.softmax %x dims = [1] : !X
  return %0 : !X
}

func.func @softmax_small(%x: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %0 = graph.softmax %x dims = [1] : tensor<?x10xf32>
  return %0 : tensor<?x10xf32>
}

func.func @softmax_one(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {
  %0 = graph.softmax %x dims = [1] : tensor<?x1xf32>
  return %0 : tensor<?x1xf32>
}

func.func @softmax_outer(%x: tensor<5x?x3xf32>) -> tensor<5x?x3xf32> {
  %0 = graph.softmax %x dims = [0] : tensor<5x?x3xf32>
  return %0 : tensor<5x?x3xf32>
}

func.func @log_softmax_of_heads(%x: tensor<?x3x4x33xf32>) -> tensor<?x3x4x33xf32> {
  %0 = graph.log_softmax %x dims = [3] : tensor<?x3x4x33xf32>
  return %0 : tensor<?x3x4x33xf32>
}

func.func @layer_norm(%x: !X, %scale: tensor<100xf32>, %bias: tensor<100xf32>) -> !X {
  %0 = graph.layer_norm %x, %scale, %bias dim = 1 {epsilon = 1.0e-5 : f64} : (!X, tensor<100xf32>, tensor<100xf32>) -> !X
  return %0 : !X
}

// Rows, columns and elementwise results of one region: several kernels with memory between them.
func.func @rows_and_columns(%x: !X, %dy: !X, %scale: tensor<100xf32>) -> (!X, tensor<100xf32>, tensor<100xf32>, !R) {
  %sum = graph.reduce sum %x dims = [1] : (!X) -> !R
  %sums = graph.broadcast %sum dims = [0] : (!R) -> !X
  %centred = graph.sub %x, %sums : !X
  %scales = graph.broadcast %scale dims = [1] : (tensor<100xf32>) -> !X
  %scaled = graph.mul %centred, %scales : !X
  %product = graph.mul %dy, %centred : !X
  %dscale = graph.reduce sum %product dims = [0] : (!X) -> tensor<100xf32>
  %dbias = graph.reduce sum %dy dims = [0] : (!X) -> tensor<100xf32>
  return %scaled, %dscale, %dbias, %sum : !X, tensor<100xf32>, tensor<100xf32>, !R
}

// Many rows: partial sums.
func.func @columns_in_parts(%x: tensor<?x6xf32, #graph.batch<784>>) -> (tensor<6xf32>, tensor<6xf32>) {
  %0 = graph.reduce sum %x dims = [0] : (tensor<?x6xf32, #graph.batch<784>>) -> tensor<6xf32>
  %1 = graph.reduce max %x dims = [0] : (tensor<?x6xf32, #graph.batch<784>>) -> tensor<6xf32>
  return %0, %1 : tensor<6xf32>, tensor<6xf32>
}

func.func @channels_first_sums(%x: tensor<?x6x28x28xf32>) -> tensor<6xf32> {
  %0 = graph.reduce sum %x dims = [0, 2, 3] : (tensor<?x6x28x28xf32>) -> tensor<6xf32>
  return %0 : tensor<6xf32>
}

func.func @total(%x: tensor<?x333xf32, #graph.batch<9>>) -> tensor<f32> {
  %0 = graph.mul %x, %x : tensor<?x333xf32, #graph.batch<9>>
  %1 = graph.reduce sum %0 dims = [0, 1] : (tensor<?x333xf32, #graph.batch<9>>) -> tensor<f32>
  return %1 : tensor<f32>
}

func.func @total_of_rows(%x: tensor<?x10xf32>) -> (tensor<f32>, tensor<?xf32>) {
  %0 = graph.exp %x : tensor<?x10xf32>
  %1 = graph.reduce sum %0 dims = [1] : (tensor<?x10xf32>) -> tensor<?xf32>
  %2 = graph.reduce sum %1 dims = [0] : (tensor<?xf32>) -> tensor<f32>
  return %2, %1 : tensor<f32>, tensor<?xf32>
}

// A statistic over rows, used by every row again.
func.func @normalise_columns(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %0 = graph.reduce max %x dims = [0] : (tensor<?x5xf32>) -> tensor<5xf32>
  %1 = graph.broadcast %0 dims = [1] : (tensor<5xf32>) -> tensor<?x5xf32>
  %2 = graph.sub %x, %1 : tensor<?x5xf32>
  return %2 : tensor<?x5xf32>
}

func.func @bias_relu(%x: tensor<?x28x28x6xf32>, %b: tensor<6xf32>) -> tensor<?x28x28x6xf32> {
  %0 = graph.broadcast %b dims = [3] : (tensor<6xf32>) -> tensor<?x28x28x6xf32>
  %1 = graph.add %x, %0 : tensor<?x28x28x6xf32>
  %2 = graph.relu %1 : tensor<?x28x28x6xf32>
  return %2 : tensor<?x28x28x6xf32>
}

func.func @gelu(%x: tensor<?x1024xf32, #graph.batch<3>>) -> tensor<?x1024xf32, #graph.batch<3>> {
  %0 = graph.gelu %x : tensor<?x1024xf32, #graph.batch<3>>
  return %0 : tensor<?x1024xf32, #graph.batch<3>>
}

func.func @transposed(%x: tensor<?x5x33xf32>, %y: tensor<33x?xf32, #graph.batch<5>>) -> tensor<33x?xf32, #graph.batch<5>> {
  %0 = graph.reshape %x : (tensor<?x5x33xf32>) -> tensor<?x33xf32, #graph.batch<5>>
  %1 = graph.transpose %0 permutation = [1, 0] : (tensor<?x33xf32, #graph.batch<5>>) -> tensor<33x?xf32, #graph.batch<5>>
  %2 = graph.mul %1, %y : tensor<33x?xf32, #graph.batch<5>>
  return %2 : tensor<33x?xf32, #graph.batch<5>>
}

func.func @reshape_between(%x: tensor<?x12xf32>, %b: tensor<12xf32>, %c: tensor<3x4xf32>) -> tensor<?x3x4xf32> {
  %0 = graph.broadcast %b dims = [1] : (tensor<12xf32>) -> tensor<?x12xf32>
  %1 = graph.add %x, %0 : tensor<?x12xf32>
  %2 = graph.reshape %1 : (tensor<?x12xf32>) -> tensor<?x3x4xf32>
  %3 = graph.broadcast %c dims = [1, 2] : (tensor<3x4xf32>) -> tensor<?x3x4xf32>
  %4 = graph.mul %2, %3 : tensor<?x3x4xf32>
  return %4 : tensor<?x3x4xf32>
}

func.func @nothing(%x: tensor<?x0xf32>, %y: tensor<0x4xf32>) -> (tensor<?x0xf32>, tensor<?xf32>, tensor<0x4xf32>, tensor<4xf32>) {
  %0 = graph.exp %x : tensor<?x0xf32>
  %1 = graph.reduce sum %x dims = [1] : (tensor<?x0xf32>) -> tensor<?xf32>
  %2 = graph.neg %y : tensor<0x4xf32>
  %3 = graph.reduce max %y dims = [0] : (tensor<0x4xf32>) -> tensor<4xf32>
  return %0, %1, %2, %3 : tensor<?x0xf32>, tensor<?xf32>, tensor<0x4xf32>, tensor<4xf32>
}

func.func @doubles_and_integers(%x: tensor<?x19xf64>, %i: tensor<?x19xi64>, %n: tensor<?x19xi32>)
    -> (tensor<?x19xf64>, tensor<?x19xi1>, tensor<?xi64>, tensor<f64>) {
  %0 = graph.exp %x : tensor<?x19xf64>
  %1 = graph.convert %n : (tensor<?x19xi32>) -> tensor<?x19xi64>
  %2 = graph.compare lt %i, %1 : tensor<?x19xi64>
  %3 = graph.convert %i : (tensor<?x19xi64>) -> tensor<?x19xf64>
  %4 = graph.select %2, %0, %3 : tensor<?x19xi1>, tensor<?x19xf64>
  %5 = graph.reduce sum %i dims = [1] : (tensor<?x19xi64>) -> tensor<?xi64>
  %6 = graph.reduce sum %x dims = [0, 1] : (tensor<?x19xf64>) -> tensor<f64>
  return %4, %2, %5, %6 : tensor<?x19xf64>, tensor<?x19xi1>, tensor<?xi64>, tensor<f64>
}

func.func @table(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = graph.constant dense<[1.0, -2.5, 3.0, 0.5]> : tensor<4xf32> : tensor<4xf32>
  %1 = graph.broadcast %0 dims = [1] : (tensor<4xf32>) -> tensor<?x4xf32>
  %2 = graph.mul %x, %1 : tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}

func.func @unchanged(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %0 = graph.neg %x : tensor<?x4xf32>
  return %0, %0 : tensor<?x4xf32>, tensor<?x4xf32>
}

func.func @cross_entropy(%x: tensor<?x10xf32>, %labels: tensor<?xi64>) -> tensor<?xf32> {
  %0 = graph.cross_entropy %x, %labels dim = 1 {ignore_index = -100 : i64, label_smoothing = 0.1 : f64} : (tensor<?x10xf32>, tensor<?xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

func.func @matmul(%a: tensor<?x37xf32>, %b: tensor<37x21xf32>, %bias: tensor<21xf32>) -> tensor<?x21xf32> {
  %0 = graph.dot_general %a, %b batch = [] x [] contracting = [1] x [0] : (tensor<?x37xf32>, tensor<37x21xf32>) -> tensor<?x21xf32>
  %1 = graph.broadcast %bias dims = [1] : (tensor<21xf32>) -> tensor<?x21xf32>
  %2 = graph.add %0, %1 : tensor<?x21xf32>
  return %2 : tensor<?x21xf32>
}

func.func @matmul_transposed(%a: tensor<?x37xf32>, %b: tensor<21x37xf32>) -> tensor<?x21xf32> {
  %0 = graph.dot_general %a, %b batch = [] x [] contracting = [1] x [1] : (tensor<?x37xf32>, tensor<21x37xf32>) -> tensor<?x21xf32>
  return %0 : tensor<?x21xf32>
}

func.func @embedding(%table: tensor<5x24xf32>, %i: tensor<?x3xi64>) -> tensor<?x3x24xf32> {
  %0 = graph.gather %table, %i dim = 0 : (tensor<5x24xf32>, tensor<?x3xi64>) -> tensor<?x3x24xf32>
  %1 = graph.tanh %0 : tensor<?x3x24xf32>
  return %1 : tensor<?x3x24xf32>
}

func.func @embedding_gradient(%i: tensor<?x3xi64>, %g: tensor<?x3x24xf32>) -> tensor<5x24xf32> {
  %0 = graph.scatter_add %i, %g dim = 0 : (tensor<?x3xi64>, tensor<?x3x24xf32>) -> tensor<5x24xf32>
  return %0 : tensor<5x24xf32>
}
