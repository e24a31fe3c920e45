//===- DataType.cpp -------------------------------------------------------===//
#include "support/DataType.h"

#include <algorithm>

namespace glyptic {
namespace {

struct Facts {
  const char *name;
  size_t size;
  std::string_view safetensors, numpy;
};

/// In the order of the schema's enum.
constexpr Facts kFacts[] = {{"float32", 4, "F32", "<f4"}, {"float64", 8, "F64", "<f8"}, {"float16", 2, "F16", "<f2"},
                            {"bfloat16", 2, "BF16", ""},  {"int8", 1, "I8", "|i1"},     {"int16", 2, "I16", "<i2"},
                            {"int32", 4, "I32", "<i4"},   {"int64", 8, "I64", "<i8"},   {"uint8", 1, "U8", "|u1"},
                            {"uint16", 2, "U16", "<u2"},  {"uint32", 4, "U32", "<u4"},  {"uint64", 8, "U64", "<u8"},
                            {"bool", 1, "BOOL", "|b1"}};
static_assert(sizeof(kFacts) / sizeof(Facts) == size_t(DType::MAX) + 1);

std::optional<DType> find(std::string_view Facts::*column, std::string_view name) {
  auto found =
      std::find_if(std::begin(kFacts), std::end(kFacts), [&](const Facts &facts) { return facts.*column == name; });
  if (found == std::end(kFacts) || name.empty())
    return std::nullopt;
  return static_cast<DType>(found - std::begin(kFacts));
}

} // namespace

size_t sizeOf(DType type) { return kFacts[size_t(type)].size; }
const char *nameOf(DType type) { return type <= DType::MAX ? kFacts[size_t(type)].name : "unknown"; }
const char *safetensorsName(DType type) { return kFacts[size_t(type)].safetensors.data(); }
std::optional<DType> fromSafetensorsName(std::string_view name) { return find(&Facts::safetensors, name); }

std::optional<std::string> numpyDescription(DType type) {
  std::string_view description = kFacts[size_t(type)].numpy;
  return description.empty() ? std::nullopt : std::optional<std::string>(description);
}

std::optional<DType> fromNumpyDescription(std::string_view description) {
  // One-byte types have no order of bytes; NumPy accepts any mark there.
  if (description.size() == 3 && description[2] == '1')
    return find(&Facts::numpy, "|" + std::string(description.substr(1)));
  return find(&Facts::numpy, description);
}

std::optional<uint64_t> tensorBytes(DType type, const std::vector<int64_t> &shape) {
  // A zero anywhere makes the tensor empty, but the other extents must still be sane.
  int64_t bytes = static_cast<int64_t>(sizeOf(type));
  bool empty = false;
  for (int64_t extent : shape) {
    empty |= extent == 0;
    if (extent < 0 || __builtin_mul_overflow(bytes, std::max<int64_t>(extent, 1), &bytes))
      return std::nullopt;
  }
  return empty ? 0 : static_cast<uint64_t>(bytes);
}

std::string describe(DType type, const std::vector<int64_t> &shape) {
  std::string out = std::string(nameOf(type)) + " [";
  for (size_t i = 0; i < shape.size(); ++i)
    out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

} // namespace glyptic
