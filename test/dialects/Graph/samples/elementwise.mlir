// Samples of elementwise ops: one function is one instance of the op it is named after (up to the first double
// underscore). Float arguments take random values in [sample.low, sample.high], by default [-2, 2]; integers and booleans
// whole numbers in that range. The batch is 3.

func.func @neg(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.neg %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @abs(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.abs %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @sign(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.sign %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @floor(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.floor %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @ceil(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.ceil %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @exp(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.exp %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @log(%x: tensor<?x5xf32> {sample.low = 0.5, sample.high = 3.0}) -> tensor<?x5xf32> {
  %r = graph.log %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @log1p(%x: tensor<?x5xf32> {sample.low = -0.5, sample.high = 3.0}) -> tensor<?x5xf32> {
  %r = graph.log1p %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @sqrt(%x: tensor<?x5xf32> {sample.low = 0.5, sample.high = 3.0}) -> tensor<?x5xf32> {
  %r = graph.sqrt %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @rsqrt(%x: tensor<?x5xf32> {sample.low = 0.5, sample.high = 3.0}) -> tensor<?x5xf32> {
  %r = graph.rsqrt %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @tanh(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.tanh %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @erf(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.erf %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @sin(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.sin %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @cos(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.cos %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @logistic(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.logistic %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @silu(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.silu %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @hard_swish(%x: tensor<?x5xf32> {sample.low = -5.0, sample.high = 5.0}) -> tensor<?x5xf32> {
  %r = graph.hard_swish %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @relu(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.relu %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @neg__scalar(%x: tensor<f32>) -> tensor<f32> {
  %r = graph.neg %x : tensor<f32>
  return %r : tensor<f32>
}

func.func @neg__one(%x: tensor<1x1xf64>) -> tensor<1x1xf64> {
  %r = graph.neg %x : tensor<1x1xf64>
  return %r : tensor<1x1xf64>
}

func.func @neg__empty(%x: tensor<?x0xf32>) -> tensor<?x0xf32> {
  %r = graph.neg %x : tensor<?x0xf32>
  return %r : tensor<?x0xf32>
}

func.func @neg__scaled_batch(%x: tensor<7x?xf32, #graph.batch<4>>) -> tensor<7x?xf32, #graph.batch<4>> {
  %r = graph.neg %x : tensor<7x?xf32, #graph.batch<4>>
  return %r : tensor<7x?xf32, #graph.batch<4>>
}

func.func @exp__scalar(%x: tensor<f32>) -> tensor<f32> {
  %r = graph.exp %x : tensor<f32>
  return %r : tensor<f32>
}

func.func @exp__one(%x: tensor<1x1xf64>) -> tensor<1x1xf64> {
  %r = graph.exp %x : tensor<1x1xf64>
  return %r : tensor<1x1xf64>
}

func.func @exp__empty(%x: tensor<?x0xf32>) -> tensor<?x0xf32> {
  %r = graph.exp %x : tensor<?x0xf32>
  return %r : tensor<?x0xf32>
}

func.func @exp__scaled_batch(%x: tensor<7x?xf32, #graph.batch<4>>) -> tensor<7x?xf32, #graph.batch<4>> {
  %r = graph.exp %x : tensor<7x?xf32, #graph.batch<4>>
  return %r : tensor<7x?xf32, #graph.batch<4>>
}

func.func @relu__scalar(%x: tensor<f32>) -> tensor<f32> {
  %r = graph.relu %x : tensor<f32>
  return %r : tensor<f32>
}

func.func @relu__one(%x: tensor<1x1xf64>) -> tensor<1x1xf64> {
  %r = graph.relu %x : tensor<1x1xf64>
  return %r : tensor<1x1xf64>
}

func.func @relu__empty(%x: tensor<?x0xf32>) -> tensor<?x0xf32> {
  %r = graph.relu %x : tensor<?x0xf32>
  return %r : tensor<?x0xf32>
}

func.func @relu__scaled_batch(%x: tensor<7x?xf32, #graph.batch<4>>) -> tensor<7x?xf32, #graph.batch<4>> {
  %r = graph.relu %x : tensor<7x?xf32, #graph.batch<4>>
  return %r : tensor<7x?xf32, #graph.batch<4>>
}

func.func @neg__i8(%x: tensor<?x5xi8> {sample.low = -9, sample.high = 9}) -> tensor<?x5xi8> {
  %r = graph.neg %x : tensor<?x5xi8>
  return %r : tensor<?x5xi8>
}

func.func @neg__i64(%x: tensor<?x5xi64> {sample.low = -9, sample.high = 9}) -> tensor<?x5xi64> {
  %r = graph.neg %x : tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @abs__i8(%x: tensor<?x5xi8> {sample.low = -9, sample.high = 9}) -> tensor<?x5xi8> {
  %r = graph.abs %x : tensor<?x5xi8>
  return %r : tensor<?x5xi8>
}

func.func @abs__i64(%x: tensor<?x5xi64> {sample.low = -9, sample.high = 9}) -> tensor<?x5xi64> {
  %r = graph.abs %x : tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @sign__i8(%x: tensor<?x5xi8> {sample.low = -9, sample.high = 9}) -> tensor<?x5xi8> {
  %r = graph.sign %x : tensor<?x5xi8>
  return %r : tensor<?x5xi8>
}

func.func @sign__i64(%x: tensor<?x5xi64> {sample.low = -9, sample.high = 9}) -> tensor<?x5xi64> {
  %r = graph.sign %x : tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @add(%x: tensor<?x5xf32>, %y: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.add %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @sub(%x: tensor<?x5xf32>, %y: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.sub %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @mul(%x: tensor<?x5xf32>, %y: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.mul %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @div(%x: tensor<?x5xf32>, %y: tensor<?x5xf32> {sample.low = 0.5, sample.high = 3.0}) -> tensor<?x5xf32> {
  %r = graph.div %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @pow(%x: tensor<?x5xf32> {sample.low = 0.5, sample.high = 3.0}, %y: tensor<?x5xf32> {sample.low = 0.5, sample.high = 3.0}) -> tensor<?x5xf32> {
  %r = graph.pow %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @max(%x: tensor<?x5xf32>, %y: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.max %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @min(%x: tensor<?x5xf32>, %y: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.min %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @add__scalar(%x: tensor<f64>, %y: tensor<f64>) -> tensor<f64> {
  %r = graph.add %x, %y : tensor<f64>
  return %r : tensor<f64>
}

func.func @add__one(%x: tensor<1xf32>, %y: tensor<1xf32>) -> tensor<1xf32> {
  %r = graph.add %x, %y : tensor<1xf32>
  return %r : tensor<1xf32>
}

func.func @add__empty(%x: tensor<0x3xf32>, %y: tensor<0x3xf32>) -> tensor<0x3xf32> {
  %r = graph.add %x, %y : tensor<0x3xf32>
  return %r : tensor<0x3xf32>
}

func.func @add__scaled_batch(%x: tensor<?x2xf32, #graph.batch<3>>, %y: tensor<?x2xf32, #graph.batch<3>>) -> tensor<?x2xf32, #graph.batch<3>> {
  %r = graph.add %x, %y : tensor<?x2xf32, #graph.batch<3>>
  return %r : tensor<?x2xf32, #graph.batch<3>>
}

func.func @max__scalar(%x: tensor<f64>, %y: tensor<f64>) -> tensor<f64> {
  %r = graph.max %x, %y : tensor<f64>
  return %r : tensor<f64>
}

func.func @max__one(%x: tensor<1xf32>, %y: tensor<1xf32>) -> tensor<1xf32> {
  %r = graph.max %x, %y : tensor<1xf32>
  return %r : tensor<1xf32>
}

func.func @max__empty(%x: tensor<0x3xf32>, %y: tensor<0x3xf32>) -> tensor<0x3xf32> {
  %r = graph.max %x, %y : tensor<0x3xf32>
  return %r : tensor<0x3xf32>
}

func.func @max__scaled_batch(%x: tensor<?x2xf32, #graph.batch<3>>, %y: tensor<?x2xf32, #graph.batch<3>>) -> tensor<?x2xf32, #graph.batch<3>> {
  %r = graph.max %x, %y : tensor<?x2xf32, #graph.batch<3>>
  return %r : tensor<?x2xf32, #graph.batch<3>>
}

func.func @mul__same_operand(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.mul %x, %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

// A negative base, at whole exponents.
func.func @pow__negative_base(%x: tensor<4xf32> {sample.low = -2.0, sample.high = -0.5}) -> tensor<4xf32> {
  %y = graph.constant dense<[0.0, 1.0, 2.0, 3.0]> : tensor<4xf32>
  %r = graph.pow %x, %y : tensor<4xf32>
  return %r : tensor<4xf32>
}

func.func @add__i8(%x: tensor<?x5xi8> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi8> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi8> {
  %r = graph.add %x, %y : tensor<?x5xi8>
  return %r : tensor<?x5xi8>
}

func.func @add__i32(%x: tensor<?x5xi32> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi32> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi32> {
  %r = graph.add %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi32>
}

func.func @add__i64(%x: tensor<?x5xi64> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi64> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi64> {
  %r = graph.add %x, %y : tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @sub__i8(%x: tensor<?x5xi8> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi8> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi8> {
  %r = graph.sub %x, %y : tensor<?x5xi8>
  return %r : tensor<?x5xi8>
}

func.func @sub__i32(%x: tensor<?x5xi32> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi32> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi32> {
  %r = graph.sub %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi32>
}

func.func @sub__i64(%x: tensor<?x5xi64> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi64> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi64> {
  %r = graph.sub %x, %y : tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @mul__i8(%x: tensor<?x5xi8> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi8> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi8> {
  %r = graph.mul %x, %y : tensor<?x5xi8>
  return %r : tensor<?x5xi8>
}

func.func @mul__i32(%x: tensor<?x5xi32> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi32> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi32> {
  %r = graph.mul %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi32>
}

func.func @mul__i64(%x: tensor<?x5xi64> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi64> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi64> {
  %r = graph.mul %x, %y : tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @div__i8(%x: tensor<?x5xi8> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi8> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi8> {
  %r = graph.div %x, %y : tensor<?x5xi8>
  return %r : tensor<?x5xi8>
}

func.func @div__i32(%x: tensor<?x5xi32> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi32> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi32> {
  %r = graph.div %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi32>
}

func.func @div__i64(%x: tensor<?x5xi64> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi64> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi64> {
  %r = graph.div %x, %y : tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @max__i8(%x: tensor<?x5xi8> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi8> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi8> {
  %r = graph.max %x, %y : tensor<?x5xi8>
  return %r : tensor<?x5xi8>
}

func.func @max__i32(%x: tensor<?x5xi32> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi32> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi32> {
  %r = graph.max %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi32>
}

func.func @max__i64(%x: tensor<?x5xi64> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi64> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi64> {
  %r = graph.max %x, %y : tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @min__i8(%x: tensor<?x5xi8> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi8> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi8> {
  %r = graph.min %x, %y : tensor<?x5xi8>
  return %r : tensor<?x5xi8>
}

func.func @min__i32(%x: tensor<?x5xi32> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi32> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi32> {
  %r = graph.min %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi32>
}

func.func @min__i64(%x: tensor<?x5xi64> {sample.low = -128, sample.high = 127}, %y: tensor<?x5xi64> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi64> {
  %r = graph.min %x, %y : tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @and(%x: tensor<?x5xi1> {sample.low = 0, sample.high = 1}, %y: tensor<?x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<?x5xi1> {
  %r = graph.and %x, %y : tensor<?x5xi1>
  return %r : tensor<?x5xi1>
}

func.func @or(%x: tensor<?x5xi1> {sample.low = 0, sample.high = 1}, %y: tensor<?x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<?x5xi1> {
  %r = graph.or %x, %y : tensor<?x5xi1>
  return %r : tensor<?x5xi1>
}

func.func @not(%x: tensor<?x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<?x5xi1> {
  %r = graph.not %x : tensor<?x5xi1>
  return %r : tensor<?x5xi1>
}

func.func @compare__eq(%x: tensor<?x5xf32>, %y: tensor<?x5xf32>) -> tensor<?x5xi1> {
  %r = graph.compare eq %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xi1>
}

func.func @compare__eq_i32(%x: tensor<?x5xi32> {sample.low = -2, sample.high = 2}, %y: tensor<?x5xi32> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi1> {
  %r = graph.compare eq %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi1>
}

func.func @compare__eq_i1(%x: tensor<?x5xi1> {sample.low = 0, sample.high = 1}, %y: tensor<?x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<?x5xi1> {
  %r = graph.compare eq %x, %y : tensor<?x5xi1>
  return %r : tensor<?x5xi1>
}

func.func @compare__ne(%x: tensor<?x5xf32>, %y: tensor<?x5xf32>) -> tensor<?x5xi1> {
  %r = graph.compare ne %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xi1>
}

func.func @compare__ne_i32(%x: tensor<?x5xi32> {sample.low = -2, sample.high = 2}, %y: tensor<?x5xi32> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi1> {
  %r = graph.compare ne %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi1>
}

func.func @compare__ne_i1(%x: tensor<?x5xi1> {sample.low = 0, sample.high = 1}, %y: tensor<?x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<?x5xi1> {
  %r = graph.compare ne %x, %y : tensor<?x5xi1>
  return %r : tensor<?x5xi1>
}

func.func @compare__lt(%x: tensor<?x5xf32>, %y: tensor<?x5xf32>) -> tensor<?x5xi1> {
  %r = graph.compare lt %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xi1>
}

func.func @compare__lt_i32(%x: tensor<?x5xi32> {sample.low = -2, sample.high = 2}, %y: tensor<?x5xi32> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi1> {
  %r = graph.compare lt %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi1>
}

func.func @compare__lt_i1(%x: tensor<?x5xi1> {sample.low = 0, sample.high = 1}, %y: tensor<?x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<?x5xi1> {
  %r = graph.compare lt %x, %y : tensor<?x5xi1>
  return %r : tensor<?x5xi1>
}

func.func @compare__le(%x: tensor<?x5xf32>, %y: tensor<?x5xf32>) -> tensor<?x5xi1> {
  %r = graph.compare le %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xi1>
}

func.func @compare__le_i32(%x: tensor<?x5xi32> {sample.low = -2, sample.high = 2}, %y: tensor<?x5xi32> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi1> {
  %r = graph.compare le %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi1>
}

func.func @compare__le_i1(%x: tensor<?x5xi1> {sample.low = 0, sample.high = 1}, %y: tensor<?x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<?x5xi1> {
  %r = graph.compare le %x, %y : tensor<?x5xi1>
  return %r : tensor<?x5xi1>
}

func.func @compare__gt(%x: tensor<?x5xf32>, %y: tensor<?x5xf32>) -> tensor<?x5xi1> {
  %r = graph.compare gt %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xi1>
}

func.func @compare__gt_i32(%x: tensor<?x5xi32> {sample.low = -2, sample.high = 2}, %y: tensor<?x5xi32> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi1> {
  %r = graph.compare gt %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi1>
}

func.func @compare__gt_i1(%x: tensor<?x5xi1> {sample.low = 0, sample.high = 1}, %y: tensor<?x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<?x5xi1> {
  %r = graph.compare gt %x, %y : tensor<?x5xi1>
  return %r : tensor<?x5xi1>
}

func.func @compare__ge(%x: tensor<?x5xf32>, %y: tensor<?x5xf32>) -> tensor<?x5xi1> {
  %r = graph.compare ge %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xi1>
}

func.func @compare__ge_i32(%x: tensor<?x5xi32> {sample.low = -2, sample.high = 2}, %y: tensor<?x5xi32> {sample.low = -2, sample.high = 2}) -> tensor<?x5xi1> {
  %r = graph.compare ge %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi1>
}

func.func @compare__ge_i1(%x: tensor<?x5xi1> {sample.low = 0, sample.high = 1}, %y: tensor<?x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<?x5xi1> {
  %r = graph.compare ge %x, %y : tensor<?x5xi1>
  return %r : tensor<?x5xi1>
}

func.func @select(%c: tensor<?x5xi1> {sample.low = 0, sample.high = 1}, %x: tensor<?x5xf32>, %y: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.select %c, %x, %y : tensor<?x5xi1>, tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @select__scalar(%c: tensor<i1> {sample.low = 0, sample.high = 1}, %x: tensor<f32>, %y: tensor<f32>) -> tensor<f32> {
  %r = graph.select %c, %x, %y : tensor<i1>, tensor<f32>
  return %r : tensor<f32>
}

func.func @select__empty(%c: tensor<?x0xi1> {sample.low = 0, sample.high = 1}, %x: tensor<?x0xf32>, %y: tensor<?x0xf32>) -> tensor<?x0xf32> {
  %r = graph.select %c, %x, %y : tensor<?x0xi1>, tensor<?x0xf32>
  return %r : tensor<?x0xf32>
}

func.func @select__i64(%c: tensor<?x5xi1> {sample.low = 0, sample.high = 1}, %x: tensor<?x5xi64> {sample.low = -9, sample.high = 9}, %y: tensor<?x5xi64> {sample.low = -9, sample.high = 9}) -> tensor<?x5xi64> {
  %r = graph.select %c, %x, %y : tensor<?x5xi1>, tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @convert__f32_f64(%x: tensor<?x5xf32>) -> tensor<?x5xf64> {
  %r = graph.convert %x : (tensor<?x5xf32>) -> tensor<?x5xf64>
  return %r : tensor<?x5xf64>
}

func.func @convert__f64_f32(%x: tensor<?x5xf64>) -> tensor<?x5xf32> {
  %r = graph.convert %x : (tensor<?x5xf64>) -> tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @convert__f32_f16(%x: tensor<?x5xf32>) -> tensor<?x5xf16> {
  %r = graph.convert %x : (tensor<?x5xf32>) -> tensor<?x5xf16>
  return %r : tensor<?x5xf16>
}

func.func @convert__f16_bf16(%x: tensor<?x5xf16>) -> tensor<?x5xbf16> {
  %r = graph.convert %x : (tensor<?x5xf16>) -> tensor<?x5xbf16>
  return %r : tensor<?x5xbf16>
}

func.func @convert__bf16_f32(%x: tensor<?x5xbf16>) -> tensor<?x5xf32> {
  %r = graph.convert %x : (tensor<?x5xbf16>) -> tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @convert__f32_i32(%x: tensor<?x5xf32>) -> tensor<?x5xi32> {
  %r = graph.convert %x : (tensor<?x5xf32>) -> tensor<?x5xi32>
  return %r : tensor<?x5xi32>
}

func.func @convert__f32_i8(%x: tensor<?x5xf32>) -> tensor<?x5xi8> {
  %r = graph.convert %x : (tensor<?x5xf32>) -> tensor<?x5xi8>
  return %r : tensor<?x5xi8>
}

func.func @convert__f32_i1(%x: tensor<?x5xf32>) -> tensor<?x5xi1> {
  %r = graph.convert %x : (tensor<?x5xf32>) -> tensor<?x5xi1>
  return %r : tensor<?x5xi1>
}

func.func @convert__i32_f32(%x: tensor<?x5xi32> {sample.low = -9, sample.high = 9}) -> tensor<?x5xf32> {
  %r = graph.convert %x : (tensor<?x5xi32>) -> tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @convert__i1_f32(%x: tensor<?x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<?x5xf32> {
  %r = graph.convert %x : (tensor<?x5xi1>) -> tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @convert__i64_i32(%x: tensor<?x5xi64> {sample.low = -9, sample.high = 9}) -> tensor<?x5xi32> {
  %r = graph.convert %x : (tensor<?x5xi64>) -> tensor<?x5xi32>
  return %r : tensor<?x5xi32>
}

func.func @convert__i8_i64(%x: tensor<?x5xi8> {sample.low = -9, sample.high = 9}) -> tensor<?x5xi64> {
  %r = graph.convert %x : (tensor<?x5xi8>) -> tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @convert__i32_i1(%x: tensor<?x5xi32> {sample.low = -1, sample.high = 1}) -> tensor<?x5xi1> {
  %r = graph.convert %x : (tensor<?x5xi32>) -> tensor<?x5xi1>
  return %r : tensor<?x5xi1>
}

func.func @convert__i1_i64(%x: tensor<?x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<?x5xi64> {
  %r = graph.convert %x : (tensor<?x5xi1>) -> tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @is_finite(%x: tensor<?x5xf32>) -> tensor<?x5xi1> {
  %r = graph.is_finite %x : tensor<?x5xf32>
  return %r : tensor<?x5xi1>
}

func.func @round(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.round %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @tan(%x: tensor<?x5xf32> {sample.low = -1.2, sample.high = 1.2}) -> tensor<?x5xf32> {
  %r = graph.tan %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @asin(%x: tensor<?x5xf32> {sample.low = -0.9, sample.high = 0.9}) -> tensor<?x5xf32> {
  %r = graph.asin %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @acos(%x: tensor<?x5xf32> {sample.low = -0.9, sample.high = 0.9}) -> tensor<?x5xf32> {
  %r = graph.acos %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @atan(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.atan %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @sinh(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.sinh %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @cosh(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.cosh %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @asinh(%x: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %r = graph.asinh %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @acosh(%x: tensor<?x5xf32> {sample.low = 1.2, sample.high = 3.0}) -> tensor<?x5xf32> {
  %r = graph.acosh %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @atanh(%x: tensor<?x5xf32> {sample.low = -0.9, sample.high = 0.9}) -> tensor<?x5xf32> {
  %r = graph.atanh %x : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @xor(%x: tensor<?x5xi1>, %y: tensor<?x5xi1>) -> tensor<?x5xi1> {
  %r = graph.xor %x, %y : tensor<?x5xi1>
  return %r : tensor<?x5xi1>
}

func.func @and__bits(%x: tensor<?x5xi32> {sample.low = -100, sample.high = 100}, %y: tensor<?x5xi32> {sample.low = -9, sample.high = 9}) -> tensor<?x5xi32> {
  %r = graph.and %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi32>
}

func.func @or__bits(%x: tensor<?x5xi32> {sample.low = -100, sample.high = 100}, %y: tensor<?x5xi32> {sample.low = -9, sample.high = 9}) -> tensor<?x5xi32> {
  %r = graph.or %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi32>
}

func.func @xor__bits(%x: tensor<?x5xi64> {sample.low = -100, sample.high = 100}, %y: tensor<?x5xi64> {sample.low = -9, sample.high = 9}) -> tensor<?x5xi64> {
  %r = graph.xor %x, %y : tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @shift_left(%x: tensor<?x5xi32> {sample.low = -100, sample.high = 100}, %y: tensor<?x5xi32> {sample.low = -3, sample.high = 40}) -> tensor<?x5xi32> {
  %r = graph.shift_left %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi32>
}

func.func @shift_right(%x: tensor<?x5xi8> {sample.low = -100, sample.high = 100}, %y: tensor<?x5xi8> {sample.low = -3, sample.high = 40}) -> tensor<?x5xi8> {
  %r = graph.shift_right %x, %y : tensor<?x5xi8>
  return %r : tensor<?x5xi8>
}

func.func @shift_right__wide(%x: tensor<?x5xi64> {sample.low = -100, sample.high = 100}, %y: tensor<?x5xi64> {sample.low = -3, sample.high = 70}) -> tensor<?x5xi64> {
  %r = graph.shift_right %x, %y : tensor<?x5xi64>
  return %r : tensor<?x5xi64>
}

func.func @convert__from_unsigned(%x: tensor<?x5xui8> {sample.low = 0, sample.high = 255}) -> tensor<?x5xi32> {
  %r = graph.convert %x : (tensor<?x5xui8>) -> tensor<?x5xi32>
  return %r : tensor<?x5xi32>
}

func.func @convert__to_unsigned(%x: tensor<?x37xi32> {sample.low = -70000, sample.high = 70000}) -> tensor<?x37xui16> {
  %r = graph.convert %x : (tensor<?x37xi32>) -> tensor<?x37xui16>
  return %r : tensor<?x37xui16>
}

func.func @rem(%x: tensor<?x5xf32> {sample.low = -9.0, sample.high = 9.0},
               %y: tensor<?x5xf32> {sample.low = 1.5, sample.high = 2.0}) -> tensor<?x5xf32> {
  %r = graph.rem %x, %y : tensor<?x5xf32>
  return %r : tensor<?x5xf32>
}

func.func @rem__integers(%x: tensor<?x5xi32> {sample.low = -9, sample.high = 9},
                         %y: tensor<?x5xi32> {sample.low = -3, sample.high = 3}) -> tensor<?x5xi32> {
  %r = graph.rem %x, %y : tensor<?x5xi32>
  return %r : tensor<?x5xi32>
}
