// RUN: glyptic-opt %s -split-input-file -verify-diagnostics

// Nothing broadcasts by itself.
func.func @implicit_broadcast(%c: tensor<1xi1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{requires operands and result of one shape, but has 'tensor<1xi1>' beside 'tensor<4xf32>'; broadcast explicitly}}
  %0 = graph.select %c, %x, %x : tensor<1xi1>, tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// A batch is a size of its own: it is never assumed to equal a number, nor a multiple of itself.
func.func @batch_is_not_four(%x: tensor<?xf32>) -> tensor<4xi32> {
  // expected-error @+1 {{requires operands and result of one shape}}
  %0 = graph.convert %x : (tensor<?xf32>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}

// -----

func.func @batch_is_not_twice_the_batch(%x: tensor<?xf32>) -> tensor<?xi32, #graph.batch<2>> {
  // expected-error @+1 {{requires operands and result of one shape}}
  %0 = graph.convert %x : (tensor<?xf32>) -> tensor<?xi32, #graph.batch<2>>
  return %0 : tensor<?xi32, #graph.batch<2>>
}

// -----

func.func @no_arithmetic_on_booleans(%x: tensor<4xi1>) -> tensor<4xi1> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point or 8-bit signless integer}}
  %0 = graph.add %x, %x : tensor<4xi1>
  return %0 : tensor<4xi1>
}

// -----

func.func @no_root_of_integers(%x: tensor<4xi32>) -> tensor<4xi32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values}}
  %0 = graph.sqrt %x : tensor<4xi32>
  return %0 : tensor<4xi32>
}
