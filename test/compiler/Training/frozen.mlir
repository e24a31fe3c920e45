// RUN: glyptic-opt %s -graph-training="loss=mse optimizer=momentum freeze=head.*,body.w train=head.b" -verify-diagnostics | FileCheck %s

// Frozen parameters are buffers of the program, without gradient or slot; --train wins; what the loss does not reach
// stays as it is.
// CHECK-LABEL: func.func @infer
// CHECK-SAME:    {graph.name = "body.w", graph.role = "buffer"}
// CHECK-SAME:    {graph.name = "head.w", graph.role = "buffer"}
// CHECK-SAME:    {graph.name = "head.b", graph.role = "parameter"}
// CHECK-SAME:    {graph.name = "unused", graph.role = "buffer"}
// CHECK-LABEL: func.func @apply
// CHECK-NOT:     body.w
// CHECK-NOT:     unused
// CHECK-NOT:     "head.w"
// CHECK:         return
// CHECK-LABEL: func.func @step
// CHECK-SAME:    -> (tensor<2xf32> {graph.name = "head.b", graph.role = "parameter"}, tensor<2xf32> {graph.name = "optimizer.momentum_buffer.head.b", graph.role = "slot"}, tensor<i64>

// expected-remark @+1 {{parameter 'unused' has no influence on the loss and stays as it is}}
func.func @infer(%w0: tensor<2xf32> {graph.name = "body.w", graph.role = "parameter"},
                 %w1: tensor<2xf32> {graph.name = "head.w", graph.role = "parameter"},
                 %b1: tensor<2xf32> {graph.name = "head.b", graph.role = "parameter"},
                 %u: tensor<2xf32> {graph.name = "unused", graph.role = "parameter"},
                 %x: tensor<?x2xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x2xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.mul %w0, %w1 : tensor<2xf32>
  %1 = graph.add %0, %b1 : tensor<2xf32>
  %2 = graph.broadcast %1 dims = [1] : (tensor<2xf32>) -> tensor<?x2xf32>
  %3 = graph.mul %2, %x : tensor<?x2xf32>
  return %3 : tensor<?x2xf32>
}
