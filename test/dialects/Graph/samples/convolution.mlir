// Samples of convolutions and pooling; elementwise.mlir says how they are written.

func.func @conv(%x: tensor<?x2x4x5xf32>, %w: tensor<3x2x3x2xf32>) -> tensor<?x3x2x4xf32> {
  %result = graph.conv %x, %w
    {dims = #graph.conv_dims<[0, 1, 2, 3] x [0, 1, 2, 3] -> [0, 1, 2, 3]>, strides = array<i64: 1, 1>,
     pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
     dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<?x2x4x5xf32>, tensor<3x2x3x2xf32>) -> tensor<?x3x2x4xf32>
  return %result : tensor<?x3x2x4xf32>
}

func.func @conv_input_grad(%dy: tensor<?x3x2x4xf32>, %w: tensor<3x2x3x2xf32>) -> tensor<?x2x4x5xf32> {
  %result = graph.conv_input_grad %dy, %w
    {dims = #graph.conv_dims<[0, 1, 2, 3] x [0, 1, 2, 3] -> [0, 1, 2, 3]>, strides = array<i64: 1, 1>,
     pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
     dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<?x3x2x4xf32>, tensor<3x2x3x2xf32>) -> tensor<?x2x4x5xf32>
  return %result : tensor<?x2x4x5xf32>
}

func.func @conv_weight_grad(%x: tensor<?x2x4x5xf32>, %dy: tensor<?x3x2x4xf32>) -> tensor<3x2x3x2xf32> {
  %result = graph.conv_weight_grad %x, %dy
    {dims = #graph.conv_dims<[0, 1, 2, 3] x [0, 1, 2, 3] -> [0, 1, 2, 3]>, strides = array<i64: 1, 1>,
     pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
     dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<?x2x4x5xf32>, tensor<?x3x2x4xf32>) -> tensor<3x2x3x2xf32>
  return %result : tensor<3x2x3x2xf32>
}

func.func @conv__channels_last_padded(%x: tensor<?x4x3x2xf32>, %w: tensor<3x3x3x2xf32>) -> tensor<?x4x3x3xf32> {
  %result = graph.conv %x, %w
    {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 1, 1>,
     pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>,
     dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<?x4x3x2xf32>, tensor<3x3x3x2xf32>) -> tensor<?x4x3x3xf32>
  return %result : tensor<?x4x3x3xf32>
}

func.func @conv_input_grad__channels_last_padded(%dy: tensor<?x4x3x3xf32>,
                                                 %w: tensor<3x3x3x2xf32>)
    -> tensor<?x4x3x2xf32> {
  %result = graph.conv_input_grad %dy, %w
    {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 1, 1>,
     pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>,
     dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<?x4x3x3xf32>, tensor<3x3x3x2xf32>) -> tensor<?x4x3x2xf32>
  return %result : tensor<?x4x3x2xf32>
}

func.func @conv_weight_grad__channels_last_padded(%x: tensor<?x4x3x2xf32>,
                                                  %dy: tensor<?x4x3x3xf32>)
    -> tensor<3x3x3x2xf32> {
  %result = graph.conv_weight_grad %x, %dy
    {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 1, 1>,
     pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>,
     dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<?x4x3x2xf32>, tensor<?x4x3x3xf32>) -> tensor<3x3x3x2xf32>
  return %result : tensor<3x3x3x2xf32>
}

func.func @conv__strided_uneven_pads(%x: tensor<?x5x4x1xf32>, %w: tensor<2x2x3x1xf32>) -> tensor<?x3x3x2xf32> {
  %result = graph.conv %x, %w
    {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 2, 2>,
     pads_low = array<i64: 0, 1>, pads_high = array<i64: 1, 2>,
     dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<?x5x4x1xf32>, tensor<2x2x3x1xf32>) -> tensor<?x3x3x2xf32>
  return %result : tensor<?x3x3x2xf32>
}

func.func @conv_input_grad__strided_uneven_pads(%dy: tensor<?x3x3x2xf32>,
                                                %w: tensor<2x2x3x1xf32>)
    -> tensor<?x5x4x1xf32> {
  %result = graph.conv_input_grad %dy, %w
    {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 2, 2>,
     pads_low = array<i64: 0, 1>, pads_high = array<i64: 1, 2>,
     dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<?x3x3x2xf32>, tensor<2x2x3x1xf32>) -> tensor<?x5x4x1xf32>
  return %result : tensor<?x5x4x1xf32>
}

