// RUN: glyptic-opt %s --graph-recognise --canonicalize --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// Activations that are spelled out, and what must stay as it is: functions named no_*. RecogniseTest.cpp runs every function
// with and without recognition.

// As PyTorch's older exporter writes it. The composite stands for all five nodes; numbers are no nodes.
// CHECK-LABEL: func @gelu
// CHECK-SAME: %[[X:.*]]: tensor<?x5xf64>
// CHECK: %[[Y:.*]] = graph.gelu %[[X]] : tensor<?x5xf64> loc(fused["div", "erf", "add", "mul", "half"])
// CHECK-NEXT: return %[[Y]]
func.func @gelu(%x: tensor<?x5xf64>) -> tensor<?x5xf64> {
  %root2 = graph.constant dense<1.4142135623730951> : tensor<f64> loc("constant")
  %root2s = graph.broadcast %root2 dims = [] : (tensor<f64>) -> tensor<?x5xf64> loc("div")
  %one = graph.constant dense<1.0> : tensor<f64> loc("constant")
  %ones = graph.broadcast %one dims = [] : (tensor<f64>) -> tensor<?x5xf64> loc("add")
  %half = graph.constant dense<0.5> : tensor<f64> loc("constant")
  %halves = graph.broadcast %half dims = [] : (tensor<f64>) -> tensor<?x5xf64> loc("half")
  %0 = graph.div %x, %root2s : tensor<?x5xf64> loc("div")
  %1 = graph.erf %0 : tensor<?x5xf64> loc("erf")
  %2 = graph.add %1, %ones : tensor<?x5xf64> loc("add")
  %3 = graph.mul %x, %2 : tensor<?x5xf64> loc("mul")
  %4 = graph.mul %3, %halves : tensor<?x5xf64> loc("half")
  return %4 : tensor<?x5xf64>
}

// Any order of the factors, and x may be a product, too.
// CHECK-LABEL: func @gelu_of_product
// CHECK: %[[X:.*]] = graph.mul
// CHECK-NEXT: graph.gelu %[[X]]
// CHECK-NEXT: return
func.func @gelu_of_product(%a: tensor<4x5xf64>, %b: tensor<4x5xf64>) -> tensor<4x5xf64> {
  %x = graph.mul %a, %b : tensor<4x5xf64>
  %c = graph.constant dense<0.70710678118654752> : tensor<4x5xf64>
  %one = graph.constant dense<1.0> : tensor<4x5xf64>
  %half = graph.constant dense<0.5> : tensor<4x5xf64>
  %0 = graph.mul %c, %x : tensor<4x5xf64>
  %1 = graph.erf %0 : tensor<4x5xf64>
  %2 = graph.add %one, %1 : tensor<4x5xf64>
  %3 = graph.mul %half, %2 : tensor<4x5xf64>
  %4 = graph.mul %3, %x : tensor<4x5xf64>
  return %4 : tensor<4x5xf64>
}

// Numbers in FP32 are those of the formula up to their rounding.
// CHECK-LABEL: func @gelu_tanh
// CHECK-SAME: %[[X:.*]]: tensor<4x5xf32>
// CHECK: %[[Y:.*]] = graph.gelu %[[X]] tanh
// CHECK-NEXT: return %[[Y]]
func.func @gelu_tanh(%x: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %k = graph.constant dense<0.797884583> : tensor<4x5xf32>
  %c = graph.constant dense<0.044715> : tensor<4x5xf32>
  %one = graph.constant dense<1.0> : tensor<4x5xf32>
  %half = graph.constant dense<0.5> : tensor<4x5xf32>
  %three = graph.constant dense<3.0> : tensor<4x5xf32>
  %0 = graph.pow %x, %three : tensor<4x5xf32>
  %1 = graph.mul %0, %c : tensor<4x5xf32>
  %2 = graph.add %x, %1 : tensor<4x5xf32>
  %3 = graph.mul %2, %k : tensor<4x5xf32>
  %4 = graph.tanh %3 : tensor<4x5xf32>
  %5 = graph.add %4, %one : tensor<4x5xf32>
  %6 = graph.mul %x, %half : tensor<4x5xf32>
  %7 = graph.mul %6, %5 : tensor<4x5xf32>
  return %7 : tensor<4x5xf32>
}

