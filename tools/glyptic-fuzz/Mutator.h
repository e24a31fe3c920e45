//===- Mutator.h - Damaged copies of a protobuf file ------------*- C++ -*-===//
//
// Damage that still parses goes deeper than flipped bytes: fields are taken apart by their wire format alone, without a
// schema, and put together again with right lengths.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace glyptic {

/// A field of a message. What its bytes mean is not in the file: they count as a message if they parse as one.
struct Field {
  uint32_t number = 0, wireType = 0;
  uint64_t integer = 0;
  std::string bytes;
  std::vector<Field> fields; ///< of `bytes`, if they are a message
};

/// The same damage for the same seed, on every machine.
class Mutator {
public:
  explicit Mutator(std::string_view original);

  std::string mutate(uint64_t seed) const;

private:
  std::string original;
  std::vector<Field> root;
};

} // namespace glyptic
