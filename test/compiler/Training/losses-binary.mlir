// RUN: glyptic-opt %s -graph-training="loss=bce metric=accuracy" -verify-diagnostics | FileCheck %s

// One probability for each sample: the label is a column, and the sigmoid is found behind the reshape.
// CHECK-LABEL: func.func @infer
// CHECK:         graph.logistic
// CHECK-LABEL: func.func @evaluate
// CHECK-SAME:    %[[LABEL:[a-z0-9]*]]: tensor<?xf32> {graph.name = "label", graph.role = "label"}
// CHECK-SAME:    {graph.name = "accuracy", graph.role = "total"}
// CHECK-NOT:     graph.logistic
// CHECK:         %[[TARGET:.*]] = graph.reshape %[[LABEL]] : (tensor<?xf32>) -> tensor<?x1xf32>
// CHECK:         graph.bce_logits %{{.*}}, %[[TARGET]]
func.func @infer(%w: tensor<1xf32> {graph.name = "w", graph.role = "parameter"},
                 %x: tensor<?x1xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x1xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.broadcast %w dims = [1] : (tensor<1xf32>) -> tensor<?x1xf32>
  %1 = graph.mul %x, %0 : tensor<?x1xf32>
  %2 = graph.reshape %1 : (tensor<?x1xf32>) -> tensor<?xf32>
  // expected-remark @+1 {{loss 'bce' is computed from the input of this sigmoid}}
  %3 = graph.logistic %2 : tensor<?xf32>
  %4 = graph.reshape %3 : (tensor<?xf32>) -> tensor<?x1xf32>
  return %4 : tensor<?x1xf32>
}