// k * x * (1 + c * x * x), as TensorFlow has it.
// CHECK-LABEL: func @gelu_tanh_factored
// CHECK: graph.gelu %{{.*}} tanh
// CHECK-NEXT: return
func.func @gelu_tanh_factored(%x: tensor<4x5xf64>) -> tensor<4x5xf64> {
  %k = graph.constant dense<0.79788456080286536> : tensor<4x5xf64>
  %c = graph.constant dense<0.044715> : tensor<4x5xf64>
  %one = graph.constant dense<1.0> : tensor<4x5xf64>
  %half = graph.constant dense<0.5> : tensor<4x5xf64>
  %0 = graph.mul %x, %x : tensor<4x5xf64>
  %1 = graph.mul %0, %c : tensor<4x5xf64>
  %2 = graph.add %one, %1 : tensor<4x5xf64>
  %3 = graph.mul %x, %k : tensor<4x5xf64>
  %4 = graph.mul %3, %2 : tensor<4x5xf64>
  %5 = graph.tanh %4 : tensor<4x5xf64>
  %6 = graph.add %one, %5 : tensor<4x5xf64>
  %7 = graph.mul %half, %6 : tensor<4x5xf64>
  %8 = graph.mul %x, %7 : tensor<4x5xf64>
  return %8 : tensor<4x5xf64>
}

// CHECK-LABEL: func @logistic
// CHECK-SAME: %[[X:.*]]: tensor<4x5xf64>
// CHECK: %[[Y:.*]] = graph.logistic %[[X]]
// CHECK-NEXT: return %[[Y]]
func.func @logistic(%x: tensor<4x5xf64>) -> tensor<4x5xf64> {
  %one = graph.constant dense<1.0> : tensor<4x5xf64>
  %0 = graph.neg %x : tensor<4x5xf64>
  %1 = graph.exp %0 : tensor<4x5xf64>
  %2 = graph.add %1, %one : tensor<4x5xf64>
  %3 = graph.div %one, %2 : tensor<4x5xf64>
  return %3 : tensor<4x5xf64>
}

// Two formulas, one in the other.
// CHECK-LABEL: func @silu
// CHECK-SAME: %[[X:.*]]: tensor<4x5xf64>
// CHECK: %[[Y:.*]] = graph.silu %[[X]] : tensor<4x5xf64> loc(fused["neg", "exp", "add", "div", "mul"])
// CHECK-NEXT: return %[[Y]]
func.func @silu(%x: tensor<4x5xf64>) -> tensor<4x5xf64> {
  %one = graph.constant dense<1.0> : tensor<4x5xf64>
  %0 = graph.neg %x : tensor<4x5xf64> loc("neg")
  %1 = graph.exp %0 : tensor<4x5xf64> loc("exp")
  %2 = graph.add %1, %one : tensor<4x5xf64> loc("add")
  %3 = graph.div %one, %2 : tensor<4x5xf64> loc("div")
  %4 = graph.mul %3, %x : tensor<4x5xf64> loc("mul")
  return %4 : tensor<4x5xf64>
}

// x * Clip(x + 3, 0, 6) / 6
// CHECK-LABEL: func @hard_swish
// CHECK-SAME: %[[X:.*]]: tensor<4x5xf64>
// CHECK: %[[Y:.*]] = graph.hard_swish %[[X]]
// CHECK-NEXT: return %[[Y]]
func.func @hard_swish(%x: tensor<4x5xf64> {sample.low = -5.0, sample.high = 5.0}) -> tensor<4x5xf64> {
  %zero = graph.constant dense<0.0> : tensor<4x5xf64>
  %three = graph.constant dense<3.0> : tensor<4x5xf64>
  %six = graph.constant dense<6.0> : tensor<4x5xf64>
  %0 = graph.add %x, %three : tensor<4x5xf64>
  %1 = graph.compare lt %0, %zero : tensor<4x5xf64>
  %2 = graph.select %1, %zero, %0 : tensor<4x5xi1>, tensor<4x5xf64>
  %3 = graph.compare gt %2, %six : tensor<4x5xf64>
  %4 = graph.select %3, %six, %2 : tensor<4x5xi1>, tensor<4x5xf64>
  %5 = graph.mul %x, %4 : tensor<4x5xf64>
  %6 = graph.div %5, %six : tensor<4x5xf64>
  return %6 : tensor<4x5xf64>
}

