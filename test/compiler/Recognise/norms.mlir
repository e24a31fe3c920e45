// RUN: glyptic-opt %s --graph-recognise --canonicalize --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// Layer norm and RMS norm, spelled out, and what must stay as it is: functions named no_*.

// As opsets before 17 have it: nine nodes.
// CHECK-LABEL: func @layer_norm
// CHECK-SAME: %[[X:.*]]: tensor<?x4x5xf64> {{.*}}, %[[S:.*]]: tensor<5xf64> {{.*}}, %[[B:.*]]: tensor<5xf64>
// CHECK: %[[Y:.*]] = graph.layer_norm %[[X]], %[[S]], %[[B]] dim = 2 {epsilon = 1.000000e-05 : f64}
// CHECK-SAME: loc(fused["mean", "sub", "pow", "variance", "add", "sqrt", "div", "scale", "bias"])
// CHECK-NEXT: return %[[Y]]
func.func @layer_norm(%x: tensor<?x4x5xf64>, %s: tensor<5xf64>, %b: tensor<5xf64>) -> tensor<?x4x5xf64> {
  %five = graph.constant dense<5.0> : tensor<f64>
  %fives = graph.broadcast %five dims = [] : (tensor<f64>) -> tensor<?x4x1xf64>
  %eps = graph.constant dense<1.0e-5> : tensor<f64>
  %epsilons = graph.broadcast %eps dims = [] : (tensor<f64>) -> tensor<?x4x1xf64>
  %0 = graph.reduce sum %x dims = [2] : (tensor<?x4x5xf64>) -> tensor<?x4xf64> loc("mean")
  %1 = graph.reshape %0 : (tensor<?x4xf64>) -> tensor<?x4x1xf64> loc("mean")
  %2 = graph.div %1, %fives : tensor<?x4x1xf64> loc("mean")
  %3 = graph.broadcast %2 dims = [0, 1, 2] : (tensor<?x4x1xf64>) -> tensor<?x4x5xf64> loc("sub")
  %4 = graph.sub %x, %3 : tensor<?x4x5xf64> loc("sub")
  %5 = graph.mul %4, %4 : tensor<?x4x5xf64> loc("pow")
  %6 = graph.reduce sum %5 dims = [2] : (tensor<?x4x5xf64>) -> tensor<?x4xf64> loc("variance")
  %7 = graph.reshape %6 : (tensor<?x4xf64>) -> tensor<?x4x1xf64> loc("variance")
  %8 = graph.div %7, %fives : tensor<?x4x1xf64> loc("variance")
  %9 = graph.add %8, %epsilons : tensor<?x4x1xf64> loc("add")
  %10 = graph.sqrt %9 : tensor<?x4x1xf64> loc("sqrt")
  %11 = graph.broadcast %10 dims = [0, 1, 2] : (tensor<?x4x1xf64>) -> tensor<?x4x5xf64> loc("div")
  %12 = graph.div %4, %11 : tensor<?x4x5xf64> loc("div")
  %13 = graph.broadcast %s dims = [2] : (tensor<5xf64>) -> tensor<?x4x5xf64> loc("scale")
  %14 = graph.mul %12, %13 : tensor<?x4x5xf64> loc("scale")
  %15 = graph.broadcast %b dims = [2] : (tensor<5xf64>) -> tensor<?x4x5xf64> loc("bias")
  %16 = graph.add %14, %15 : tensor<?x4x5xf64> loc("bias")
  return %16 : tensor<?x4x5xf64>
}

