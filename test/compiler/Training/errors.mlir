// RUN: glyptic-opt %s -graph-training="loss=cross-entropy" -verify-diagnostics=only-expected -split-input-file -o /dev/null
// RUN: not glyptic-opt %s -graph-training="loss=hinge" 2>&1 | FileCheck %s --check-prefix=LOSS
// RUN: not glyptic-opt %s -graph-training="loss=mse optimizer=lion" 2>&1 | FileCheck %s --check-prefix=OPTIMIZER
// RUN: not glyptic-opt %s -graph-training="loss=mse metric=accuracy" 2>&1 | FileCheck %s --check-prefix=METRIC
// RUN: not glyptic-opt %s -graph-training="loss=mse schedule=cosine" 2>&1 | FileCheck %s --check-prefix=SCHEDULE
// RUN: not glyptic-opt %s -graph-training="loss=mse output=z" 2>&1 | FileCheck %s --check-prefix=OUTPUT
// RUN: not glyptic-opt %s -graph-training="loss=mse label=x" 2>&1 | FileCheck %s --check-prefix=LABEL
// RUN: not glyptic-opt %s -graph-training="loss=mse freeze=v" 2>&1 | FileCheck %s --check-prefix=GLOB
// RUN: not glyptic-opt %s -graph-training="loss=mse freeze=w" 2>&1 | FileCheck %s --check-prefix=NOTHING

// LOSS: error: unknown loss 'hinge'; known are cross-entropy, nll, bce, bce-logits, mse, l1, huber
// OPTIMIZER: error: unknown optimizer 'lion'; known are sgd, momentum, nesterov, adam, adamw
// METRIC: error: metric 'accuracy' does not fit loss 'mse'
// SCHEDULE: error: schedule 'cosine' needs its end; give --steps or --epochs
// OUTPUT: error: the model has no output 'z'; its outputs are 'y'
// LABEL: error: the label is named 'x', as input of the model is; name another array with --label
// GLOB: error: --freeze 'v' matches no parameter of the model
// NOTHING: error: there is nothing to train
// expected-error @+1 {{loss 'cross-entropy' needs scores of two or more classes, such as an output [batch, 10] for labels [batch]; output 'y' has shape [batch, 1]}}
func.func @infer(%w: tensor<1xf32> {graph.name = "w", graph.role = "parameter"},
                 %x: tensor<?x1xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x1xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.broadcast %w dims = [1] : (tensor<1xf32>) -> tensor<?x1xf32>
  %1 = graph.mul %x, %0 : tensor<?x1xf32>
  return %1 : tensor<?x1xf32>
}