// x * HardSigmoid(x)
// CHECK-LABEL: func @hard_swish_by_hard_sigmoid
// CHECK: graph.hard_swish
// CHECK-NEXT: return
func.func @hard_swish_by_hard_sigmoid(%x: tensor<4x5xf64> {sample.low = -5.0, sample.high = 5.0}) -> tensor<4x5xf64> {
  %zero = graph.constant dense<0.0> : tensor<4x5xf64>
  %sixth = graph.constant dense<0.16666666666666666> : tensor<4x5xf64>
  %half = graph.constant dense<0.5> : tensor<4x5xf64>
  %one = graph.constant dense<1.0> : tensor<4x5xf64>
  %0 = graph.mul %x, %sixth : tensor<4x5xf64>
  %1 = graph.add %0, %half : tensor<4x5xf64>
  %2 = graph.min %1, %one : tensor<4x5xf64>
  %3 = graph.max %2, %zero : tensor<4x5xf64>
  %4 = graph.mul %3, %x : tensor<4x5xf64>
  return %4 : tensor<4x5xf64>
}

//===-- Near misses -----------------------------------------------------------------------------------------------===//

// Another value inside is an output: it would be computed twice.
// CHECK-LABEL: func @no_gelu_whose_erf_is_used
// CHECK-NOT: graph.gelu
func.func @no_gelu_whose_erf_is_used(%x: tensor<4x5xf64>) -> (tensor<4x5xf64>, tensor<4x5xf64>) {
  %c = graph.constant dense<0.70710678118654752> : tensor<4x5xf64>
  %one = graph.constant dense<1.0> : tensor<4x5xf64>
  %half = graph.constant dense<0.5> : tensor<4x5xf64>
  %0 = graph.mul %x, %c : tensor<4x5xf64>
  %1 = graph.erf %0 : tensor<4x5xf64>
  %2 = graph.add %1, %one : tensor<4x5xf64>
  %3 = graph.mul %x, %2 : tensor<4x5xf64>
  %4 = graph.mul %3, %half : tensor<4x5xf64>
  return %4, %1 : tensor<4x5xf64>, tensor<4x5xf64>
}

// The gate belongs to another value.
// CHECK-LABEL: func @no_gelu_of_two_values
// CHECK-NOT: graph.gelu
func.func @no_gelu_of_two_values(%x: tensor<4x5xf64>, %y: tensor<4x5xf64>) -> tensor<4x5xf64> {
  %c = graph.constant dense<0.70710678118654752> : tensor<4x5xf64>
  %one = graph.constant dense<1.0> : tensor<4x5xf64>
  %half = graph.constant dense<0.5> : tensor<4x5xf64>
  %0 = graph.mul %y, %c : tensor<4x5xf64>
  %1 = graph.erf %0 : tensor<4x5xf64>
  %2 = graph.add %1, %one : tensor<4x5xf64>
  %3 = graph.mul %x, %2 : tensor<4x5xf64>
  %4 = graph.mul %3, %half : tensor<4x5xf64>
  return %4 : tensor<4x5xf64>
}

// 0.7 is not 1 / sqrt(2).
// CHECK-LABEL: func @no_gelu_of_other_slope
// CHECK-NOT: graph.gelu
func.func @no_gelu_of_other_slope(%x: tensor<4x5xf64>) -> tensor<4x5xf64> {
  %c = graph.constant dense<0.7> : tensor<4x5xf64>
  %one = graph.constant dense<1.0> : tensor<4x5xf64>
  %half = graph.constant dense<0.5> : tensor<4x5xf64>
  %0 = graph.mul %x, %c : tensor<4x5xf64>
  %1 = graph.erf %0 : tensor<4x5xf64>
  %2 = graph.add %1, %one : tensor<4x5xf64>
  %3 = graph.mul %x, %2 : tensor<4x5xf64>
  %4 = graph.mul %3, %half : tensor<4x5xf64>
  return %4 : tensor<4x5xf64>
}

