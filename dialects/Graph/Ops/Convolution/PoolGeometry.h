//===- PoolGeometry.h - What pooling and its gradient share -----*- C++ -*-===//
#pragma once

#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/Ops/Convolution/Windows.h"

namespace glyptic::graph {

struct PoolGeometry {
  PoolKind kind;
  llvm::ArrayRef<int64_t> window, strides, padsLow, padsHigh, dilations;

  template <typename OpTy> static PoolGeometry get(OpTy op) {
    return {op.getKind(), op.getWindow(), op.getStrides(), op.getPadsLow(), op.getPadsHigh(), op.getDilations()};
  }

  /// Windows along each dimension of an input of this shape.
  llvm::SmallVector<WindowDim> getWindows(llvm::ArrayRef<int64_t> inputShape) const {
    llvm::SmallVector<WindowDim> windows;
    for (auto [i, size] : llvm::enumerate(inputShape))
      windows.push_back({size, window[i], strides[i], padsLow[i], padsHigh[i], dilations[i]});
    return windows;
  }
  /// Every element of the input lies in exactly one window.
  bool isTiling(llvm::ArrayRef<int64_t> inputShape) const {
    return llvm::all_of(getWindows(inputShape), [](const WindowDim &w) {
      return w.isTrivial() || (w.window == w.stride && w.dilation == 1 && !w.isPadded() && w.size % w.stride == 0);
    });
  }
  int64_t getWindowSize() const { return llvm::product_of(window); }

  /// The output's type, or an error.
  mlir::FailureOr<mlir::RankedTensorType> inferOutput(std::optional<mlir::Location> loc,
                                                      mlir::RankedTensorType input) const;
};

/// The elements of `values`, a tensor of `input`'s sizes, at the places where the windows of `input` have their maxima:
/// the first of several, and nowhere in padding. In ops of every tap of a window: for small windows.
mlir::Value buildAtMaxima(mlir::OpBuilder &builder, mlir::Location loc, const PoolGeometry &geometry, mlir::Value input,
                          mlir::Value values, mlir::RankedTensorType output);

} // namespace glyptic::graph