// Over two dimensions, by the inverse deviation, and without scale and bias.
// CHECK-LABEL: func @layer_norm_alone
// CHECK-SAME: %[[X:.*]]: tensor<3x4x5xf64>
// CHECK: %[[ONES:.*]] = graph.constant dense<1.000000e+00> : tensor<4x5xf64>
// CHECK: graph.layer_norm %[[X]], %[[ONES]] dim = 1
// CHECK-NEXT: return
func.func @layer_norm_alone(%x: tensor<3x4x5xf64>) -> tensor<3x4x5xf64> {
  %inverse = graph.constant dense<0.05> : tensor<3xf64>
  %eps = graph.constant dense<1.0e-2> : tensor<3xf64>
  %0 = graph.reduce sum %x dims = [1, 2] : (tensor<3x4x5xf64>) -> tensor<3xf64>
  %1 = graph.mul %0, %inverse : tensor<3xf64>
  %2 = graph.broadcast %1 dims = [0] : (tensor<3xf64>) -> tensor<3x4x5xf64>
  %3 = graph.sub %x, %2 : tensor<3x4x5xf64>
  %4 = graph.mul %3, %3 : tensor<3x4x5xf64>
  %5 = graph.reduce sum %4 dims = [1, 2] : (tensor<3x4x5xf64>) -> tensor<3xf64>
  %6 = graph.mul %5, %inverse : tensor<3xf64>
  %7 = graph.add %eps, %6 : tensor<3xf64>
  %8 = graph.rsqrt %7 : tensor<3xf64>
  %9 = graph.broadcast %8 dims = [0] : (tensor<3xf64>) -> tensor<3x4x5xf64>
  %10 = graph.mul %9, %3 : tensor<3x4x5xf64>
  return %10 : tensor<3x4x5xf64>
}

// x * k + (bias - mean * k) with k = scale / deviation, as TensorFlow has it.
// CHECK-LABEL: func @layer_norm_folded
// CHECK-SAME: %[[X:.*]]: tensor<?x5xf64> {{.*}}, %[[S:.*]]: tensor<5xf64> {{.*}}, %[[B:.*]]: tensor<5xf64>
// CHECK: graph.layer_norm %[[X]], %[[S]], %[[B]] dim = 1
// CHECK-NEXT: return
func.func @layer_norm_folded(%x: tensor<?x5xf64>, %s: tensor<5xf64>, %b: tensor<5xf64>) -> tensor<?x5xf64> {
  %fifth = graph.constant dense<0.2> : tensor<f64>
  %fifths = graph.broadcast %fifth dims = [] : (tensor<f64>) -> tensor<?xf64>
  %scales = graph.broadcast %s dims = [1] : (tensor<5xf64>) -> tensor<?x5xf64>
  %biases = graph.broadcast %b dims = [1] : (tensor<5xf64>) -> tensor<?x5xf64>
  %0 = graph.reduce sum %x dims = [1] : (tensor<?x5xf64>) -> tensor<?xf64>
  %1 = graph.mul %0, %fifths : tensor<?xf64>
  %2 = graph.broadcast %1 dims = [0] : (tensor<?xf64>) -> tensor<?x5xf64>
  %3 = graph.sub %x, %2 : tensor<?x5xf64>
  %4 = graph.mul %3, %3 : tensor<?x5xf64>
  %5 = graph.reduce sum %4 dims = [1] : (tensor<?x5xf64>) -> tensor<?xf64>
  %6 = graph.mul %5, %fifths : tensor<?xf64>
  %7 = graph.add %6, %fifths : tensor<?xf64>
  %8 = graph.rsqrt %7 : tensor<?xf64>
  %9 = graph.broadcast %8 dims = [0] : (tensor<?xf64>) -> tensor<?x5xf64>
  %10 = graph.mul %9, %scales : tensor<?x5xf64>
  %11 = graph.mul %x, %10 : tensor<?x5xf64>
  %12 = graph.mul %2, %10 : tensor<?x5xf64>
  %13 = graph.sub %biases, %12 : tensor<?x5xf64>
  %14 = graph.add %11, %13 : tensor<?x5xf64>
  return %14 : tensor<?x5xf64>
}

