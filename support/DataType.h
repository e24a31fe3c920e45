//===- DataType.h - Element types as files and messages know them -*- C++ -*-===//
#pragma once

#include "program_generated.h"
#include <cstddef>

namespace glyptic {

using glyph::DType;

size_t sizeOf(DType type);

/// NumPy's name where it has one ("float32"), else "bfloat16".
const char *nameOf(DType type);

} // namespace glyptic