func.func @conv_weight_grad__strided_uneven_pads(%x: tensor<?x5x4x1xf32>,
                                                 %dy: tensor<?x3x3x2xf32>)
    -> tensor<2x2x3x1xf32> {
  %result = graph.conv_weight_grad %x, %dy
    {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 2, 2>,
     pads_low = array<i64: 0, 1>, pads_high = array<i64: 1, 2>,
     dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<?x5x4x1xf32>, tensor<?x3x3x2xf32>) -> tensor<2x2x3x1xf32>
  return %result : tensor<2x2x3x1xf32>
}

func.func @conv__dilated_strided(%x: tensor<?x7x6x2xf32>, %w: tensor<3x2x3x2xf32>) -> tensor<?x3x4x3xf32> {
  %result = graph.conv %x, %w
    {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 2, 1>,
     pads_low = array<i64: 1, 0>, pads_high = array<i64: 0, 2>,
     dilations = array<i64: 2, 2>, groups = 1 : i64}
    : (tensor<?x7x6x2xf32>, tensor<3x2x3x2xf32>) -> tensor<?x3x4x3xf32>
  return %result : tensor<?x3x4x3xf32>
}

func.func @conv_input_grad__dilated_strided(%dy: tensor<?x3x4x3xf32>, %w: tensor<3x2x3x2xf32>) -> tensor<?x7x6x2xf32> {
  %result = graph.conv_input_grad %dy, %w
    {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 2, 1>,
     pads_low = array<i64: 1, 0>, pads_high = array<i64: 0, 2>,
     dilations = array<i64: 2, 2>, groups = 1 : i64}
    : (tensor<?x3x4x3xf32>, tensor<3x2x3x2xf32>) -> tensor<?x7x6x2xf32>
  return %result : tensor<?x7x6x2xf32>
}

func.func @conv_weight_grad__dilated_strided(%x: tensor<?x7x6x2xf32>, %dy: tensor<?x3x4x3xf32>)
    -> tensor<3x2x3x2xf32> {
  %result = graph.conv_weight_grad %x, %dy
    {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 2, 1>,
     pads_low = array<i64: 1, 0>, pads_high = array<i64: 0, 2>,
     dilations = array<i64: 2, 2>, groups = 1 : i64}
    : (tensor<?x7x6x2xf32>, tensor<?x3x4x3xf32>) -> tensor<3x2x3x2xf32>
  return %result : tensor<3x2x3x2xf32>
}

func.func @conv__dilated_groups(%x: tensor<2x4x6x5xf32>, %w: tensor<4x2x2x2xf32>) -> tensor<2x4x5x2xf32> {
  %result = graph.conv %x, %w
    {dims = #graph.conv_dims<[0, 1, 2, 3] x [0, 1, 2, 3] -> [0, 1, 2, 3]>, strides = array<i64: 1, 2>,
     pads_low = array<i64: 1, 0>, pads_high = array<i64: 0, 1>,
     dilations = array<i64: 2, 3>, groups = 2 : i64}
    : (tensor<2x4x6x5xf32>, tensor<4x2x2x2xf32>) -> tensor<2x4x5x2xf32>
  return %result : tensor<2x4x5x2xf32>
}

func.func @conv_input_grad__dilated_groups(%dy: tensor<2x4x5x2xf32>, %w: tensor<4x2x2x2xf32>) -> tensor<2x4x6x5xf32> {
  %result = graph.conv_input_grad %dy, %w
    {dims = #graph.conv_dims<[0, 1, 2, 3] x [0, 1, 2, 3] -> [0, 1, 2, 3]>, strides = array<i64: 1, 2>,
     pads_low = array<i64: 1, 0>, pads_high = array<i64: 0, 1>,
     dilations = array<i64: 2, 3>, groups = 2 : i64}
    : (tensor<2x4x5x2xf32>, tensor<4x2x2x2xf32>) -> tensor<2x4x6x5xf32>
  return %result : tensor<2x4x6x5xf32>
}