// A norm without bias takes in one that follows, whoever wrote the norm.
// CHECK-LABEL: func @layer_norm_and_bias
// CHECK-SAME: %[[X:.*]]: tensor<?x5xf64> {{.*}}, %[[S:.*]]: tensor<5xf64> {{.*}}, %[[B:.*]]: tensor<1x5xf64>
// CHECK: %[[VECTOR:.*]] = graph.reshape %[[B]]
// CHECK: graph.layer_norm %[[X]], %[[S]], %[[VECTOR]] dim = 1
// CHECK-NEXT: return
func.func @layer_norm_and_bias(%x: tensor<?x5xf64>, %s: tensor<5xf64>, %b: tensor<1x5xf64>) -> tensor<?x5xf64> {
  %0 = graph.layer_norm %x, %s dim = 1 {epsilon = 1.0e-1 : f64} : (tensor<?x5xf64>, tensor<5xf64>) -> tensor<?x5xf64>
  %1 = graph.broadcast %b dims = [0, 1] : (tensor<1x5xf64>) -> tensor<?x5xf64>
  %2 = graph.add %1, %0 : tensor<?x5xf64>
  return %2 : tensor<?x5xf64>
}

// x * (1 / sqrt(mean(x^2) + epsilon)) * scale, as Llama's exports have it.
// CHECK-LABEL: func @rms_norm
// CHECK-SAME: %[[X:.*]]: tensor<?x4x5xf64> {{.*}}, %[[S:.*]]: tensor<5xf64>
// CHECK: %[[Y:.*]] = graph.rms_norm %[[X]], %[[S]] dim = 2 {epsilon = 1.000000e-05 : f64}
// CHECK-NEXT: return %[[Y]]
func.func @rms_norm(%x: tensor<?x4x5xf64>, %s: tensor<5xf64>) -> tensor<?x4x5xf64> {
  %five = graph.constant dense<5.0> : tensor<f64>
  %fives = graph.broadcast %five dims = [] : (tensor<f64>) -> tensor<?x4x1xf64>
  %eps = graph.constant dense<1.0e-5> : tensor<f64>
  %epsilons = graph.broadcast %eps dims = [] : (tensor<f64>) -> tensor<?x4x1xf64>
  %one = graph.constant dense<1.0> : tensor<f64>
  %ones = graph.broadcast %one dims = [] : (tensor<f64>) -> tensor<?x4x1xf64>
  %0 = graph.mul %x, %x : tensor<?x4x5xf64>
  %1 = graph.reduce sum %0 dims = [2] : (tensor<?x4x5xf64>) -> tensor<?x4xf64>
  %2 = graph.reshape %1 : (tensor<?x4xf64>) -> tensor<?x4x1xf64>
  %3 = graph.div %2, %fives : tensor<?x4x1xf64>
  %4 = graph.add %3, %epsilons : tensor<?x4x1xf64>
  %5 = graph.sqrt %4 : tensor<?x4x1xf64>
  %6 = graph.div %ones, %5 : tensor<?x4x1xf64>
  %7 = graph.broadcast %6 dims = [0, 1, 2] : (tensor<?x4x1xf64>) -> tensor<?x4x5xf64>
  %8 = graph.mul %x, %7 : tensor<?x4x5xf64>
  %9 = graph.broadcast %s dims = [2] : (tensor<5xf64>) -> tensor<?x4x5xf64>
  %10 = graph.mul %9, %8 : tensor<?x4x5xf64>
  return %10 : tensor<?x4x5xf64>
}

