//===- NpyHeader.h - The head of a .npy file --------------------*- C++ -*-===//
#pragma once

#include "support/DataType.h"

namespace glyptic {

struct NpyHeader {
  DType type;
  std::vector<int64_t> shape;
  bool columnMajor;
  size_t dataOffset; ///< where the data begins
};

/// Of format versions 1 to 3.
NpyHeader parseNpyHeader(std::string_view bytes);
/// The bytes in front of a row-major array's data. `type` must be one that NumPy has.
std::string makeNpyHeader(DType type, const std::vector<int64_t> &shape);

} // namespace glyptic
