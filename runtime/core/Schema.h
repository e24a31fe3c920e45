//===- Schema.h - Reading the tables of a glyph -----------------*- C++ -*-===//
#pragma once

#include "support/DataType.h"

#include <string_view>
#include <vector>

namespace glyptic::runtime {

inline std::string_view view(const flatbuffers::String *string) {
  return string ? std::string_view(string->c_str(), string->size()) : std::string_view();
}

/// FlatBuffers leaves empty vectors out; this lets one iterate over them all the same.
template <typename Vector> class Elements {
public:
  explicit Elements(const Vector *vector) : vector(vector) {}
  auto begin() const { return vector ? vector->begin() : typename Vector::const_iterator(nullptr, 0); }
  auto end() const { return vector ? vector->end() : typename Vector::const_iterator(nullptr, 0); }
  size_t size() const { return vector ? vector->size() : 0; }
  auto operator[](size_t i) const { return vector->Get(static_cast<flatbuffers::uoffset_t>(i)); }

private:
  const Vector *vector;
};
template <typename Vector> Elements(const Vector *) -> Elements<Vector>;

/// Sizes and shapes of a verified program; unverified ones may overflow.
inline uint64_t sizeFor(const glyph::Size &size, int64_t batch) {
  return size.constant() + size.per_batch() * static_cast<uint64_t>(batch);
}

inline std::vector<int64_t> shapeFor(const glyph::Tensor &tensor, int64_t batch) {
  std::vector<int64_t> shape;
  for (const glyph::Dim *dim : Elements(tensor.dims()))
    shape.push_back(static_cast<int64_t>(dim->scale()) * (dim->batched() ? batch : 1));
  return shape;
}

/// Allocates nothing: every run asks for the sizes of its inputs.
inline uint64_t bytesFor(const glyph::Tensor &tensor, int64_t batch) {
  uint64_t bytes = sizeOf(tensor.dtype());
  for (const glyph::Dim *dim : Elements(tensor.dims()))
    bytes *= dim->scale() * (dim->batched() ? static_cast<uint64_t>(batch) : 1);
  return bytes;
}

} // namespace glyptic::runtime