func.func @conv_weight_grad__dilated_groups(%x: tensor<2x4x6x5xf32>, %dy: tensor<2x4x5x2xf32>) -> tensor<4x2x2x2xf32> {
  %result = graph.conv_weight_grad %x, %dy
    {dims = #graph.conv_dims<[0, 1, 2, 3] x [0, 1, 2, 3] -> [0, 1, 2, 3]>, strides = array<i64: 1, 2>,
     pads_low = array<i64: 1, 0>, pads_high = array<i64: 0, 1>,
     dilations = array<i64: 2, 3>, groups = 2 : i64}
    : (tensor<2x4x6x5xf32>, tensor<2x4x5x2xf32>) -> tensor<4x2x2x2xf32>
  return %result : tensor<4x2x2x2xf32>
}

func.func @conv__depthwise_1d(%x: tensor<?x3x5xf32>, %w: tensor<3x1x3xf32>) -> tensor<?x3x5xf32> {
  %result = graph.conv %x, %w
    {dims = #graph.conv_dims<[0, 1, 2] x [0, 1, 2] -> [0, 1, 2]>, strides = array<i64: 1>,
     pads_low = array<i64: 1>, pads_high = array<i64: 1>,
     dilations = array<i64: 1>, groups = 3 : i64}
    : (tensor<?x3x5xf32>, tensor<3x1x3xf32>) -> tensor<?x3x5xf32>
  return %result : tensor<?x3x5xf32>
}

func.func @conv_input_grad__depthwise_1d(%dy: tensor<?x3x5xf32>, %w: tensor<3x1x3xf32>) -> tensor<?x3x5xf32> {
  %result = graph.conv_input_grad %dy, %w
    {dims = #graph.conv_dims<[0, 1, 2] x [0, 1, 2] -> [0, 1, 2]>, strides = array<i64: 1>,
     pads_low = array<i64: 1>, pads_high = array<i64: 1>,
     dilations = array<i64: 1>, groups = 3 : i64}
    : (tensor<?x3x5xf32>, tensor<3x1x3xf32>) -> tensor<?x3x5xf32>
  return %result : tensor<?x3x5xf32>
}

func.func @conv_weight_grad__depthwise_1d(%x: tensor<?x3x5xf32>, %dy: tensor<?x3x5xf32>) -> tensor<3x1x3xf32> {
  %result = graph.conv_weight_grad %x, %dy
    {dims = #graph.conv_dims<[0, 1, 2] x [0, 1, 2] -> [0, 1, 2]>, strides = array<i64: 1>,
     pads_low = array<i64: 1>, pads_high = array<i64: 1>,
     dilations = array<i64: 1>, groups = 3 : i64}
    : (tensor<?x3x5xf32>, tensor<?x3x5xf32>) -> tensor<3x1x3xf32>
  return %result : tensor<3x1x3xf32>
}

func.func @conv__volume(%x: tensor<1x1x3x2x3xf32>, %w: tensor<2x1x2x1x2xf32>) -> tensor<1x2x2x2x2xf32> {
  %result = graph.conv %x, %w
    {dims = #graph.conv_dims<[0, 1, 2, 3, 4] x [0, 1, 2, 3, 4] -> [0, 1, 2, 3, 4]>, strides = array<i64: 1, 1, 2>,
     pads_low = array<i64: 0, 0, 1>, pads_high = array<i64: 0, 0, 0>,
     dilations = array<i64: 1, 1, 1>, groups = 1 : i64}
    : (tensor<1x1x3x2x3xf32>, tensor<2x1x2x1x2xf32>) -> tensor<1x2x2x2x2xf32>
  return %result : tensor<1x2x2x2x2xf32>
}

func.func @conv_input_grad__volume(%dy: tensor<1x2x2x2x2xf32>, %w: tensor<2x1x2x1x2xf32>) -> tensor<1x1x3x2x3xf32> {
  %result = graph.conv_input_grad %dy, %w
    {dims = #graph.conv_dims<[0, 1, 2, 3, 4] x [0, 1, 2, 3, 4] -> [0, 1, 2, 3, 4]>, strides = array<i64: 1, 1, 2>,
     pads_low = array<i64: 0, 0, 1>, pads_high = array<i64: 0, 0, 0>,
     dilations = array<i64: 1, 1, 1>, groups = 1 : i64}
    : (tensor<1x2x2x2x2xf32>, tensor<2x1x2x1x2xf32>) -> tensor<1x1x3x2x3xf32>
  return %result : tensor<1x1x3x2x3xf32>
}

