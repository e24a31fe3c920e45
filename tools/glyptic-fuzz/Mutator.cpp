//===- Mutator.cpp - Damaged copies of a protobuf file ------------------------===//
#include "Mutator.h"
#include <iterator>

namespace glyptic {

namespace {

enum WireType { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

/// Weights are all alike to an importer; its decisions are in short fields.
constexpr size_t kLongestMessage = 1 << 16;

std::optional<uint64_t> readVarint(std::string_view &in) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    uint8_t byte = uint8_t(in.front());
    in.remove_prefix(1);
    value |= uint64_t(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return value;
  }
  return std::nullopt;
}

void writeVarint(std::string &out, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out += char(value | 0x80);
  out += char(value);
}

std::optional<std::vector<Field>> parse(std::string_view in, bool isRoot) {
  std::vector<Field> fields;
  while (!in.empty()) {
    std::optional<uint64_t> tag = readVarint(in);
    if (!tag || *tag >> 3 == 0 || *tag >> 3 > 64)
      return std::nullopt;
    Field field{uint32_t(*tag >> 3), uint32_t(*tag & 7), 0, {}, {}};
    std::optional<uint64_t> length;
    switch (field.wireType) {
    case Varint:
      length = readVarint(in);
      if (!length)
        return std::nullopt;
      field.integer = *length;
      break;
    case Fixed64:
    case Fixed32:
    case Bytes:
      length = field.wireType == Bytes ? readVarint(in) : field.wireType == Fixed64 ? 8 : 4;
      if (!length || *length > in.size())
        return std::nullopt;
      field.bytes = in.substr(0, *length);
      in.remove_prefix(*length);
      if (field.wireType == Bytes && (isRoot || *length <= kLongestMessage))
        field.fields = parse(field.bytes, /*isRoot=*/false).value_or(std::vector<Field>());
      break;
    default:
      return std::nullopt;
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

std::string serialize(const std::vector<Field> &fields) {
  std::string out;
  for (const Field &field : fields) {
    writeVarint(out, field.number << 3 | field.wireType);
    std::string bytes = field.fields.empty() ? field.bytes : serialize(field.fields);
    if (field.wireType == Varint)
      writeVarint(out, field.integer);
    else if (field.wireType == Bytes)
      writeVarint(out, bytes.size());
    out += bytes;
  }
  return out;
}

/// Integers at which sizes, axes and types break.
constexpr int64_t kIntegers[] = {0, 1, 2, -1, -2, 3, 7, 16, 64, 1000, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN,
                                 int64_t(1) << 32, int64_t(1) << 40, int64_t(1) << 62};

class Damage {
public:
  explicit Damage(uint64_t seed) : random(seed) {}

  void apply(std::vector<Field> &root) {
    std::vector<Field *> leaves;
    collect(root, leaves);
    if (leaves.empty())
      return;
    Field &one = *leaves[pick(leaves.size())];
    if (one.wireType == Varint) {
      one.integer = uint64_t(kIntegers[pick(std::size(kIntegers))]);
      return;
    }
    // Names and operators of elsewhere, or text that is none.
    const Field &other = *leaves[pick(leaves.size())];
    if (pick(4))
      one.bytes = std::string(other.bytes);
    else
      flip(one.bytes);
  }

  void flip(std::string &bytes) {
    if (!bytes.empty())
      bytes[pick(bytes.size())] ^= char(1 << pick(8));
  }

  /// Drops or doubles a field.
  void restructure(std::vector<Field> &fields) {
    if (fields.empty())
      return;
    size_t i = pick(fields.size());
    if (!fields[i].fields.empty() && pick(4))
      return restructure(fields[i].fields);
    if (pick(2))
      fields.erase(fields.begin() + i);
    else
      fields.insert(fields.begin() + i, Field(fields[i]));
  }

  /// std::uniform_int_distribution differs between libraries.
  size_t pick(size_t count) { return random() % count; }

private:
  static void collect(std::vector<Field> &fields, std::vector<Field *> &leaves) {
    for (Field &field : fields)
      if (field.fields.empty())
        leaves.push_back(&field);
      else
        collect(field.fields, leaves);
  }

  std::mt19937_64 random;
};

} // namespace

Mutator::Mutator(std::string_view original)
    : original(original), root(parse(original, /*isRoot=*/true).value_or(std::vector<Field>())) {}

std::string Mutator::mutate(uint64_t seed) const {
  Damage damage(seed);
  size_t kind = damage.pick(8);
  if (kind < 2 || root.empty()) {
    std::string bytes = original;
    for (size_t i = 0; i <= kind; ++i)
      damage.flip(bytes);
    return bytes;
  }
  std::vector<Field> fields = root;
  for (size_t i = 0, count = 1 + damage.pick(3); i < count; ++i)
    kind == 2 ? damage.restructure(fields) : damage.apply(fields);
  return serialize(fields);
}

} // namespace glyptic
