//===- Npz.h - Arrays in NumPy's archives -----------------------*- C++ -*-===//
#pragma once

#include "support/DataType.h"
#include <cstddef>
#include <string>
#include <vector>

namespace glyptic {

struct NpzArray {
  std::string name;
  DType type = DType::F32;
  std::vector<int64_t> shape;   ///< row-major
  std::vector<std::byte> bytes;
};

/// Reads every array of an `.npz`, stored or deflated, in the archive's order; arrays of a foreign byte order or type
/// throw an Error that names file and array.
std::vector<NpzArray> readNpz(const std::string &path);

/// Writes stored entries, beside the target first, then renames.
void writeNpz(const std::string &path, const std::vector<NpzArray> &arrays);

} // namespace glyptic
