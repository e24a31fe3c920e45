// RUN: glyptic-opt %s -pass-pipeline='builtin.module(func.func(graph-structure))' | FileCheck %s

// CHECK: #[[ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>

// The batch enters through one op, which the code generator replaces by the kernel's argument.
// CHECK-LABEL: func @logistic
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32, #graph.batch<128>>
// CHECK: %[[BATCH:.*]] = graph.batch_size : tensor<i64>
// CHECK: %[[SCALAR:.*]] = tensor.extract %[[BATCH]][]
// CHECK: %[[INDEX:.*]] = arith.index_cast %[[SCALAR]]
// CHECK: %[[SIZE:.*]] = arith.muli %[[INDEX]], %{{.*}} : index
// CHECK: tensor.empty(%[[SIZE]]) : tensor<?x4xf32, #graph.batch<128>>
// CHECK: linalg.generic {indexing_maps = [#[[ID]], #[[ID]]], iterator_types = ["parallel", "parallel"]}
// CHECK-SAME: ins(%[[X]]
// CHECK: ^bb0(%[[E:.*]]: f32, %{{.*}}: f32):
// CHECK: %[[NEG:.*]] = arith.negf %[[E]]
// CHECK: %[[EXP:.*]] = math.exp %[[NEG]]
// CHECK: %[[SUM:.*]] = arith.addf %{{.*}}, %[[EXP]]
// CHECK: %[[QUOTIENT:.*]] = arith.divf %{{.*}}, %[[SUM]]
// CHECK: linalg.yield %[[QUOTIENT]]
func.func @logistic(%x: tensor<?x4xf32, #graph.batch<128>>) -> tensor<?x4xf32, #graph.batch<128>> {
  %0 = graph.logistic %x : tensor<?x4xf32, #graph.batch<128>>
  return %0 : tensor<?x4xf32, #graph.batch<128>>
}

// One comparison and one selection; NaN is not less than 0, and stays.
// CHECK-LABEL: func @relu
// CHECK: ^bb0(%[[E:.*]]: f32, %{{.*}}: f32):
// CHECK: %[[ISNEGATIVE:.*]] = arith.cmpf olt, %[[E]], %{{.*}}
// CHECK: arith.select %[[ISNEGATIVE]], %{{.*}}, %[[E]]
func.func @relu(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = graph.relu %x : tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// The element type picks the op: signed integers here, and unsigned order for booleans.
// CHECK-LABEL: func @integers
// CHECK: arith.maxsi
// CHECK: arith.cmpi ult
func.func @integers(%x: tensor<2x4xi32>, %p: tensor<2x4xi1>) -> (tensor<2x4xi32>, tensor<2x4xi1>) {
  %0 = graph.max %x, %x : tensor<2x4xi32>
  %1 = graph.compare lt %p, %p : tensor<2x4xi1>
  return %0, %1 : tensor<2x4xi32>, tensor<2x4xi1>
}
