//===- ConvGeometry.h - What the three convolutions share -------*- C++ -*-===//
//
// With input x, weight w and output y, G groups of C input and F output features each, the three convolutions are the
// partial derivatives of one trilinear form (by y, x and w):
//
//   sum over n, f < G * F, o, c < C, k of  x[n, f / F * C + c, o * stride + k * dilation - pad] * w[f, c, k] * y[n, f,
//   o]
//
// which is why they are closed under differentiation, and why one walk over the products evaluates all of them.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/Ops/Convolution/Windows.h"

namespace glyptic::graph {

struct ConvGeometry {
  ConvDimsAttr dims;
  llvm::ArrayRef<int64_t> strides, padsLow, padsHigh, dilations;
  int64_t groups;

  template <typename OpTy> static ConvGeometry get(OpTy op) {
    return {op.getDims(),     op.getStrides(),   op.getPadsLow(),
            op.getPadsHigh(), op.getDilations(), static_cast<int64_t>(op.getGroups())};
  }

  int64_t getSpatialRank() const { return strides.size(); }
  /// Windows along spatial dimension `i` of tensors with these shapes.
  WindowDim getWindow(llvm::ArrayRef<int64_t> inputShape, llvm::ArrayRef<int64_t> weightShape, int64_t i) const {
    return {inputShape[dims.getInput()[i + 2]],
            weightShape[dims.getWeight()[i + 2]],
            strides[i],
            padsLow[i],
            padsHigh[i],
            dilations[i]};
  }

  /// The output's type, or an error.
  mlir::FailureOr<mlir::RankedTensorType> inferOutput(std::optional<mlir::Location> loc, mlir::RankedTensorType input,
                                                      mlir::RankedTensorType weight) const;
};

/// The tensors by the part they play in the convolution, whichever of them the op computes.
struct ConvTypes {
  mlir::RankedTensorType input, weight, output;
};
inline ConvTypes getConvTypes(ConvOp op) { return {op.getInput().getType(), op.getWeight().getType(), op.getType()}; }
inline ConvTypes getConvTypes(ConvInputGradOp op) {
  return {op.getType(), op.getWeight().getType(), op.getGradient().getType()};
}
inline ConvTypes getConvTypes(ConvWeightGradOp op) {
  return {op.getInput().getType(), op.getType(), op.getGradient().getType()};
}

} // namespace glyptic::graph