// Along the channels of an image, which are not its last dimension: channels go last and back.
// CHECK-LABEL: func @layer_norm_of_channels
// CHECK-SAME: %[[X:.*]]: tensor<?x4x3x2xf64> {{.*}}, %[[S:.*]]: tensor<4x1x1xf64> {{.*}}, %[[B:.*]]: tensor<1x4x1x1xf64>
// CHECK-DAG: %[[ROWS:.*]] = graph.transpose %[[X]] permutation = [0, 2, 3, 1]
// CHECK-DAG: %[[SCALE:.*]] = graph.reshape %[[S]] : (tensor<4x1x1xf64>) -> tensor<4xf64>
// CHECK-DAG: %[[BIAS:.*]] = graph.reshape %[[B]] : (tensor<1x4x1x1xf64>) -> tensor<4xf64>
// CHECK: %[[Y:.*]] = graph.layer_norm %[[ROWS]], %[[SCALE]], %[[BIAS]] dim = 3 {epsilon = 1.000000e-05 : f64}
// CHECK-NEXT: %[[IMAGE:.*]] = graph.transpose %[[Y]] permutation = [0, 3, 1, 2]
// CHECK-NEXT: return %[[IMAGE]]
func.func @layer_norm_of_channels(%x: tensor<?x4x3x2xf64>, %s: tensor<4x1x1xf64>, %b: tensor<1x4x1x1xf64>) -> tensor<?x4x3x2xf64> {
  %four = graph.constant dense<4.0> : tensor<f64>
  %fours = graph.broadcast %four dims = [] : (tensor<f64>) -> tensor<?x1x3x2xf64>
  %eps = graph.constant dense<1.0e-5> : tensor<f64>
  %epsilons = graph.broadcast %eps dims = [] : (tensor<f64>) -> tensor<?x1x3x2xf64>
  %0 = graph.reduce sum %x dims = [1] : (tensor<?x4x3x2xf64>) -> tensor<?x3x2xf64>
  %1 = graph.reshape %0 : (tensor<?x3x2xf64>) -> tensor<?x1x3x2xf64>
  %2 = graph.div %1, %fours : tensor<?x1x3x2xf64>
  %3 = graph.broadcast %2 dims = [0, 1, 2, 3] : (tensor<?x1x3x2xf64>) -> tensor<?x4x3x2xf64>
  %4 = graph.sub %x, %3 : tensor<?x4x3x2xf64>
  %5 = graph.mul %4, %4 : tensor<?x4x3x2xf64>
  %6 = graph.reduce sum %5 dims = [1] : (tensor<?x4x3x2xf64>) -> tensor<?x3x2xf64>
  %7 = graph.reshape %6 : (tensor<?x3x2xf64>) -> tensor<?x1x3x2xf64>
  %8 = graph.div %7, %fours : tensor<?x1x3x2xf64>
  %9 = graph.add %8, %epsilons : tensor<?x1x3x2xf64>
  %10 = graph.sqrt %9 : tensor<?x1x3x2xf64>
  %11 = graph.broadcast %10 dims = [0, 1, 2, 3] : (tensor<?x1x3x2xf64>) -> tensor<?x4x3x2xf64>
  %12 = graph.div %4, %11 : tensor<?x4x3x2xf64>
  %13 = graph.broadcast %s dims = [1, 2, 3] : (tensor<4x1x1xf64>) -> tensor<?x4x3x2xf64>
  %14 = graph.mul %13, %12 : tensor<?x4x3x2xf64>
  %15 = graph.broadcast %b dims = [0, 1, 2, 3] : (tensor<1x4x1x1xf64>) -> tensor<?x4x3x2xf64>
  %16 = graph.add %14, %15 : tensor<?x4x3x2xf64>
  return %16 : tensor<?x4x3x2xf64>
}