// 1 - erf
// CHECK-LABEL: func @no_gelu_of_complement
// CHECK-NOT: graph.gelu
func.func @no_gelu_of_complement(%x: tensor<4x5xf64>) -> tensor<4x5xf64> {
  %c = graph.constant dense<0.70710678118654752> : tensor<4x5xf64>
  %one = graph.constant dense<1.0> : tensor<4x5xf64>
  %half = graph.constant dense<0.5> : tensor<4x5xf64>
  %0 = graph.mul %x, %c : tensor<4x5xf64>
  %1 = graph.erf %0 : tensor<4x5xf64>
  %2 = graph.sub %one, %1 : tensor<4x5xf64>
  %3 = graph.mul %x, %2 : tensor<4x5xf64>
  %4 = graph.mul %3, %half : tensor<4x5xf64>
  return %4 : tensor<4x5xf64>
}

// The fast approximation of GELU, x * logistic(1.702 x), is none of SiLU.
// CHECK-LABEL: func @no_silu_of_scaled
// CHECK-NOT: graph.silu
func.func @no_silu_of_scaled(%x: tensor<4x5xf64>) -> tensor<4x5xf64> {
  %c = graph.constant dense<1.702> : tensor<4x5xf64>
  %0 = graph.mul %x, %c : tensor<4x5xf64>
  %1 = graph.logistic %0 : tensor<4x5xf64>
  %2 = graph.mul %x, %1 : tensor<4x5xf64>
  return %2 : tensor<4x5xf64>
}

// A squeeze-and-excite gate: logistic of something else.
// CHECK-LABEL: func @no_silu_of_two_values
// CHECK-NOT: graph.silu
func.func @no_silu_of_two_values(%x: tensor<4x5xf64>, %y: tensor<4x5xf64>) -> tensor<4x5xf64> {
  %0 = graph.logistic %y : tensor<4x5xf64>
  %1 = graph.mul %x, %0 : tensor<4x5xf64>
  return %1 : tensor<4x5xf64>
}

// Clipped at 5.
// CHECK-LABEL: func @no_hard_swish_of_other_bound
// CHECK-NOT: graph.hard_swish
func.func @no_hard_swish_of_other_bound(%x: tensor<4x5xf64> {sample.low = -5.0, sample.high = 5.0}) -> tensor<4x5xf64> {
  %zero = graph.constant dense<0.0> : tensor<4x5xf64>
  %three = graph.constant dense<3.0> : tensor<4x5xf64>
  %five = graph.constant dense<5.0> : tensor<4x5xf64>
  %six = graph.constant dense<6.0> : tensor<4x5xf64>
  %0 = graph.add %x, %three : tensor<4x5xf64>
  %1 = graph.min %0, %five : tensor<4x5xf64>
  %2 = graph.max %1, %zero : tensor<4x5xf64>
  %3 = graph.mul %x, %2 : tensor<4x5xf64>
  %4 = graph.div %3, %six : tensor<4x5xf64>
  return %4 : tensor<4x5xf64>
}

