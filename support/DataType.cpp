//===- DataType.cpp -------------------------------------------------------===//
#include "support/DataType.h"

namespace glyptic {
namespace {

struct Facts {
  const char *name;
  size_t size;
};

/// In the order of the schema's enum.
constexpr Facts kFacts[] = {{"float32", 4}, {"float64", 8}, {"float16", 2}, {"bfloat16", 2}, {"int8", 1},
                            {"int16", 2},   {"int32", 4},   {"int64", 8},   {"uint8", 1},    {"uint16", 2},
                            {"uint32", 4},  {"uint64", 8},  {"bool", 1}};
static_assert(sizeof(kFacts) / sizeof(Facts) == size_t(DType::MAX) + 1);

} // namespace

size_t sizeOf(DType type) { return kFacts[size_t(type)].size; }
const char *nameOf(DType type) { return kFacts[size_t(type)].name; }

} // namespace glyptic