func.func @conv_weight_grad__volume(%x: tensor<1x1x3x2x3xf32>, %dy: tensor<1x2x2x2x2xf32>) -> tensor<2x1x2x1x2xf32> {
  %result = graph.conv_weight_grad %x, %dy
    {dims = #graph.conv_dims<[0, 1, 2, 3, 4] x [0, 1, 2, 3, 4] -> [0, 1, 2, 3, 4]>, strides = array<i64: 1, 1, 2>,
     pads_low = array<i64: 0, 0, 1>, pads_high = array<i64: 0, 0, 0>,
     dilations = array<i64: 1, 1, 1>, groups = 1 : i64}
    : (tensor<1x1x3x2x3xf32>, tensor<1x2x2x2x2xf32>) -> tensor<2x1x2x1x2xf32>
  return %result : tensor<2x1x2x1x2xf32>
}

func.func @conv__point(%x: tensor<?x1x1x2xf32>, %w: tensor<3x1x1x2xf32>) -> tensor<?x1x1x3xf32> {
  %result = graph.conv %x, %w
    {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 1, 1>,
     pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
     dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<?x1x1x2xf32>, tensor<3x1x1x2xf32>) -> tensor<?x1x1x3xf32>
  return %result : tensor<?x1x1x3xf32>
}

func.func @conv_input_grad__point(%dy: tensor<?x1x1x3xf32>, %w: tensor<3x1x1x2xf32>) -> tensor<?x1x1x2xf32> {
  %result = graph.conv_input_grad %dy, %w
    {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 1, 1>,
     pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
     dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<?x1x1x3xf32>, tensor<3x1x1x2xf32>) -> tensor<?x1x1x2xf32>
  return %result : tensor<?x1x1x2xf32>
}

func.func @conv_weight_grad__point(%x: tensor<?x1x1x2xf32>, %dy: tensor<?x1x1x3xf32>) -> tensor<3x1x1x2xf32> {
  %result = graph.conv_weight_grad %x, %dy
    {dims = #graph.conv_dims<[0, 3, 1, 2] x [0, 3, 1, 2] -> [0, 3, 1, 2]>, strides = array<i64: 1, 1>,
     pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>,
     dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<?x1x1x2xf32>, tensor<?x1x1x3xf32>) -> tensor<3x1x1x2xf32>
  return %result : tensor<3x1x1x2xf32>
}

func.func @conv__unused_columns(%x: tensor<1x1x6xf32>, %w: tensor<1x1x2xf32>) -> tensor<1x1x2xf32> {
  %result = graph.conv %x, %w
    {dims = #graph.conv_dims<[0, 1, 2] x [0, 1, 2] -> [0, 1, 2]>, strides = array<i64: 3>,
     pads_low = array<i64: 0>, pads_high = array<i64: 0>,
     dilations = array<i64: 1>, groups = 1 : i64}
    : (tensor<1x1x6xf32>, tensor<1x1x2xf32>) -> tensor<1x1x2xf32>
  return %result : tensor<1x1x2xf32>
}

func.func @conv_input_grad__unused_columns(%dy: tensor<1x1x2xf32>, %w: tensor<1x1x2xf32>) -> tensor<1x1x6xf32> {
  %result = graph.conv_input_grad %dy, %w
    {dims = #graph.conv_dims<[0, 1, 2] x [0, 1, 2] -> [0, 1, 2]>, strides = array<i64: 3>,
     pads_low = array<i64: 0>, pads_high = array<i64: 0>,
     dilations = array<i64: 1>, groups = 1 : i64}
    : (tensor<1x1x2xf32>, tensor<1x1x2xf32>) -> tensor<1x1x6xf32>
  return %result : tensor<1x1x6xf32>
}

func.func @conv_weight_grad__unused_columns(%x: tensor<1x1x6xf32>, %dy: tensor<1x1x2xf32>) -> tensor<1x1x2xf32> {
  %result = graph.conv_weight_grad %x, %dy
    {dims = #graph.conv_dims<[0, 1, 2] x [0, 1, 2] -> [0, 1, 2]>, strides = array<i64: 3>,
     pads_low = array<i64: 0>, pads_high = array<i64: 0>,
     dilations = array<i64: 1>, groups = 1 : i64}
    : (tensor<1x1x6xf32>, tensor<1x1x2xf32>) -> tensor<1x1x2xf32>
  return %result : tensor<1x1x2xf32>
}

