// RUN: glyptic-opt %s -graph-training="loss=mse optimizer=adam metric=mse" -canonicalize -cse | FileCheck %s

// One layer with a frozen-looking buffer. State first, then inputs, label and accumulators; each function returns what
// compiler/Program.h promises, in the order of the model's state.
func.func @infer(%w: tensor<3x2xf32> {graph.name = "w", graph.role = "parameter"},
                 %scale: tensor<2xf32> {graph.name = "scale", graph.role = "buffer"},
                 %b: tensor<2xf32> {graph.name = "b", graph.role = "parameter"},
                 %x: tensor<?x3xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x2xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.dot_general %x, %w batch = [] x [] contracting = [1] x [0] : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  %1 = graph.broadcast %scale dims = [1] : (tensor<2xf32>) -> tensor<?x2xf32>
  %2 = graph.mul %0, %1 : tensor<?x2xf32>
  %3 = graph.broadcast %b dims = [1] : (tensor<2xf32>) -> tensor<?x2xf32>
  %4 = graph.add %2, %3 : tensor<?x2xf32>
  return %4 : tensor<?x2xf32>
}

// CHECK:       func.func @evaluate(
// CHECK-SAME:    tensor<3x2xf32> {graph.name = "w", graph.role = "parameter"}
// CHECK-SAME:    tensor<2xf32> {graph.name = "scale", graph.role = "buffer"}
// CHECK-SAME:    tensor<2xf32> {graph.name = "b", graph.role = "parameter"}
// CHECK-SAME:    tensor<?x3xf32> {graph.name = "x", graph.role = "input"}
// CHECK-SAME:    tensor<?x2xf32> {graph.name = "label", graph.role = "label"}
// CHECK-SAME:    -> (tensor<f32> {graph.name = "loss", graph.role = "total"}, tensor<f32> {graph.name = "weight", graph.role = "total"}, tensor<f32> {graph.name = "mse", graph.role = "total"})
// CHECK-NOT:     graph.div

// CHECK:       func.func @grad(
// CHECK-SAME:    %[[ACC_W:[a-z0-9]*]]: tensor<3x2xf32> {graph.name = "gradient.w", graph.role = "accumulator"}
// CHECK-SAME:    %[[ACC_B:[a-z0-9]*]]: tensor<2xf32> {graph.name = "gradient.b", graph.role = "accumulator"}
// CHECK-SAME:    {graph.name = "total.loss", graph.role = "accumulator"}
// CHECK-SAME:    {graph.name = "total.weight", graph.role = "accumulator"}
// CHECK-SAME:    {graph.name = "total.mse", graph.role = "accumulator"}
// CHECK-SAME:    -> (tensor<3x2xf32> {graph.name = "gradient.w", graph.role = "accumulator"}, tensor<2xf32> {graph.name = "gradient.b", graph.role = "accumulator"}
// CHECK-NOT:     gradient.scale
// CHECK-DAG:     %[[W:.*]] = graph.add %[[ACC_W]], %{{.*}} : tensor<3x2xf32>
// CHECK-DAG:     %[[B:.*]] = graph.add %[[ACC_B]], %{{.*}} : tensor<2xf32>
// CHECK:         return %[[W]], %[[B]]

// The loss's mean is formed here, and one flag guards all state except the count of iterations.
// CHECK:       func.func @apply(
// CHECK-SAME:    {graph.name = "w", graph.role = "parameter"}
// CHECK-SAME:    {graph.name = "b", graph.role = "parameter"}
// CHECK-SAME:    {graph.name = "optimizer.exp_avg.w", graph.role = "slot"}
// CHECK-SAME:    {graph.name = "optimizer.exp_avg.b", graph.role = "slot"}
// CHECK-SAME:    {graph.name = "optimizer.exp_avg_sq.w", graph.role = "slot"}
// CHECK-SAME:    {graph.name = "optimizer.exp_avg_sq.b", graph.role = "slot"}
// CHECK-SAME:    tensor<i64> {graph.name = "training.step", graph.role = "counter"}
// CHECK-SAME:    tensor<i64> {graph.name = "training.iteration", graph.role = "counter"}
// CHECK-SAME:    {graph.name = "gradient.w", graph.role = "accumulator"}
// CHECK-SAME:    -> (tensor<3x2xf32> {graph.name = "w", graph.role = "parameter"}, tensor<2xf32> {graph.name = "b", graph.role = "parameter"}
// CHECK-SAME:    tensor<f32> {graph.name = "loss", graph.role = "metric"}, tensor<f32> {graph.name = "learning_rate", graph.role = "metric"}, tensor<f32> {graph.name = "gradient_norm", graph.role = "metric"}, tensor<f32> {graph.name = "finite", graph.role = "metric"}, tensor<f32> {graph.name = "mse", graph.role = "metric"})
// CHECK-DAG:     graph.is_finite
// CHECK-DAG:     graph.and
// CHECK-COUNT-7: graph.select
// CHECK-NOT:     graph.select
// CHECK:         return

// State, inputs, label; the accumulators are gone, and so are the additions to them. The gradients' are overwritten.
// CHECK:       func.func @step(
// CHECK-SAME:    {graph.name = "scale", graph.role = "buffer"}
// CHECK-SAME:    {graph.name = "optimizer.exp_avg.w", graph.role = "slot"}
// CHECK-SAME:    {graph.name = "training.iteration", graph.role = "counter"}
// CHECK-SAME:    {graph.name = "x", graph.role = "input"}
// CHECK-SAME:    {graph.name = "label", graph.role = "label"}
// CHECK-SAME:    -> (
// CHECK-NOT:     accumulator
// CHECK-NOT:     {graph.name = "scale"
// CHECK-SAME:    {graph.name = "mse", graph.role = "metric"}, tensor<3x2xf32> {graph.name = "gradient.w", graph.role = "accumulator"}, tensor<2xf32> {graph.name = "gradient.b", graph.role = "accumulator"})
// CHECK:         return
