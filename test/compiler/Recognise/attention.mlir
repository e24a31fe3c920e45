// RUN: glyptic-opt %s --graph-recognise --canonicalize --cse --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// Attention, spelled out, and what must stay as it is: functions named no_*. Scores are [samples, heads, queries, keys].

// The scale multiplies the scores, a mask is added. Dimensions come as a model has them: [samples, tokens, heads, features],
// which products take as they are afterwards.
// CHECK-LABEL: func @attention
// CHECK-SAME: %[[Q:[^:]*]]: tensor<?x3x2x4xf64> {{.*}}, %[[K:[^:]*]]: tensor<?x5x2x4xf64> {{.*}}, %[[V:[^:]*]]: tensor<?x5x2x6xf64> {{.*}}, %[[M:[^:]*]]: tensor<3x5xf64>
// CHECK-DAG: %[[QUERY:.*]] = graph.transpose %[[Q]] permutation = [0, 2, 1, 3]
// CHECK-DAG: %[[KEY:.*]] = graph.transpose %[[K]] permutation = [0, 2, 1, 3]
// CHECK-DAG: %[[VALUE:.*]] = graph.transpose %[[V]] permutation = [0, 2, 1, 3]
// CHECK-DAG: %[[BIAS:.*]] = graph.broadcast %[[M]] dims = [2, 3] : (tensor<3x5xf64>) -> tensor<?x2x3x5xf64>
// CHECK: %[[Y:.*]], %{{.*}} = graph.attention %[[QUERY]], %[[KEY]], %[[VALUE]] bias %[[BIAS]] scale = 5.000000e-01
// CHECK-SAME: -> (tensor<?x2x3x6xf64>, tensor<?x2x3xf64>) loc(fused["scores", "scale", "mask", "softmax", "mix"])
// CHECK-NEXT: return %[[Y]]
func.func @attention(%q: tensor<?x3x2x4xf64>, %k: tensor<?x5x2x4xf64>, %v: tensor<?x5x2x6xf64>, %m: tensor<3x5xf64>) -> tensor<?x2x3x6xf64> {
  %half = graph.constant dense<0.5> : tensor<f64>
  %scale = graph.broadcast %half dims = [] : (tensor<f64>) -> tensor<?x2x3x5xf64>
  %qt = graph.transpose %q permutation = [0, 2, 1, 3] : (tensor<?x3x2x4xf64>) -> tensor<?x2x3x4xf64>
  %kt = graph.transpose %k permutation = [0, 2, 3, 1] : (tensor<?x5x2x4xf64>) -> tensor<?x2x4x5xf64>
  %vt = graph.transpose %v permutation = [0, 2, 1, 3] : (tensor<?x5x2x6xf64>) -> tensor<?x2x5x6xf64>
  %bias = graph.broadcast %m dims = [2, 3] : (tensor<3x5xf64>) -> tensor<?x2x3x5xf64>
  %0 = graph.dot_general %qt, %kt batch = [0, 1] x [0, 1] contracting = [3] x [2] : (tensor<?x2x3x4xf64>, tensor<?x2x4x5xf64>) -> tensor<?x2x3x5xf64> loc("scores")
  %1 = graph.mul %0, %scale : tensor<?x2x3x5xf64> loc("scale")
  %2 = graph.add %1, %bias : tensor<?x2x3x5xf64> loc("mask")
  %3 = graph.softmax %2 dims = [3] : tensor<?x2x3x5xf64> loc("softmax")
  %4 = graph.dot_general %3, %vt batch = [0, 1] x [0, 1] contracting = [3] x [2] : (tensor<?x2x3x5xf64>, tensor<?x2x5x6xf64>) -> tensor<?x2x3x6xf64> loc("mix")
  return %4 : tensor<?x2x3x6xf64>
}