func.func @pool(%x: tensor<?x4x5x2xf32>) -> tensor<?x2x2x2xf32> {
  %result = graph.pool %x
    {kind = #graph.pool<max>, window = array<i64: 1, 2, 2, 1>, strides = array<i64: 1, 2, 2, 1>,
     pads_low = array<i64: 0, 0, 0, 0>, pads_high = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1, 1>}
    : (tensor<?x4x5x2xf32>) -> tensor<?x2x2x2xf32>
  return %result : tensor<?x2x2x2xf32>
}

func.func @pool_grad(%x: tensor<?x4x5x2xf32>, %dy: tensor<?x2x2x2xf32>) -> tensor<?x4x5x2xf32> {
  %result = graph.pool_grad %x, %dy
    {kind = #graph.pool<max>, window = array<i64: 1, 2, 2, 1>, strides = array<i64: 1, 2, 2, 1>,
     pads_low = array<i64: 0, 0, 0, 0>, pads_high = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1, 1>}
    : (tensor<?x4x5x2xf32>, tensor<?x2x2x2xf32>) -> tensor<?x4x5x2xf32>
  return %result : tensor<?x4x5x2xf32>
}

func.func @pool__max_overlapping(%x: tensor<2x2x5x4xf32>) -> tensor<2x2x3x4xf32> {
  %result = graph.pool %x
    {kind = #graph.pool<max>, window = array<i64: 1, 1, 3, 3>, strides = array<i64: 1, 1, 2, 1>,
     pads_low = array<i64: 0, 0, 1, 1>, pads_high = array<i64: 0, 0, 1, 1>, dilations = array<i64: 1, 1, 1, 1>}
    : (tensor<2x2x5x4xf32>) -> tensor<2x2x3x4xf32>
  return %result : tensor<2x2x3x4xf32>
}

func.func @pool_grad__max_overlapping(%x: tensor<2x2x5x4xf32>, %dy: tensor<2x2x3x4xf32>) -> tensor<2x2x5x4xf32> {
  %result = graph.pool_grad %x, %dy
    {kind = #graph.pool<max>, window = array<i64: 1, 1, 3, 3>, strides = array<i64: 1, 1, 2, 1>,
     pads_low = array<i64: 0, 0, 1, 1>, pads_high = array<i64: 0, 0, 1, 1>, dilations = array<i64: 1, 1, 1, 1>}
    : (tensor<2x2x5x4xf32>, tensor<2x2x3x4xf32>) -> tensor<2x2x5x4xf32>
  return %result : tensor<2x2x5x4xf32>
}

func.func @pool__max_dilated(%x: tensor<?x7x1xf32>) -> tensor<?x3x1xf32> {
  %result = graph.pool %x
    {kind = #graph.pool<max>, window = array<i64: 1, 3, 1>, strides = array<i64: 1, 2, 1>,
     pads_low = array<i64: 0, 2, 0>, pads_high = array<i64: 0, 1, 0>, dilations = array<i64: 1, 2, 1>}
    : (tensor<?x7x1xf32>) -> tensor<?x3x1xf32>
  return %result : tensor<?x3x1xf32>
}

func.func @pool_grad__max_dilated(%x: tensor<?x7x1xf32>, %dy: tensor<?x3x1xf32>) -> tensor<?x7x1xf32> {
  %result = graph.pool_grad %x, %dy
    {kind = #graph.pool<max>, window = array<i64: 1, 3, 1>, strides = array<i64: 1, 2, 1>,
     pads_low = array<i64: 0, 2, 0>, pads_high = array<i64: 0, 1, 0>, dilations = array<i64: 1, 2, 1>}
    : (tensor<?x7x1xf32>, tensor<?x3x1xf32>) -> tensor<?x7x1xf32>
  return %result : tensor<?x7x1xf32>
}

func.func @pool__average(%x: tensor<?x2x4x5xf32>) -> tensor<?x2x2x3xf32> {
  %result = graph.pool %x
    {kind = #graph.pool<average>, window = array<i64: 1, 1, 2, 3>, strides = array<i64: 1, 1, 2, 2>,
     pads_low = array<i64: 0, 0, 0, 1>, pads_high = array<i64: 0, 0, 0, 1>, dilations = array<i64: 1, 1, 1, 1>}
    : (tensor<?x2x4x5xf32>) -> tensor<?x2x2x3xf32>
  return %result : tensor<?x2x2x3xf32>
}

