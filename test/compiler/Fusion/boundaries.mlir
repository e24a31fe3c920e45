// RUN: glyptic-opt %s -split-input-file -graph-fusion | FileCheck %s
// RUN: glyptic-opt %s -split-input-file -graph-fusion -graph-generate-kernels -graph-plan=max-batch=4 | FileCheck %s --check-prefix=PLAN

// Why kernels are not fewer: `apart` names for each input of a region the rule that kept what makes it out. An argument
// has no rule, and what a library makes has none either. The plan says it of instructions (counted from 0), with the
// bytes that pass between the two and words for people: what `glyptic inspect` shows.

// A sum over all rows is known only after the last of them, so its root is a second kernel.
// CHECK-LABEL: func @total
// CHECK:       %[[SUM:.*]] = graph.region "column"(%{{.*}}) {
// CHECK:       graph.region "pointwise"(%[[SUM]]) attributes {apart = ["columns-end"]}
// PLAN-LABEL:  plan.entry @total
// PLAN:        plan.launch
// PLAN-NOT:    apart
// PLAN:        plan.launch {{.*}} {apart = [#plan.boundary<0 : <4>, "a reduction over rows is complete only after the whole kernel">]}
func.func @total(%x: tensor<?xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<f32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.mul %x, %x : tensor<?xf32>
  %1 = graph.reduce sum %0 dims = [0] : (tensor<?xf32>) -> tensor<f32>
  %2 = graph.sqrt %1 : tensor<f32>
  return %2 : tensor<f32>
}

// -----

// The sum needs the exponential in memory, where the product has it, and the product besides: one kernel for both would
// have to begin before the library call and end after it. The call is instruction 1, so the sum's kernel is 2.
// CHECK-LABEL: func @around
// CHECK:       %[[EXP:.*]] = graph.region "pointwise"(%{{.*}}) {
// CHECK:       %[[DOT:.*]] = graph.dot_general
// CHECK:       graph.region "pointwise"(%[[EXP]], %[[DOT]]) attributes {apart = ["no-way-around", ""]}
// PLAN-LABEL:  plan.entry @around
// PLAN:        plan.launch
// PLAN:        plan.library_call
// PLAN:        plan.launch {{.*}} {apart = [#plan.boundary<0 : <256>, "another instruction needs the one and feeds the other">]}
func.func @around(%x: tensor<8x8xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<8x8xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.exp %x : tensor<8x8xf32>
  %1 = graph.dot_general %0, %x batch = [] x [] contracting = [1] x [0] : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %2 = graph.add %0, %1 : tensor<8x8xf32>
  return %2 : tensor<8x8xf32>
}

// -----

// Loops over rows of 6 and over rows of 4 are two loops. What passes grows with the batch.
// CHECK-LABEL: func @reshaped
// CHECK:       %[[ROWS:.*]] = graph.region "row"(%{{.*}}) {
// CHECK:       %[[VIEW:.*]] = graph.reshape %[[ROWS]]
// CHECK:       graph.region "row"(%[[VIEW]]) attributes {apart = ["one-shape"]}
// PLAN-LABEL:  plan.entry @reshaped
// PLAN:        plan.launch {{.*}} {apart = [#plan.boundary<0 : <0 + 96 * batch>, "a reshape between them changes the loops">]}
func.func @reshaped(%x: tensor<?x4x6xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<?x6xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.reduce sum %x dims = [2] : (tensor<?x4x6xf32>) -> tensor<?x4xf32>
  %1 = graph.broadcast %0 dims = [0, 1] : (tensor<?x4xf32>) -> tensor<?x4x6xf32>
  %2 = graph.sub %x, %1 : tensor<?x4x6xf32>
  %3 = graph.reshape %2 : (tensor<?x4x6xf32>) -> tensor<?x6x4xf32>
  %4 = graph.reduce max %3 dims = [2] : (tensor<?x6x4xf32>) -> tensor<?x6xf32>
  return %4 : tensor<?x6xf32>
}

// -----

// Two results of one kernel, read by one other: one boundary, with the bytes of both.
// CHECK-LABEL: func @both
// CHECK:       %[[SUMS:.*]]:2 = graph.region "column"
// CHECK:       graph.region "pointwise"(%[[SUMS]]#0, %[[SUMS]]#1) attributes {apart = ["columns-end", "columns-end"]}
// PLAN-LABEL:  plan.entry @both
// PLAN:        plan.launch {{.*}} {apart = [#plan.boundary<0 : <128>, "a reduction over rows is complete only after the whole kernel">]}
func.func @both(%x: tensor<?x16xf32> {graph.name = "x", graph.role = "input"})
    -> (tensor<16xf32> {graph.name = "y", graph.role = "output"}) {
  %0 = graph.reduce sum %x dims = [0] : (tensor<?x16xf32>) -> tensor<16xf32>
  %1 = graph.mul %x, %x : tensor<?x16xf32>
  %2 = graph.reduce sum %1 dims = [0] : (tensor<?x16xf32>) -> tensor<16xf32>
  %3 = graph.div %0, %2 : tensor<16xf32>
  return %3 : tensor<16xf32>
}