// Scaled on both operands, of which one is transposed afterwards; a mask chooses; rows without probabilities become 0, as
// PyTorch exports it.
// CHECK-LABEL: func @scaled_on_both_sides
// CHECK-SAME: %[[Q:[^:]*]]: tensor<2x2x3x4xf64> {{.*}}, %[[K:[^:]*]]: tensor<2x2x5x4xf64> {{.*}}, %[[V:[^:]*]]: tensor<2x2x5x4xf64> {{.*}}, %[[M:[^:]*]]: tensor<3x5xi1>
// CHECK: %[[MASK:.*]] = graph.broadcast %[[M]] dims = [2, 3]
// CHECK: %[[Y:.*]], %{{.*}} = graph.attention %[[Q]], %[[K]], %[[V]] mask %[[MASK]] scale = 5.000000e-01 {zero_masked_rows}
// CHECK-NEXT: return %[[Y]]
func.func @scaled_on_both_sides(%q: tensor<2x2x3x4xf64>, %k: tensor<2x2x5x4xf64>, %v: tensor<2x2x5x4xf64>,
                                %m: tensor<3x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<2x2x3x4xf64> {
  %root = graph.constant dense<0.70710678118654752440> : tensor<2x2x3x4xf64>
  %divisor = graph.constant dense<1.41421356237309504880> : tensor<2x2x5x4xf64>
  %hidden = graph.constant dense<0xFFF0000000000000> : tensor<2x2x3x5xf64>
  %zero = graph.constant dense<0.0> : tensor<2x2x3x5xf64>
  %qs = graph.mul %q, %root : tensor<2x2x3x4xf64>
  %ks = graph.div %k, %divisor : tensor<2x2x5x4xf64>
  %kt = graph.transpose %ks permutation = [0, 1, 3, 2] : (tensor<2x2x5x4xf64>) -> tensor<2x2x4x5xf64>
  %mask = graph.broadcast %m dims = [2, 3] : (tensor<3x5xi1>) -> tensor<2x2x3x5xi1>
  %0 = graph.dot_general %qs, %kt batch = [0, 1] x [0, 1] contracting = [3] x [2] : (tensor<2x2x3x4xf64>, tensor<2x2x4x5xf64>) -> tensor<2x2x3x5xf64>
  %1 = graph.select %mask, %0, %hidden : tensor<2x2x3x5xi1>, tensor<2x2x3x5xf64>
  %2 = graph.softmax %1 dims = [3] : tensor<2x2x3x5xf64>
  %3 = graph.compare ne %2, %2 : tensor<2x2x3x5xf64>
  %4 = graph.select %3, %zero, %2 : tensor<2x2x3x5xi1>, tensor<2x2x3x5xf64>
  %5 = graph.dot_general %4, %v batch = [0, 1] x [0, 1] contracting = [3] x [2] : (tensor<2x2x3x5xf64>, tensor<2x2x5x4xf64>) -> tensor<2x2x3x4xf64>
  return %5 : tensor<2x2x3x4xf64>
}

// Grouped queries: each head of keys and values is repeated for two of the queries. They are not any more.
// CHECK-LABEL: func @grouped_queries
// CHECK-SAME: %[[Q:[^:]*]]: tensor<?x4x3x2xf64> {{.*}}, %[[K:[^:]*]]: tensor<?x2x5x2xf64> {{.*}}, %[[V:[^:]*]]: tensor<?x5x2x2xf64>
// CHECK: %[[VALUE:.*]] = graph.transpose %[[V]] permutation = [0, 2, 1, 3]
// CHECK: %[[Y:.*]], %{{.*}} = graph.attention %[[Q]], %[[K]], %[[VALUE]] scale = 1.000000e+00
// CHECK-NEXT: return %[[Y]]
func.func @grouped_queries(%q: tensor<?x4x3x2xf64>, %k: tensor<?x2x5x2xf64>, %v: tensor<?x5x2x2xf64>) -> tensor<?x4x3x2xf64> {
  %k0 = graph.reshape %k : (tensor<?x2x5x2xf64>) -> tensor<?x2x1x5x2xf64>
  %k1 = graph.broadcast %k0 dims = [0, 1, 2, 3, 4] : (tensor<?x2x1x5x2xf64>) -> tensor<?x2x2x5x2xf64>
  %k2 = graph.reshape %k1 : (tensor<?x2x2x5x2xf64>) -> tensor<?x4x5x2xf64>
  %v1 = graph.broadcast %v dims = [0, 1, 2, 4] : (tensor<?x5x2x2xf64>) -> tensor<?x5x2x2x2xf64>
  %v2 = graph.reshape %v1 : (tensor<?x5x2x2x2xf64>) -> tensor<?x5x4x2xf64>
  %vt = graph.transpose %v2 permutation = [0, 2, 1, 3] : (tensor<?x5x4x2xf64>) -> tensor<?x4x5x2xf64>
  %0 = graph.dot_general %q, %k2 batch = [0, 1] x [0, 1] contracting = [3] x [3] : (tensor<?x4x3x2xf64>, tensor<?x4x5x2xf64>) -> tensor<?x4x3x5xf64>
  %1 = graph.softmax %0 dims = [3] : tensor<?x4x3x5xf64>
  %2 = graph.dot_general %1, %vt batch = [0, 1] x [0, 1] contracting = [3] x [2] : (tensor<?x4x3x5xf64>, tensor<?x4x5x2xf64>) -> tensor<?x4x3x2xf64>
  return %2 : tensor<?x4x3x2xf64>
}

// One head of keys and values for all queries.
// CHECK-LABEL: func @one_key_head
// CHECK-SAME: %[[Q:[^:]*]]: tensor<?x4x3x2xf64> {{.*}}, %[[K:[^:]*]]: tensor<?x1x5x2xf64> {{.*}}, %[[V:[^:]*]]: tensor<?x1x5x2xf64>
// CHECK: graph.attention %[[Q]], %[[K]], %[[V]] scale = 1.000000e+00
func.func @one_key_head(%q: tensor<?x4x3x2xf64>, %k: tensor<?x1x5x2xf64>, %v: tensor<?x1x5x2xf64>) -> tensor<?x4x3x2xf64> {
  %k1 = graph.broadcast %k dims = [0, 1, 2, 3] : (tensor<?x1x5x2xf64>) -> tensor<?x4x5x2xf64>
  %v1 = graph.broadcast %v dims = [0, 1, 2, 3] : (tensor<?x1x5x2xf64>) -> tensor<?x4x5x2xf64>
  %0 = graph.dot_general %q, %k1 batch = [0, 1] x [0, 1] contracting = [3] x [3] : (tensor<?x4x3x2xf64>, tensor<?x4x5x2xf64>) -> tensor<?x4x3x5xf64>
  %1 = graph.softmax %0 dims = [3] : tensor<?x4x3x5xf64>
  %2 = graph.dot_general %1, %v1 batch = [0, 1] x [0, 1] contracting = [3] x [2] : (tensor<?x4x3x5xf64>, tensor<?x4x5x2xf64>) -> tensor<?x4x3x2xf64>
  return %2 : tensor<?x4x3x2xf64>
}

// The same where samples and heads are joined before keys are transposed, and split again for the products, as PyTorch's
// newest exporter has it; the mask is laid over them apart.
// CHECK-LABEL: func @grouped_queries_behind_joined_dimensions
// CHECK-SAME: %[[Q:[^:]*]]: tensor<?x4x3x2xf64> {{.*}}, %[[K:[^:]*]]: tensor<?x2x5x2xf64> {{.*}}, %[[V:[^:]*]]: tensor<?x2x5x2xf64>
// CHECK: %[[Y:.*]], %{{.*}} = graph.attention %[[Q]], %[[K]], %[[V]] bias %{{.*}} scale = 2.500000e-01
// CHECK-NEXT: return %[[Y]]
func.func @grouped_queries_behind_joined_dimensions(%q: tensor<?x4x3x2xf64>, %k: tensor<?x2x5x2xf64>, %v: tensor<?x2x5x2xf64>, %m: tensor<3x5xf64>) -> tensor<?x4x3x2xf64> {
  %half = graph.constant dense<0.5> : tensor<f64>
  %halves = graph.broadcast %half dims = [] : (tensor<f64>) -> tensor<?x4x3x2xf64>
  %others = graph.broadcast %half dims = [] : (tensor<f64>) -> tensor<?x4x2x5xf64>
  %bias = graph.broadcast %m dims = [2, 3] : (tensor<3x5xf64>) -> tensor<?x4x3x5xf64>
  %k1 = graph.broadcast %k dims = [0, 1, 3, 4] : (tensor<?x2x5x2xf64>) -> tensor<?x2x2x5x2xf64>
  %k2 = graph.reshape %k1 : (tensor<?x2x2x5x2xf64>) -> tensor<?x5x2xf64, #graph.batch<4>>
  %k3 = graph.transpose %k2 permutation = [0, 2, 1] : (tensor<?x5x2xf64, #graph.batch<4>>) -> tensor<?x2x5xf64, #graph.batch<4>>
  %k4 = graph.reshape %k3 : (tensor<?x2x5xf64, #graph.batch<4>>) -> tensor<?x4x2x5xf64>
  %ks = graph.mul %k4, %others : tensor<?x4x2x5xf64>
  %v1 = graph.broadcast %v dims = [0, 1, 3, 4] : (tensor<?x2x5x2xf64>) -> tensor<?x2x2x5x2xf64>
  %v2 = graph.reshape %v1 : (tensor<?x2x2x5x2xf64>) -> tensor<?x4x5x2xf64>
  %qs = graph.mul %q, %halves : tensor<?x4x3x2xf64>
  %0 = graph.dot_general %qs, %ks batch = [0, 1] x [0, 1] contracting = [3] x [2] : (tensor<?x4x3x2xf64>, tensor<?x4x2x5xf64>) -> tensor<?x4x3x5xf64>
  %1 = graph.add %0, %bias : tensor<?x4x3x5xf64>
  %2 = graph.softmax %1 dims = [3] : tensor<?x4x3x5xf64>
  %3 = graph.dot_general %2, %v2 batch = [0, 1] x [0, 1] contracting = [3] x [2] : (tensor<?x4x3x5xf64>, tensor<?x4x5x2xf64>) -> tensor<?x4x3x2xf64>
  return %3 : tensor<?x4x3x2xf64>
}

// Samples and heads are one dimension throughout.
// CHECK-LABEL: func @grouped_queries_of_joined_samples
// CHECK-SAME: %[[Q:[^:]*]]: tensor<?x3x2xf64, #graph.batch<4>> {{.*}}, %[[K:[^:]*]]: tensor<?x2x5x2xf64> {{.*}}, %[[V:[^:]*]]: tensor<?x2x5x2xf64>
// CHECK-DAG: %[[KEY:.*]] = graph.reshape %[[K]] : (tensor<?x2x5x2xf64>) -> tensor<?x5x2xf64, #graph.batch<2>>
// CHECK-DAG: %[[VALUE:.*]] = graph.reshape %[[V]] : (tensor<?x2x5x2xf64>) -> tensor<?x5x2xf64, #graph.batch<2>>
// CHECK: graph.attention %[[Q]], %[[KEY]], %[[VALUE]] scale = 1.000000e+00
func.func @grouped_queries_of_joined_samples(%q: tensor<?x3x2xf64, #graph.batch<4>>, %k: tensor<?x2x5x2xf64>, %v: tensor<?x2x5x2xf64>) -> tensor<?x3x2xf64, #graph.batch<4>> {
  %k1 = graph.broadcast %k dims = [0, 1, 3, 4] : (tensor<?x2x5x2xf64>) -> tensor<?x2x2x5x2xf64>
  %k2 = graph.reshape %k1 : (tensor<?x2x2x5x2xf64>) -> tensor<?x5x2xf64, #graph.batch<4>>
  %v1 = graph.broadcast %v dims = [0, 1, 3, 4] : (tensor<?x2x5x2xf64>) -> tensor<?x2x2x5x2xf64>
  %v2 = graph.reshape %v1 : (tensor<?x2x2x5x2xf64>) -> tensor<?x5x2xf64, #graph.batch<4>>
  %0 = graph.dot_general %q, %k2 batch = [0] x [0] contracting = [2] x [2] : (tensor<?x3x2xf64, #graph.batch<4>>, tensor<?x5x2xf64, #graph.batch<4>>) -> tensor<?x3x5xf64, #graph.batch<4>>
  %1 = graph.softmax %0 dims = [2] : tensor<?x3x5xf64, #graph.batch<4>>
  %2 = graph.dot_general %1, %v2 batch = [0] x [0] contracting = [2] x [1] : (tensor<?x3x5xf64, #graph.batch<4>>, tensor<?x5x2xf64, #graph.batch<4>>) -> tensor<?x3x2xf64, #graph.batch<4>>
  return %2 : tensor<?x3x2xf64, #graph.batch<4>>
}

// Heads and samples are one dimension in the products, and two where the mask is added; dropout on probabilities, which
// acts in the training form only.
// CHECK-LABEL: func @joined_heads
// CHECK-SAME: %[[Q:[^:]*]]: tensor<?x3x2xf64, #graph.batch<4>> {{.*}}, %[[M:[^:]*]]: tensor<?x5xf64> loc
// CHECK-DAG: %[[QUERY:.*]] = graph.reshape %[[Q]] : (tensor<?x3x2xf64, #graph.batch<4>>) -> tensor<?x4x3x2xf64>
// CHECK-DAG: %[[BIAS:.*]] = graph.broadcast %[[M]] dims = [0, 3] : (tensor<?x5xf64>) -> tensor<?x4x3x5xf64>
// CHECK: %[[Y:.*]], %{{.*}} = graph.attention %[[QUERY]], %{{.*}}, %{{.*}} bias %[[BIAS]] scale = 1.000000e+00 {dropout = 1.000000e-01 : f64}
// CHECK: %[[JOINED:.*]] = graph.reshape %[[Y]] : (tensor<?x4x3x2xf64>) -> tensor<?x3x2xf64, #graph.batch<4>>
// CHECK: return %[[JOINED]]
func.func @joined_heads(%q: tensor<?x3x2xf64, #graph.batch<4>>, %k: tensor<?x5x2xf64, #graph.batch<4>>,
                        %v: tensor<?x5x2xf64, #graph.batch<4>>, %m: tensor<?x5xf64>) -> tensor<?x3x2xf64, #graph.batch<4>> {
  %bias = graph.broadcast %m dims = [0, 3] : (tensor<?x5xf64>) -> tensor<?x4x3x5xf64>
  %0 = graph.dot_general %q, %k batch = [0] x [0] contracting = [2] x [2]
    : (tensor<?x3x2xf64, #graph.batch<4>>, tensor<?x5x2xf64, #graph.batch<4>>) -> tensor<?x3x5xf64, #graph.batch<4>>
  %1 = graph.reshape %0 : (tensor<?x3x5xf64, #graph.batch<4>>) -> tensor<?x4x3x5xf64>
  %2 = graph.add %bias, %1 : tensor<?x4x3x5xf64>
  %3 = graph.reshape %2 : (tensor<?x4x3x5xf64>) -> tensor<?x3x5xf64, #graph.batch<4>>
  %4 = graph.softmax %3 dims = [2] : tensor<?x3x5xf64, #graph.batch<4>>
  %5, %dropped = graph.dropout %4 {ratio = 0.1 : f64} : tensor<?x3x5xf64, #graph.batch<4>>, tensor<?x3x5xi1, #graph.batch<4>>
  %6 = graph.dot_general %5, %v batch = [0] x [0] contracting = [2] x [1]
    : (tensor<?x3x5xf64, #graph.batch<4>>, tensor<?x5x2xf64, #graph.batch<4>>) -> tensor<?x3x2xf64, #graph.batch<4>>
  return %6 : tensor<?x3x2xf64, #graph.batch<4>>
}

// A learnt bias, less another, then a mask of what is hidden, by a large number. Samples come after heads.
// CHECK-LABEL: func @bias_then_mask
// CHECK-SAME: %[[A:[^:]*]]: tensor<2x?x3x5xf64> {{.*}}, %[[B:[^:]*]]: tensor<2x?x3x5xf64> {{.*}}, %[[M:[^:]*]]: tensor<2x?x3x5xi1>
// CHECK-DAG: %[[BIAS:.*]] = graph.sub %[[A]], %[[B]]
// CHECK-DAG: %[[MASK:.*]] = graph.not %[[M]]
// CHECK: graph.attention %{{.*}} bias %[[BIAS]] mask %[[MASK]] scale = 2.500000e-01 {masked_score = -1.000000e+04 : f64}
func.func @bias_then_mask(%q: tensor<2x?x3x4xf64>, %k: tensor<?x2x5x4xf64>, %v: tensor<?x2x5x4xf64>, %a: tensor<2x?x3x5xf64>, %b: tensor<2x?x3x5xf64>,
                          %m: tensor<2x?x3x5xi1> {sample.low = 0, sample.high = 1}) -> tensor<2x?x3x4xf64> {
  %four = graph.constant dense<4.0> : tensor<f64>
  %divisor = graph.broadcast %four dims = [] : (tensor<f64>) -> tensor<2x?x3x5xf64>
  %hidden = graph.constant dense<-1.0e4> : tensor<f64>
  %hiddens = graph.broadcast %hidden dims = [] : (tensor<f64>) -> tensor<2x?x3x5xf64>
  %0 = graph.dot_general %q, %k batch = [0, 1] x [1, 0] contracting = [3] x [3] : (tensor<2x?x3x4xf64>, tensor<?x2x5x4xf64>) -> tensor<2x?x3x5xf64>
  %1 = graph.div %0, %divisor : tensor<2x?x3x5xf64>
  %2 = graph.add %1, %a : tensor<2x?x3x5xf64>
  %3 = graph.sub %2, %b : tensor<2x?x3x5xf64>
  %4 = graph.select %m, %hiddens, %3 : tensor<2x?x3x5xi1>, tensor<2x?x3x5xf64>
  %5 = graph.softmax %4 dims = [3] : tensor<2x?x3x5xf64>
  %6 = graph.dot_general %5, %v batch = [0, 1] x [1, 0] contracting = [3] x [2] : (tensor<2x?x3x5xf64>, tensor<?x2x5x4xf64>) -> tensor<2x?x3x4xf64>
  return %6 : tensor<2x?x3x4xf64>
}

// Everything in pieces, the softmax, too.
// CHECK-LABEL: func @softmax_in_pieces
// CHECK: graph.attention
// CHECK-NEXT: return
func.func @softmax_in_pieces(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x4xf64>) -> tensor<2x3x4xf64> {
  %0 = graph.dot_general %q, %k batch = [0] x [0] contracting = [2] x [2] : (tensor<2x3x4xf64>, tensor<2x3x4xf64>) -> tensor<2x3x3xf64>
  %1 = graph.reduce max %0 dims = [2] : (tensor<2x3x3xf64>) -> tensor<2x3xf64>
  %2 = graph.broadcast %1 dims = [0, 1] : (tensor<2x3xf64>) -> tensor<2x3x3xf64>
  %3 = graph.sub %0, %2 : tensor<2x3x3xf64>
  %4 = graph.exp %3 : tensor<2x3x3xf64>
  %5 = graph.reduce sum %4 dims = [2] : (tensor<2x3x3xf64>) -> tensor<2x3xf64>
  %6 = graph.broadcast %5 dims = [0, 1] : (tensor<2x3xf64>) -> tensor<2x3x3xf64>
  %7 = graph.div %4, %6 : tensor<2x3x3xf64>
  %8 = graph.dot_general %7, %v batch = [0] x [0] contracting = [2] x [1] : (tensor<2x3x3xf64>, tensor<2x3x4xf64>) -> tensor<2x3x4xf64>
  return %8 : tensor<2x3x4xf64>
}

// A scaled query that something else needs stays; only the key's factor is taken out.
// CHECK-LABEL: func @scaled_query_is_used
// CHECK: %[[Q:.*]] = graph.mul
// CHECK: graph.attention %[[Q]], %{{.*}} scale = 5.000000e-01
func.func @scaled_query_is_used(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x4xf64>) -> (tensor<2x3x4xf64>, tensor<2x3x4xf64>) {
  %half = graph.constant dense<0.5> : tensor<2x3x4xf64>
  %qs = graph.mul %q, %half : tensor<2x3x4xf64>
  %ks = graph.mul %k, %half : tensor<2x3x4xf64>
  %0 = graph.dot_general %qs, %ks batch = [0] x [0] contracting = [2] x [2] : (tensor<2x3x4xf64>, tensor<2x3x4xf64>) -> tensor<2x3x3xf64>
  %1 = graph.softmax %0 dims = [2] : tensor<2x3x3xf64>
  %2 = graph.dot_general %1, %v batch = [0] x [0] contracting = [2] x [1] : (tensor<2x3x3xf64>, tensor<2x3x4xf64>) -> tensor<2x3x4xf64>
  return %2, %qs : tensor<2x3x4xf64>, tensor<2x3x4xf64>
}

//===-- Near misses -----------------------------------------------------------------------------------------------===//

// Each key's scores are made a distribution over queries.
// CHECK-LABEL: func @no_attention_along_queries
// CHECK-NOT: graph.attention
func.func @no_attention_along_queries(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x4xf64>) -> tensor<2x3x4xf64> {
  %0 = graph.dot_general %q, %k batch = [0] x [0] contracting = [2] x [2] : (tensor<2x3x4xf64>, tensor<2x3x4xf64>) -> tensor<2x3x3xf64>
  %1 = graph.softmax %0 dims = [1] : tensor<2x3x3xf64>
  %2 = graph.dot_general %1, %v batch = [0] x [0] contracting = [2] x [1] : (tensor<2x3x3xf64>, tensor<2x3x4xf64>) -> tensor<2x3x4xf64>
  return %2 : tensor<2x3x4xf64>
}

// The probabilities are transposed before they meet the values.
// CHECK-LABEL: func @no_attention_of_transposed_probabilities
// CHECK-NOT: graph.attention
func.func @no_attention_of_transposed_probabilities(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x4xf64>) -> tensor<2x3x4xf64> {
  %0 = graph.dot_general %q, %k batch = [0] x [0] contracting = [2] x [2] : (tensor<2x3x4xf64>, tensor<2x3x4xf64>) -> tensor<2x3x3xf64>
  %1 = graph.softmax %0 dims = [2] : tensor<2x3x3xf64>
  %2 = graph.dot_general %1, %v batch = [0] x [0] contracting = [1] x [1] : (tensor<2x3x3xf64>, tensor<2x3x4xf64>) -> tensor<2x3x4xf64>
  return %2 : tensor<2x3x4xf64>
}

// Probabilities are masked, and no more sum up to 1.
// CHECK-LABEL: func @no_attention_masked_after_softmax
// CHECK-NOT: graph.attention
func.func @no_attention_masked_after_softmax(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x4xf64>,
                                             %m: tensor<2x3x3xi1> {sample.low = 0, sample.high = 1}) -> tensor<2x3x4xf64> {
  %zero = graph.constant dense<0.0> : tensor<2x3x3xf64>
  %0 = graph.dot_general %q, %k batch = [0] x [0] contracting = [2] x [2] : (tensor<2x3x4xf64>, tensor<2x3x4xf64>) -> tensor<2x3x3xf64>
  %1 = graph.softmax %0 dims = [2] : tensor<2x3x3xf64>
  %2 = graph.select %m, %zero, %1 : tensor<2x3x3xi1>, tensor<2x3x3xf64>
  %3 = graph.dot_general %2, %v batch = [0] x [0] contracting = [2] x [1] : (tensor<2x3x3xf64>, tensor<2x3x4xf64>) -> tensor<2x3x4xf64>
  return %3 : tensor<2x3x4xf64>
}

// The scale comes after the mask, which therefore is scaled, too.
// CHECK-LABEL: func @no_attention_scaled_after_mask
// CHECK-NOT: graph.attention
func.func @no_attention_scaled_after_mask(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x4xf64>, %m: tensor<2x3x3xf64>) -> tensor<2x3x4xf64> {
  %half = graph.constant dense<0.5> : tensor<2x3x3xf64>
  %0 = graph.dot_general %q, %k batch = [0] x [0] contracting = [2] x [2] : (tensor<2x3x4xf64>, tensor<2x3x4xf64>) -> tensor<2x3x3xf64>
  %1 = graph.add %0, %m : tensor<2x3x3xf64>
  %2 = graph.mul %1, %half : tensor<2x3x3xf64>
  %3 = graph.softmax %2 dims = [2] : tensor<2x3x3xf64>
  %4 = graph.dot_general %3, %v batch = [0] x [0] contracting = [2] x [1] : (tensor<2x3x3xf64>, tensor<2x3x4xf64>) -> tensor<2x3x4xf64>
  return %4 : tensor<2x3x4xf64>
}

// Masked by a finite number, which a bias then moves.
// CHECK-LABEL: func @no_attention_bias_after_mask
// CHECK-NOT: graph.attention
func.func @no_attention_bias_after_mask(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x4xf64>, %b: tensor<2x3x3xf64>,
                                        %m: tensor<2x3x3xi1> {sample.low = 0, sample.high = 1}) -> tensor<2x3x4xf64> {
  %hidden = graph.constant dense<-4.0> : tensor<2x3x3xf64>
  %0 = graph.dot_general %q, %k batch = [0] x [0] contracting = [2] x [2] : (tensor<2x3x4xf64>, tensor<2x3x4xf64>) -> tensor<2x3x3xf64>
  %1 = graph.select %m, %0, %hidden : tensor<2x3x3xi1>, tensor<2x3x3xf64>
  %2 = graph.add %1, %b : tensor<2x3x3xf64>
  %3 = graph.softmax %2 dims = [2] : tensor<2x3x3xf64>
  %4 = graph.dot_general %3, %v batch = [0] x [0] contracting = [2] x [1] : (tensor<2x3x3xf64>, tensor<2x3x4xf64>) -> tensor<2x3x4xf64>
  return %4 : tensor<2x3x4xf64>
}

// A nonlinearity between.
// CHECK-LABEL: func @no_attention_of_capped_scores
// CHECK-NOT: graph.attention
func.func @no_attention_of_capped_scores(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x4xf64>) -> tensor<2x3x4xf64> {
  %0 = graph.dot_general %q, %k batch = [0] x [0] contracting = [2] x [2] : (tensor<2x3x4xf64>, tensor<2x3x4xf64>) -> tensor<2x3x3xf64>
  %1 = graph.tanh %0 : tensor<2x3x3xf64>
  %2 = graph.softmax %1 dims = [2] : tensor<2x3x3xf64>
  %3 = graph.dot_general %2, %v batch = [0] x [0] contracting = [2] x [1] : (tensor<2x3x3xf64>, tensor<2x3x4xf64>) -> tensor<2x3x4xf64>
  return %3 : tensor<2x3x4xf64>
}

// Somebody looks at the probabilities.
// CHECK-LABEL: func @no_attention_whose_probabilities_are_used
// CHECK-NOT: graph.attention
func.func @no_attention_whose_probabilities_are_used(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x4xf64>) -> (tensor<2x3x4xf64>, tensor<2x3x3xf64>) {
  %0 = graph.dot_general %q, %k batch = [0] x [0] contracting = [2] x [2] : (tensor<2x3x4xf64>, tensor<2x3x4xf64>) -> tensor<2x3x3xf64>
  %1 = graph.softmax %0 dims = [2] : tensor<2x3x3xf64>
  %2 = graph.dot_general %1, %v batch = [0] x [0] contracting = [2] x [1] : (tensor<2x3x3xf64>, tensor<2x3x4xf64>) -> tensor<2x3x4xf64>
  return %2, %1 : tensor<2x3x4xf64>, tensor<2x3x3xf64>
}

// Keys are repeated, values are not: they do not share heads, and are taken as they are.
// CHECK-LABEL: func @shared_keys_only
// CHECK: %[[K:.*]] = graph.broadcast
// CHECK: graph.attention %{{.*}}, %[[K]], %{{.*}} scale
func.func @shared_keys_only(%q: tensor<2x4x3x2xf64>, %k: tensor<2x1x5x2xf64>, %v: tensor<2x4x5x2xf64>) -> tensor<2x4x3x2xf64> {
  %k1 = graph.broadcast %k dims = [0, 1, 2, 3] : (tensor<2x1x5x2xf64>) -> tensor<2x4x5x2xf64>
  %0 = graph.dot_general %q, %k1 batch = [0, 1] x [0, 1] contracting = [3] x [3] : (tensor<2x4x3x2xf64>, tensor<2x4x5x2xf64>) -> tensor<2x4x3x5xf64>
  %1 = graph.softmax %0 dims = [3] : tensor<2x4x3x5xf64>
  %2 = graph.dot_general %1, %v batch = [0, 1] x [0, 1] contracting = [3] x [2] : (tensor<2x4x3x5xf64>, tensor<2x4x5x2xf64>) -> tensor<2x4x3x2xf64>
  return %2 : tensor<2x4x3x2xf64>
}

// Heads of keys are repeated in turn (0, 1, 0, 1), not each for its neighbours.
// CHECK-LABEL: func @other_order_of_heads
// CHECK: graph.broadcast
// CHECK: graph.broadcast
// CHECK: graph.attention
func.func @other_order_of_heads(%q: tensor<2x4x3x2xf64>, %k: tensor<2x2x5x2xf64>, %v: tensor<2x2x5x2xf64>) -> tensor<2x4x3x2xf64> {
  %k1 = graph.broadcast %k dims = [0, 2, 3, 4] : (tensor<2x2x5x2xf64>) -> tensor<2x2x2x5x2xf64>
  %k2 = graph.reshape %k1 : (tensor<2x2x2x5x2xf64>) -> tensor<2x4x5x2xf64>
  %v1 = graph.broadcast %v dims = [0, 2, 3, 4] : (tensor<2x2x5x2xf64>) -> tensor<2x2x2x5x2xf64>
  %v2 = graph.reshape %v1 : (tensor<2x2x2x5x2xf64>) -> tensor<2x4x5x2xf64>
  %0 = graph.dot_general %q, %k2 batch = [0, 1] x [0, 1] contracting = [3] x [3] : (tensor<2x4x3x2xf64>, tensor<2x4x5x2xf64>) -> tensor<2x4x3x5xf64>
  %1 = graph.softmax %0 dims = [3] : tensor<2x4x3x5xf64>
  %2 = graph.dot_general %1, %v2 batch = [0, 1] x [0, 1] contracting = [3] x [2] : (tensor<2x4x3x5xf64>, tensor<2x4x5x2xf64>) -> tensor<2x4x3x2xf64>
  return %2 : tensor<2x4x3x2xf64>
}

// A classifier's probabilities times a table: rows are samples, not a matrix for each.
// CHECK-LABEL: func @no_attention_of_a_classifier
// CHECK-NOT: graph.attention
func.func @no_attention_of_a_classifier(%x: tensor<?x4xf64>, %w: tensor<5x4xf64>, %table: tensor<5x3xf64>) -> tensor<?x3xf64> {
  %0 = graph.dot_general %x, %w batch = [] x [] contracting = [1] x [1] : (tensor<?x4xf64>, tensor<5x4xf64>) -> tensor<?x5xf64>
  %1 = graph.softmax %0 dims = [1] : tensor<?x5xf64>
  %2 = graph.dot_general %1, %table batch = [] x [] contracting = [1] x [0] : (tensor<?x5xf64>, tensor<5x3xf64>) -> tensor<?x3xf64>
  return %2 : tensor<?x3xf64>
}