// Along two dimensions with one between, by a scale of each of their elements.
// CHECK-LABEL: func @rms_norm_of_two_dims
// CHECK-SAME: %[[X:.*]]: tensor<2x4x3x5xf64> {{.*}}, %[[S:.*]]: tensor<4x5xf64>
// CHECK: %[[ROWS:.*]] = graph.transpose %[[X]] permutation = [0, 2, 1, 3]
// CHECK: graph.rms_norm %[[ROWS]], %[[S]] dim = 2
func.func @rms_norm_of_two_dims(%x: tensor<2x4x3x5xf64>, %s: tensor<4x5xf64>) -> tensor<2x4x3x5xf64> {
  %twentieth = graph.constant dense<0.05> : tensor<2x3xf64>
  %eps = graph.constant dense<0.1> : tensor<2x3xf64>
  %0 = graph.mul %x, %x : tensor<2x4x3x5xf64>
  %1 = graph.reduce sum %0 dims = [1, 3] : (tensor<2x4x3x5xf64>) -> tensor<2x3xf64>
  %2 = graph.mul %1, %twentieth : tensor<2x3xf64>
  %3 = graph.add %2, %eps : tensor<2x3xf64>
  %4 = graph.rsqrt %3 : tensor<2x3xf64>
  %5 = graph.broadcast %4 dims = [0, 2] : (tensor<2x3xf64>) -> tensor<2x4x3x5xf64>
  %6 = graph.mul %x, %5 : tensor<2x4x3x5xf64>
  %7 = graph.broadcast %s dims = [1, 3] : (tensor<4x5xf64>) -> tensor<2x4x3x5xf64>
  %8 = graph.mul %6, %7 : tensor<2x4x3x5xf64>
  return %8 : tensor<2x4x3x5xf64>
}

// The variance as the mean of squares less the square of the mean, and the scale before the centred rows, as Flax has it.
// CHECK-LABEL: func @layer_norm_by_squares
// CHECK-SAME: %[[X:.*]]: tensor<?x4x5xf64> {{.*}}, %[[S:.*]]: tensor<1x4x1xf64> {{.*}}, %[[B:.*]]: tensor<1x4x1xf64>
// CHECK: %[[ROWS:.*]] = graph.transpose %[[X]] permutation = [0, 2, 1]
// CHECK: graph.layer_norm %[[ROWS]], %{{.*}}, %{{.*}} dim = 2
// CHECK-NEXT: graph.transpose
// CHECK-NEXT: return
func.func @layer_norm_by_squares(%x: tensor<?x4x5xf64>, %s: tensor<1x4x1xf64>, %b: tensor<1x4x1xf64>) -> tensor<?x4x5xf64> {
  %quarter = graph.constant dense<0.25> : tensor<f64>
  %quarters = graph.broadcast %quarter dims = [] : (tensor<f64>) -> tensor<?x5xf64>
  %zero = graph.constant dense<0.0> : tensor<f64>
  %zeros = graph.broadcast %zero dims = [] : (tensor<f64>) -> tensor<?x5xf64>
  %one = graph.constant dense<1.0> : tensor<f64>
  %ones = graph.broadcast %one dims = [] : (tensor<f64>) -> tensor<?x1x5xf64>
  %eps = graph.constant dense<1.0e-2> : tensor<f64>
  %epsilons = graph.broadcast %eps dims = [] : (tensor<f64>) -> tensor<?x1x5xf64>
  %0 = graph.reduce sum %x dims = [1] : (tensor<?x4x5xf64>) -> tensor<?x5xf64>
  %1 = graph.mul %x, %x : tensor<?x4x5xf64>
  %2 = graph.reduce sum %1 dims = [1] : (tensor<?x4x5xf64>) -> tensor<?x5xf64>
  %3 = graph.mul %2, %quarters : tensor<?x5xf64>
  %4 = graph.mul %0, %quarters : tensor<?x5xf64>
  %5 = graph.mul %4, %4 : tensor<?x5xf64>
  %6 = graph.sub %3, %5 : tensor<?x5xf64>
  %7 = graph.max %zeros, %6 : tensor<?x5xf64>
  %8 = graph.reshape %7 : (tensor<?x5xf64>) -> tensor<?x1x5xf64>
  %9 = graph.add %8, %epsilons : tensor<?x1x5xf64>
  %10 = graph.sqrt %9 : tensor<?x1x5xf64>
  %11 = graph.div %ones, %10 : tensor<?x1x5xf64>
  %12 = graph.broadcast %11 dims = [0, 1, 2] : (tensor<?x1x5xf64>) -> tensor<?x4x5xf64>
  %13 = graph.broadcast %s dims = [0, 1, 2] : (tensor<1x4x1xf64>) -> tensor<?x4x5xf64>
  %14 = graph.mul %12, %13 : tensor<?x4x5xf64>
  %15 = graph.broadcast %4 dims = [0, 2] : (tensor<?x5xf64>) -> tensor<?x4x5xf64>
  %16 = graph.sub %x, %15 : tensor<?x4x5xf64>
  %17 = graph.mul %16, %14 : tensor<?x4x5xf64>
  %18 = graph.broadcast %b dims = [0, 1, 2] : (tensor<1x4x1xf64>) -> tensor<?x4x5xf64>
  %19 = graph.add %17, %18 : tensor<?x4x5xf64>
  return %19 : tensor<?x4x5xf64>
}

