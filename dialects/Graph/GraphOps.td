//===- GraphOps.td - Every operator family ---------------------*- tablegen -*-===//

include "dialects/Graph/GraphDialect.td"
include "dialects/Graph/Ops/Elementwise/ElementwiseOps.td"
include "dialects/Graph/Ops/Shape/ShapeOps.td"
include "dialects/Graph/Ops/Reduction/ReductionOps.td"
include "dialects/Graph/Ops/Contraction/ContractionOps.td"
include "dialects/Graph/Ops/Convolution/ConvolutionOps.td"
include "dialects/Graph/Ops/Attention/AttentionOps.td"
include "dialects/Graph/Ops/Indexing/IndexingOps.td"
include "dialects/Graph/Ops/Normalisation/NormalisationOps.td"
include "dialects/Graph/Ops/Random/RandomOps.td"
include "dialects/Graph/Ops/Loss/LossOps.td"
include "dialects/Graph/Ops/Region/RegionOps.td"
