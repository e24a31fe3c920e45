//===- Convert.h - Element types of files into those of a program -*- C++ -*-===//
#pragma once

#include "support/DataType.h"
#include <cstddef>
#include <optional>
#include <vector>

namespace glyptic {

/// Calls `use` with a value of the C++ type of an integer or float type that C++ has; false for others.
template <typename Use> bool withType(DType type, Use use) {
  switch (type) {
  case DType::F32: use(float()); return true;
  case DType::F64: use(double()); return true;
  case DType::I8: use(int8_t()); return true;
  case DType::I16: use(int16_t()); return true;
  case DType::I32: use(int32_t()); return true;
  case DType::I64: use(int64_t()); return true;
  case DType::U8: use(uint8_t()); return true;
  case DType::U16: use(uint16_t()); return true;
  case DType::U32: use(uint32_t()); return true;
  case DType::U64: use(uint64_t()); return true;
  case DType::Bool: use(bool()); return true;
  default: return false;
  }
}

/// Converts integers to `to` where every value survives. Returns the index of the first that does not, if any; `source`
/// is an integer type or Bool, `to` any type of withType().
std::optional<size_t> convertIntegers(const void *source, DType from, DType to, size_t count,
                                      std::vector<std::byte> &out);

/// Rounds float32 to bfloat16, to nearest even: NumPy has no bfloat16, so files hold float32.
std::vector<std::byte> toBfloat16(const float *source, size_t count);

/// And back, exactly.
std::vector<std::byte> fromBfloat16(const void *source, size_t count);

/// Integers of any width, and Bool.
bool isInteger(DType type);

} // namespace glyptic