//===-- Near misses -----------------------------------------------------------------------------------------------===//

// Centred, but the squares are those of x: neither norm.
// CHECK-LABEL: func @no_norm_of_other_squares
// CHECK-NOT: _norm
func.func @no_norm_of_other_squares(%x: tensor<?x5xf64>) -> tensor<?x5xf64> {
  %fifth = graph.constant dense<0.2> : tensor<f64>
  %fifths = graph.broadcast %fifth dims = [] : (tensor<f64>) -> tensor<?xf64>
  %0 = graph.reduce sum %x dims = [1] : (tensor<?x5xf64>) -> tensor<?xf64>
  %1 = graph.mul %0, %fifths : tensor<?xf64>
  %2 = graph.broadcast %1 dims = [0] : (tensor<?xf64>) -> tensor<?x5xf64>
  %3 = graph.sub %x, %2 : tensor<?x5xf64>
  %4 = graph.mul %x, %x : tensor<?x5xf64>
  %5 = graph.reduce sum %4 dims = [1] : (tensor<?x5xf64>) -> tensor<?xf64>
  %6 = graph.mul %5, %fifths : tensor<?xf64>
  %7 = graph.add %6, %fifths : tensor<?xf64>
  %8 = graph.rsqrt %7 : tensor<?xf64>
  %9 = graph.broadcast %8 dims = [0] : (tensor<?xf64>) -> tensor<?x5xf64>
  %10 = graph.mul %3, %9 : tensor<?x5xf64>
  return %10 : tensor<?x5xf64>
}

// Over samples and space, as batch normalisation has it, where the number of samples is known.
// CHECK-LABEL: func @no_norm_over_samples
// CHECK-NOT: _norm
func.func @no_norm_over_samples(%x: tensor<2x4x3xf64>) -> tensor<2x4x3xf64> {
  %sixth = graph.constant dense<0.16666666666666667> : tensor<4xf64>
  %eps = graph.constant dense<0.1> : tensor<4xf64>
  %0 = graph.mul %x, %x : tensor<2x4x3xf64>
  %1 = graph.reduce sum %0 dims = [0, 2] : (tensor<2x4x3xf64>) -> tensor<4xf64>
  %2 = graph.mul %1, %sixth : tensor<4xf64>
  %3 = graph.add %2, %eps : tensor<4xf64>
  %4 = graph.sqrt %3 : tensor<4xf64>
  %5 = graph.broadcast %4 dims = [1] : (tensor<4xf64>) -> tensor<2x4x3xf64>
  %6 = graph.div %x, %5 : tensor<2x4x3xf64>
  return %6 : tensor<2x4x3xf64>
}

