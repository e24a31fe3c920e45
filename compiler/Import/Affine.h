//===- Affine.h - Numbers computed from shapes ------------------*- C++ -*-===//
//
// Exporters compute the scales and sizes of Resize in floating point: sizes of a shape times a factor, rounded down.
// Such arithmetic is evaluated where an operator needs its result at import, over a batch of any size.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Value.h"
#include <optional>

namespace glyptic {

/// constant + slope * batch.
struct Affine {
  double constant = 0, slope = 0;
};

/// The elements of `value`, row-major, each rounded as its type has it; nullopt if the tensor is larger than a shape,
/// depends on data, or on the batch in another way.
std::optional<llvm::SmallVector<Affine>> evaluateAffine(mlir::Value value);

} // namespace glyptic
