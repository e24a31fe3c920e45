//===- DataType.h - Element types as files and messages know them -*- C++ -*-===//
#pragma once

#include "program_generated.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glyptic {

using glyph::DType;

/// Bytes of an element.
size_t sizeOf(DType type);

/// NumPy's name where it has one ("float32"), else "bfloat16"; "unknown" for a number that is no type, as a damaged
/// glyph may hold.
const char *nameOf(DType type);

/// Names in safetensors headers ("F32", "BOOL").
const char *safetensorsName(DType type);
std::optional<DType> fromSafetensorsName(std::string_view name);

/// NumPy's type descriptions ("<f4", "|b1"). It lacks BF16, which has none.
std::optional<std::string> numpyDescription(DType type);
std::optional<DType> fromNumpyDescription(std::string_view description);

/// Bytes of a dense tensor; none where an extent is negative or the product passes 2^63.
std::optional<uint64_t> tensorBytes(DType type, const std::vector<int64_t> &shape);

/// "float32 [2, 3]" for messages.
std::string describe(DType type, const std::vector<int64_t> &shape);

} // namespace glyptic
