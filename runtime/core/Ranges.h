//===- Ranges.h - Integers that index tables --------------------*- C++ -*-===//
#pragma once

#include "glyptic/runtime.h"
#include "support/DataType.h"

namespace glyptic::runtime {

/// Throws an Error that names the first sample with a value outside `range`: kernels index with it unchecked.
void checkRange(const glyptic_range &range, const glyph::Tensor &tensor, int64_t samples, const void *data);

} // namespace glyptic::runtime
