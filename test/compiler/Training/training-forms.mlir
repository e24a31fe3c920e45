// RUN: glyptic-opt %s -graph-training="loss=mse optimizer=sgd" -canonicalize -cse | FileCheck %s
// RUN: glyptic-opt %s -graph-training="loss=mse optimizer=sgd freeze=norm.mean" -canonicalize -cse | FileCheck %s --check-prefix=FROZEN

func.func @infer(%w: tensor<3x2xf32> {graph.name = "w", graph.role = "parameter"},
                 %s: tensor<2xf32> {graph.name = "norm.scale", graph.role = "parameter"},
                 %b: tensor<2xf32> {graph.name = "norm.bias", graph.role = "parameter"},
                 %m: tensor<2xf32> {graph.name = "norm.mean", graph.role = "buffer"},
                 %v: tensor<2xf32> {graph.name = "norm.variance", graph.role = "buffer"},
                 %x: tensor<?x3xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x2xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.dot_general %x, %w batch = [] x [] contracting = [1] x [0] : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  %1 = graph.batch_norm %0, %s, %b, %m, %v dim = 1 {epsilon = 1.0e-5 : f64, momentum = 0.75 : f64}
    : (tensor<?x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %2, %mask = graph.dropout %1 {ratio = 0.5 : f64} : tensor<?x2xf32>, tensor<?x2xi1>
  %3, %mask2 = graph.dropout %2 {ratio = 0.5 : f64} : tensor<?x2xf32>, tensor<?x2xi1>
  return %3 : tensor<?x2xf32>
}

// Evaluation keeps the model's own form.
// CHECK:       func.func @evaluate(
// CHECK:         graph.batch_norm %
// CHECK:         graph.dropout

// Running statistics are followed from zero, and what random numbers belong to is counted; each dropout has a site of
// its own, and the mask serves the derivative, too.
// CHECK:       func.func @grad(
// CHECK-SAME:    %[[SEED:[a-z0-9]*]]: tensor<i64> {graph.name = "training.seed", graph.role = "counter"}
// CHECK-SAME:    %[[ITERATION:[a-z0-9]*]]: tensor<i64> {graph.name = "training.iteration", graph.role = "counter"}
// CHECK-SAME:    %[[SAMPLES:[a-z0-9]*]]: tensor<i64> {graph.name = "training.samples", graph.role = "accumulator"}
// CHECK-SAME:    %[[MEAN:[a-z0-9]*]]: tensor<2xf32> {graph.name = "training.running.norm.mean", graph.role = "accumulator"}
// CHECK-SAME:    {graph.name = "training.running.norm.variance", graph.role = "accumulator"}
// CHECK-SAME:    tensor<i64> {graph.name = "training.microbatches", graph.role = "accumulator"}
// CHECK:         %{{.*}}, %[[SEEN:.*]], %{{.*}} = graph.batch_norm_training
// CHECK:         graph.random_mask seed = %[[SEED]] iteration = %[[ITERATION]] first = %[[SAMPLES]] site = 0
// CHECK:         graph.random_mask seed = %[[SEED]] iteration = %[[ITERATION]] first = %[[SAMPLES]] site = 1
// CHECK-NOT:     graph.random_mask
// CHECK:         return

// The update of the statistics is committed with everything else.
// CHECK:       func.func @apply(
// CHECK-SAME:    %[[OLD:[a-z0-9]*]]: tensor<2xf32> {graph.name = "norm.mean", graph.role = "buffer"}
// CHECK-SAME:    -> (tensor<3x2xf32> {graph.name = "w"
// CHECK-SAME:    tensor<2xf32> {graph.name = "norm.mean", graph.role = "buffer"}, tensor<2xf32> {graph.name = "norm.variance", graph.role = "buffer"}
// CHECK-NOT:     graph.name = "training.microbatches", graph.role = "metric"
// CHECK:         graph.pow
// CHECK:         graph.select %{{.*}}, %{{.*}}, %[[OLD]]

// One microbatch: nothing is counted, no power is taken.
// CHECK:       func.func @step(
// CHECK-SAME:    %[[RUNNING:[a-z0-9]*]]: tensor<2xf32> {graph.name = "norm.mean", graph.role = "buffer"}
// CHECK-SAME:    {graph.name = "training.seed", graph.role = "counter"}
// CHECK-NOT:     graph.pow
// CHECK:         %[[KEPT:.*]] = graph.mul %[[RUNNING]], %{{.*}} : tensor<2xf32>
// CHECK-NEXT:    graph.add %[[KEPT]], %{{.*}} : tensor<2xf32>
// CHECK:         return

// Frozen statistics normalise in training, too, and stay.
// FROZEN:      func.func @grad(
// FROZEN-NOT:    batch_norm_training
// FROZEN:      func.func @apply(
// FROZEN-NOT:    norm.mean
// FROZEN:      func.func @step(
