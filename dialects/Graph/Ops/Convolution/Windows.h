//===- Windows.h - How windows slide over a tensor --------------*- C++ -*-===//
//
// Convolution and pooling share one geometry. Along a dimension, tap `k` of window `o` reads the input at
// o * stride + k * dilation - padLow; a tap outside the input reads padding.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

namespace glyptic::graph {

struct WindowDim {
  int64_t size;   ///< of the input
  int64_t window; ///< taps
  int64_t stride = 1, padLow = 0, padHigh = 0, dilation = 1;

  int64_t getExtent() const { return (window - 1) * dilation + 1; }
  bool isPadded() const { return padLow != 0 || padHigh != 0; }
  /// Each window is one element: nothing happens along this dimension, and `size` need not be known.
  bool isTrivial() const { return window == 1 && stride == 1 && !isPadded(); }
  /// How many windows fit.
  int64_t getCount() const { return (size + padLow + padHigh - getExtent()) / stride + 1; }
  /// Where tap `k` of window `o` reads; outside [0, size) is padding.
  int64_t getPosition(int64_t o, int64_t k) const { return o * stride + k * dilation - padLow; }
  bool isInside(int64_t position) const { return position >= 0 && position < size; }
  /// Whether a tap of window `o` lies inside the input.
  bool coversInput(int64_t o) const {
    int64_t base = getPosition(o, 0), first = base >= 0 ? 0 : llvm::divideCeil(-base, dilation);
    return first < window && isInside(getPosition(o, first));
  }
};

/// Fails, saying why in terms of dimension `dim`, if no window fits or a parameter makes no sense.
mlir::LogicalResult verifyWindow(std::optional<mlir::Location> loc, llvm::StringRef op, const WindowDim &window,
                                 int64_t dim);

/// An index in the body of a structured form that may lie outside its range.
struct GuardedIndex {
  mlir::Value index;
  mlir::Value isInside; ///< null: always
};

/// The input position under tap `k` of window `o`.
GuardedIndex buildInputPosition(mlir::OpBuilder &builder, mlir::Location loc, const WindowDim &window, mlir::Value o,
                                mlir::Value k);
/// The window whose tap `k` lies on input position `i`.
GuardedIndex buildWindowPosition(mlir::OpBuilder &builder, mlir::Location loc, const WindowDim &window, mlir::Value i,
                                 mlir::Value k);
/// How many taps of window `o` lie inside the input, as an index.
mlir::Value buildTapCount(mlir::OpBuilder &builder, mlir::Location loc, const WindowDim &window, mlir::Value o);

/// Whether all indices are inside, as i1; null if they always are.
mlir::Value buildIsInside(mlir::OpBuilder &builder, mlir::Location loc, llvm::ArrayRef<GuardedIndex> indices);
/// The element of `tensor` at `indices`, or `otherwise` where one is outside.
mlir::Value buildRead(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor,
                      llvm::ArrayRef<GuardedIndex> indices, mlir::Value otherwise);

} // namespace glyptic::graph