func.func @pool_grad__average(%x: tensor<?x2x4x5xf32>, %dy: tensor<?x2x2x3xf32>) -> tensor<?x2x4x5xf32> {
  %result = graph.pool_grad %x, %dy
    {kind = #graph.pool<average>, window = array<i64: 1, 1, 2, 3>, strides = array<i64: 1, 1, 2, 2>,
     pads_low = array<i64: 0, 0, 0, 1>, pads_high = array<i64: 0, 0, 0, 1>, dilations = array<i64: 1, 1, 1, 1>}
    : (tensor<?x2x4x5xf32>, tensor<?x2x2x3xf32>) -> tensor<?x2x4x5xf32>
  return %result : tensor<?x2x4x5xf32>
}

func.func @pool__average_all(%x: tensor<?x3x4x2xf32>) -> tensor<?x1x1x2xf32> {
  %result = graph.pool %x
    {kind = #graph.pool<average>, window = array<i64: 1, 3, 4, 1>, strides = array<i64: 1, 1, 1, 1>,
     pads_low = array<i64: 0, 0, 0, 0>, pads_high = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1, 1>}
    : (tensor<?x3x4x2xf32>) -> tensor<?x1x1x2xf32>
  return %result : tensor<?x1x1x2xf32>
}

func.func @pool_grad__average_all(%x: tensor<?x3x4x2xf32>, %dy: tensor<?x1x1x2xf32>) -> tensor<?x3x4x2xf32> {
  %result = graph.pool_grad %x, %dy
    {kind = #graph.pool<average>, window = array<i64: 1, 3, 4, 1>, strides = array<i64: 1, 1, 1, 1>,
     pads_low = array<i64: 0, 0, 0, 0>, pads_high = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1, 1>}
    : (tensor<?x3x4x2xf32>, tensor<?x1x1x2xf32>) -> tensor<?x3x4x2xf32>
  return %result : tensor<?x3x4x2xf32>
}

func.func @pool__average_dilated(%x: tensor<2x6x1xf32>) -> tensor<2x6x1xf32> {
  %result = graph.pool %x
    {kind = #graph.pool<average>, window = array<i64: 1, 2, 1>, strides = array<i64: 1, 1, 1>,
     pads_low = array<i64: 0, 1, 0>, pads_high = array<i64: 0, 2, 0>, dilations = array<i64: 1, 3, 1>}
    : (tensor<2x6x1xf32>) -> tensor<2x6x1xf32>
  return %result : tensor<2x6x1xf32>
}

func.func @pool_grad__average_dilated(%x: tensor<2x6x1xf32>, %dy: tensor<2x6x1xf32>) -> tensor<2x6x1xf32> {
  %result = graph.pool_grad %x, %dy
    {kind = #graph.pool<average>, window = array<i64: 1, 2, 1>, strides = array<i64: 1, 1, 1>,
     pads_low = array<i64: 0, 1, 0>, pads_high = array<i64: 0, 2, 0>, dilations = array<i64: 1, 3, 1>}
    : (tensor<2x6x1xf32>, tensor<2x6x1xf32>) -> tensor<2x6x1xf32>
  return %result : tensor<2x6x1xf32>
}

func.func @pool__average_with_padding(%x: tensor<?x5x4x1xf32>) -> tensor<?x3x5x1xf32> {
  %result = graph.pool %x
    {kind = #graph.pool<average_with_padding>, window = array<i64: 1, 3, 2, 1>, strides = array<i64: 1, 2, 1, 1>,
     pads_low = array<i64: 0, 1, 1, 0>, pads_high = array<i64: 0, 1, 1, 0>, dilations = array<i64: 1, 1, 1, 1>}
    : (tensor<?x5x4x1xf32>) -> tensor<?x3x5x1xf32>
  return %result : tensor<?x3x5x1xf32>
}

func.func @pool_grad__average_with_padding(%x: tensor<?x5x4x1xf32>, %dy: tensor<?x3x5x1xf32>) -> tensor<?x5x4x1xf32> {
  %result = graph.pool_grad %x, %dy
    {kind = #graph.pool<average_with_padding>, window = array<i64: 1, 3, 2, 1>, strides = array<i64: 1, 2, 1, 1>,
     pads_low = array<i64: 0, 1, 1, 0>, pads_high = array<i64: 0, 1, 1, 0>, dilations = array<i64: 1, 1, 1, 1>}
    : (tensor<?x5x4x1xf32>, tensor<?x3x5x1xf32>) -> tensor<?x5x4x1xf32>
  return %result : tensor<?x5x4x1xf32>
}
