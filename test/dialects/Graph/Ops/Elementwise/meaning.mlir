// Values that are easy to get wrong, against numbers written by hand.
// RUN: glyptic-interpret %s --entry=edges --arg='dense<[0xFF800000, -1.0, 0.0, 1.0, 0x7F800000, 0x7FC00000]>' | FileCheck %s --check-prefix=EDGES
// RUN: glyptic-interpret %s --entry=ordered --arg='dense<[1.0, 2.0, 0x7FC00000]>' --arg='dense<[2.0, 2.0, 1.0]>' | FileCheck %s --check-prefix=ORDERED
// RUN: glyptic-interpret %s --entry=integers --arg='dense<[-7, 7, -128, 5]>' --arg='dense<[2, -2, -1, 0]>' | FileCheck %s --check-prefix=INTEGERS
// RUN: glyptic-interpret %s --entry=wide --arg='dense<[9223372036854775807, -9223372036854775808]>' | FileCheck %s --check-prefix=WIDE
// RUN: glyptic-interpret %s --entry=conversions --arg='dense<[-1.9, 0.0, 0.5, 300.0]>' | FileCheck %s --check-prefix=CONVERSIONS

func.func @edges(%x: tensor<6xf32>) -> (tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xi1>) {
  // EDGES: [0, 0, 0, 1, inf, nan]
  %0 = graph.relu %x : tensor<6xf32>
  // EDGES: [-1, -1, 0, 1, 1, nan]
  %1 = graph.sign %x : tensor<6xf32>
  // EDGES: [0, 0.268941432, 0.5, 0.731058598, 1, nan]
  %2 = graph.logistic %x : tensor<6xf32>
  // EDGES: [0, 1, 1, 1, 0, 0]
  %3 = graph.is_finite %x : tensor<6xf32>
  return %0, %1, %2, %3 : tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xi1>
}

func.func @ordered(%x: tensor<3xf32>, %y: tensor<3xf32>)
    -> (tensor<3xf32>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>, tensor<3xi1>) {
  // ORDERED: [2, 2, nan]
  %0 = graph.max %x, %y : tensor<3xf32>
  // ORDERED: [2, 2, nan]
  %1 = graph.max %y, %x : tensor<3xf32>
  // ORDERED: [1, 0, 0]
  %2 = graph.compare lt %x, %y : tensor<3xf32>
  // ORDERED: [0, 1, 0]
  %3 = graph.compare ge %x, %y : tensor<3xf32>
  // ORDERED: [1, 0, 1]
  %4 = graph.compare ne %x, %y : tensor<3xf32>
  return %0, %1, %2, %3, %4 : tensor<3xf32>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>, tensor<3xi1>
}

func.func @integers(%x: tensor<4xi8>, %y: tensor<4xi8>) -> (tensor<4xi8>, tensor<4xi8>, tensor<4xi8>) {
  // Truncation towards 0; -128 / -1 wraps; 5 / 0 is 0.
  // INTEGERS: [-3, -3, -128, 0]
  %0 = graph.div %x, %y : tensor<4xi8>
  // INTEGERS: [-14, -14, -128, 0]
  %1 = graph.mul %x, %y : tensor<4xi8>
  // INTEGERS: [-5, 5, 127, 5]
  %2 = graph.add %x, %y : tensor<4xi8>
  return %0, %1, %2 : tensor<4xi8>, tensor<4xi8>, tensor<4xi8>
}

func.func @wide(%x: tensor<2xi64>) -> (tensor<2xi64>, tensor<2xi64>) {
  // WIDE: [-2, 0]
  %0 = graph.add %x, %x : tensor<2xi64>
  // WIDE: [1, 0]
  %1 = graph.mul %x, %x : tensor<2xi64>
  return %0, %1 : tensor<2xi64>, tensor<2xi64>
}

func.func @conversions(%x: tensor<4xf32>) -> (tensor<4xi32>, tensor<4xi1>) {
  // CONVERSIONS: [-1, 0, 0, 300]
  %0 = graph.convert %x : (tensor<4xf32>) -> tensor<4xi32>
  // CONVERSIONS: [1, 0, 1, 1]
  %1 = graph.convert %x : (tensor<4xf32>) -> tensor<4xi1>
  return %0, %1 : tensor<4xi32>, tensor<4xi1>
}