// A value doubled sixty times has 2^60 paths, which nobody walks.
// CHECK-LABEL: func @no_end_of_doubling
// CHECK-NOT: graph.gelu
func.func @no_end_of_doubling(%x: tensor<2xf64>) -> tensor<2xf64> {
  %m0 = graph.mul %x, %x : tensor<2xf64>
  %s0 = graph.add %m0, %m0 : tensor<2xf64>
  %m1 = graph.mul %s0, %s0 : tensor<2xf64>
  %s1 = graph.add %m1, %m1 : tensor<2xf64>
  %m2 = graph.mul %s1, %s1 : tensor<2xf64>
  %s2 = graph.add %m2, %m2 : tensor<2xf64>
  %m3 = graph.mul %s2, %s2 : tensor<2xf64>
  %s3 = graph.add %m3, %m3 : tensor<2xf64>
  %m4 = graph.mul %s3, %s3 : tensor<2xf64>
  %s4 = graph.add %m4, %m4 : tensor<2xf64>
  %m5 = graph.mul %s4, %s4 : tensor<2xf64>
  %s5 = graph.add %m5, %m5 : tensor<2xf64>
  %m6 = graph.mul %s5, %s5 : tensor<2xf64>
  %s6 = graph.add %m6, %m6 : tensor<2xf64>
  %m7 = graph.mul %s6, %s6 : tensor<2xf64>
  %s7 = graph.add %m7, %m7 : tensor<2xf64>
  %m8 = graph.mul %s7, %s7 : tensor<2xf64>
  %s8 = graph.add %m8, %m8 : tensor<2xf64>
  %m9 = graph.mul %s8, %s8 : tensor<2xf64>
  %s9 = graph.add %m9, %m9 : tensor<2xf64>
  %m10 = graph.mul %s9, %s9 : tensor<2xf64>
  %s10 = graph.add %m10, %m10 : tensor<2xf64>
  %m11 = graph.mul %s10, %s10 : tensor<2xf64>
  %s11 = graph.add %m11, %m11 : tensor<2xf64>
  %m12 = graph.mul %s11, %s11 : tensor<2xf64>
  %s12 = graph.add %m12, %m12 : tensor<2xf64>
  %m13 = graph.mul %s12, %s12 : tensor<2xf64>
  %s13 = graph.add %m13, %m13 : tensor<2xf64>
  %m14 = graph.mul %s13, %s13 : tensor<2xf64>
  %s14 = graph.add %m14, %m14 : tensor<2xf64>
  %m15 = graph.mul %s14, %s14 : tensor<2xf64>
  %s15 = graph.add %m15, %m15 : tensor<2xf64>
  %m16 = graph.mul %s15, %s15 : tensor<2xf64>
  %s16 = graph.add %m16, %m16 : tensor<2xf64>
  %m17 = graph.mul %s16, %s16 : tensor<2xf64>
  %s17 = graph.add %m17, %m17 : tensor<2xf64>
  %m18 = graph.mul %s17, %s17 : tensor<2xf64>
  %s18 = graph.add %m18, %m18 : tensor<2xf64>
  %m19 = graph.mul %s18, %s18 : tensor<2xf64>
  %s19 = graph.add %m19, %m19 : tensor<2xf64>
  %m20 = graph.mul %s19, %s19 : tensor<2xf64>
  %s20 = graph.add %m20, %m20 : tensor<2xf64>
  %m21 = graph.mul %s20, %s20 : tensor<2xf64>
  %s21 = graph.add %m21, %m21 : tensor<2xf64>
  %m22 = graph.mul %s21, %s21 : tensor<2xf64>
  %s22 = graph.add %m22, %m22 : tensor<2xf64>
  %m23 = graph.mul %s22, %s22 : tensor<2xf64>
  %s23 = graph.add %m23, %m23 : tensor<2xf64>
  %m24 = graph.mul %s23, %s23 : tensor<2xf64>
  %s24 = graph.add %m24, %m24 : tensor<2xf64>
  %m25 = graph.mul %s24, %s24 : tensor<2xf64>
  %s25 = graph.add %m25, %m25 : tensor<2xf64>
  %m26 = graph.mul %s25, %s25 : tensor<2xf64>
  %s26 = graph.add %m26, %m26 : tensor<2xf64>
  %m27 = graph.mul %s26, %s26 : tensor<2xf64>
  %s27 = graph.add %m27, %m27 : tensor<2xf64>
  %m28 = graph.mul %s27, %s27 : tensor<2xf64>
  %s28 = graph.add %m28, %m28 : tensor<2xf64>
  %m29 = graph.mul %s28, %s28 : tensor<2xf64>
  %s29 = graph.add %m29, %m29 : tensor<2xf64>
  %one = graph.constant dense<1.0> : tensor<2xf64>
  %e = graph.erf %s29 : tensor<2xf64>
  %g = graph.add %e, %one : tensor<2xf64>
  %r = graph.mul %x, %g : tensor<2xf64>
  return %r : tensor<2xf64>
}
