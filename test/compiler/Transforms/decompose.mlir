// RUN: glyptic-opt %s -graph-decompose=target=cuda:sm_90 | FileCheck %s
// RUN: glyptic-opt %s -graph-decompose | FileCheck %s --check-prefix=CPU

// Why no library does a composite as a whole is kept for people; a processor's libraries are not expected to.
// CHECK: graph.fallbacks = {{.}}["cuDNN's attention multiplies on tensor cores, too coarsely for FP32", "attend"], ["library calls are in FP32 so far, and cuDNN's attention is not", "half"]]
// CPU-NOT: graph.fallbacks

// CHECK-LABEL: func @attention
// CHECK-NOT:   graph.attention
func.func @attention(%q: tensor<?x2x5x4xf32>, %k: tensor<?x2x5x4xf32>, %v: tensor<?x2x5x4xf32>, %dy: tensor<?x2x5x4xf32>)
    -> (tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>) {
  %y, %l = graph.attention %q, %k, %v scale = 5.000000e-01 : (tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>) -> (tensor<?x2x5x4xf32>, tensor<?x2x5xf32>) loc("attend")
  %dq, %dk, %dv = graph.attention_grad %q, %k, %v result %y log_sum %l gradient %dy scale = 5.000000e-01 : (tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>, tensor<?x2x5xf32>, tensor<?x2x5x4xf32>) -> (tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>) loc("attend")
  return %y, %dq : tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>
}

func.func @half(%q: tensor<?x2x5x4xf16>) -> tensor<?x2x5x4xf16> {
  %y, %l = graph.attention %q, %q, %q scale = 1.000000e+00 : (tensor<?x2x5x4xf16>, tensor<?x2x5x4xf16>, tensor<?x2x5x4xf16>) -> (tensor<?x2x5x4xf16>, tensor<?x2x5xf32>) loc("half")
  return %y : tensor<?x2x5x4xf16>
}