// The variance that divides by one less than the number of elements.
// CHECK-LABEL: func @no_norm_of_unbiased_variance
// CHECK-NOT: _norm
func.func @no_norm_of_unbiased_variance(%x: tensor<3x5xf64>) -> tensor<3x5xf64> {
  %fifth = graph.constant dense<0.2> : tensor<3xf64>
  %quarter = graph.constant dense<0.25> : tensor<3xf64>
  %0 = graph.reduce sum %x dims = [1] : (tensor<3x5xf64>) -> tensor<3xf64>
  %1 = graph.mul %0, %fifth : tensor<3xf64>
  %2 = graph.broadcast %1 dims = [0] : (tensor<3xf64>) -> tensor<3x5xf64>
  %3 = graph.sub %x, %2 : tensor<3x5xf64>
  %4 = graph.mul %3, %3 : tensor<3x5xf64>
  %5 = graph.reduce sum %4 dims = [1] : (tensor<3x5xf64>) -> tensor<3xf64>
  %6 = graph.mul %5, %quarter : tensor<3xf64>
  %7 = graph.add %6, %fifth : tensor<3xf64>
  %8 = graph.sqrt %7 : tensor<3xf64>
  %9 = graph.broadcast %8 dims = [0] : (tensor<3xf64>) -> tensor<3x5xf64>
  %10 = graph.div %3, %9 : tensor<3x5xf64>
  return %10 : tensor<3x5xf64>
}

// Skip connections and factors of rows are no bias and no scale.
// CHECK-LABEL: func @no_bias_of_rows
// CHECK: %[[NORM:.*]] = graph.layer_norm
// CHECK: graph.mul %[[NORM]]
// CHECK: graph.add %[[NORM]]
func.func @no_bias_of_rows(%x: tensor<3x5xf64>, %rows: tensor<3xf64>) -> (tensor<3x5xf64>, tensor<3x5xf64>) {
  %ones = graph.constant dense<1.0> : tensor<5xf64>
  %0 = graph.layer_norm %x, %ones dim = 1 {epsilon = 1.0e-1 : f64} : (tensor<3x5xf64>, tensor<5xf64>) -> tensor<3x5xf64>
  %1 = graph.broadcast %rows dims = [0] : (tensor<3xf64>) -> tensor<3x5xf64>
  %2 = graph.mul %0, %1 : tensor<3x5xf64>
  %3 = graph.add %0, %x : tensor<3x5xf64>
  return %2, %3 : tensor<3x5xf64>, tensor<3x5xf64>
}

// The mean that is squared is another row's.
// CHECK-LABEL: func @no_norm_by_other_mean
// CHECK-NOT: _norm
func.func @no_norm_by_other_mean(%x: tensor<4x4xf64>) -> tensor<4x4xf64> {
  %quarter = graph.constant dense<0.25> : tensor<4xf64>
  %eps = graph.constant dense<9.0> : tensor<4xf64>
  %0 = graph.mul %x, %x : tensor<4x4xf64>
  %1 = graph.reduce sum %0 dims = [1] : (tensor<4x4xf64>) -> tensor<4xf64>
  %2 = graph.reduce sum %x dims = [0] : (tensor<4x4xf64>) -> tensor<4xf64>
  %3 = graph.mul %1, %quarter : tensor<4xf64>
  %4 = graph.mul %2, %quarter : tensor<4xf64>
  %5 = graph.mul %4, %4 : tensor<4xf64>
  %6 = graph.sub %3, %5 : tensor<4xf64>
  %7 = graph.add %6, %eps : tensor<4xf64>
  %8 = graph.rsqrt %7 : tensor<4xf64>
  %9 = graph.broadcast %8 dims = [0] : (tensor<4xf64>) -> tensor<4x4xf64>
  %10 = graph.broadcast %4 dims = [1] : (tensor<4xf64>) -> tensor<4x4xf64>
  %11 = graph.sub %x, %10 : tensor<4x4xf64>
  %12 = graph.mul %11, %9 : tensor<4x4xf64>
  return %12 : tensor<4x4xf64>
}
