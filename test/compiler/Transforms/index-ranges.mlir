// RUN: glyptic-opt %s -graph-index-ranges | FileCheck %s

// Tokens index a table of 50 rows, from either end; through a view and a wider type as well.
// CHECK-LABEL: func.func @infer
// CHECK-SAME: %{{.*}}: tensor<?x8xi32> {graph.name = "tokens", graph.range = array<i64: -50, 50>, graph.role = "input"}
func.func @infer(%table: tensor<50x4xf32> {graph.name = "w", graph.role = "parameter"},
                 %tokens: tensor<?x8xi32> {graph.name = "tokens", graph.role = "input"})
    -> (tensor<?x4xf32, #graph.batch<8>> {graph.name = "y", graph.role = "output"}) {
  %flat = graph.reshape %tokens : (tensor<?x8xi32>) -> tensor<?xi32, #graph.batch<8>>
  %wide = graph.convert %flat : (tensor<?xi32, #graph.batch<8>>) -> tensor<?xi64, #graph.batch<8>>
  %y = graph.gather %table, %wide dim = 0 : (tensor<50x4xf32>, tensor<?xi64, #graph.batch<8>>) -> tensor<?x4xf32, #graph.batch<8>>
  return %y : tensor<?x4xf32, #graph.batch<8>>
}

// CHECK-LABEL: func.func @evaluate
// CHECK-SAME: {graph.ignored = -100 : i64, graph.name = "label", graph.range = array<i64: 0, 10>, graph.role = "label"}
func.func @evaluate(%x: tensor<?x10xf32> {graph.name = "x", graph.role = "input"},
                    %label: tensor<?xi64> {graph.name = "label", graph.role = "label"})
    -> (tensor<?xf32> {graph.name = "loss", graph.role = "total"}) {
  %y = graph.cross_entropy %x, %label dim = 1 {ignore_index = -100 : i64, label_smoothing = 0.0 : f64}
    : (tensor<?x10xf32>, tensor<?xi64>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// Two tables, the smaller decides; a value that only one use ignores is not allowed; what indexes nothing is free.
// CHECK-LABEL: func.func @both
// CHECK-SAME: {graph.name = "i", graph.range = array<i64: 0, 5>, graph.role = "input"}
// CHECK-SAME: {graph.name = "n", graph.role = "input"}
func.func @both(%x: tensor<?x10xf32> {graph.name = "x", graph.role = "input"},
                %table: tensor<5x4xf32> {graph.name = "w", graph.role = "parameter"},
                %i: tensor<?xi64> {graph.name = "i", graph.role = "input"},
                %n: tensor<?xi64> {graph.name = "n", graph.role = "input"})
    -> (tensor<?xf32> {graph.name = "a", graph.role = "output"}, tensor<?x4xf32> {graph.name = "b", graph.role = "output"},
        tensor<?xi64> {graph.name = "c", graph.role = "output"}) {
  %a = graph.cross_entropy %x, %i dim = 1 {ignore_index = -100 : i64, label_smoothing = 0.0 : f64}
    : (tensor<?x10xf32>, tensor<?xi64>) -> tensor<?xf32>
  %b = graph.gather %table, %i dim = 0 : (tensor<5x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %c = graph.neg %n : tensor<?xi64>
  return %a, %b, %c : tensor<?xf32>, tensor<?x4xf32>, tensor<?xi64>
}

// A column of each table: what one may be, another may not, so the input may be what any of them may.
// CHECK-LABEL: func.func @columns
// CHECK-SAME: {graph.name = "x", graph.range = array<i64: -7, 7>, graph.role = "input"}
func.func @columns(%a: tensor<5x4xf32> {graph.name = "a", graph.role = "parameter"},
                   %b: tensor<7x4xf32> {graph.name = "b", graph.role = "parameter"},
                   %x: tensor<?x2xi64> {graph.name = "x", graph.role = "input"}) -> (tensor<?x1x4xf32>, tensor<?x1x4xf32>) {
  %0 = graph.slice %x starts = [0, 0] strides = [1, 1] : (tensor<?x2xi64>) -> tensor<?x1xi64>
  %1 = graph.slice %x starts = [0, 1] strides = [1, 1] : (tensor<?x2xi64>) -> tensor<?x1xi64>
  %2 = graph.gather %a, %0 dim = 0 : (tensor<5x4xf32>, tensor<?x1xi64>) -> tensor<?x1x4xf32>
  %3 = graph.gather %b, %1 dim = 0 : (tensor<7x4xf32>, tensor<?x1xi64>) -> tensor<?x1x4xf32>
  return %2, %3 : tensor<?x1x4xf32>, tensor<?x1x4xf32>
}

// A column that is no index may be anything, and so may the input.
// CHECK-LABEL: func.func @one_column
// CHECK-SAME: {graph.name = "x", graph.role = "input"}
func.func @one_column(%a: tensor<5x4xf32> {graph.name = "a", graph.role = "parameter"},
                      %x: tensor<?x2xi64> {graph.name = "x", graph.role = "input"}) -> tensor<?x1x4xf32> {
  %0 = graph.slice %x starts = [0, 0] strides = [1, 1] : (tensor<?x2xi64>) -> tensor<?x1xi64>
  %1 = graph.gather %a, %0 dim = 0 : (tensor<5x4xf32>, tensor<?x1xi64>) -> tensor<?x1x4xf32>
  return %1 : tensor<?x1x4xf32>
}
