//===- NpyHeader.cpp - The head of a .npy file ----------------------------===//
#include "support/NpyHeader.h"
#include "support/Error.h"

#include <cctype>

namespace glyptic {

static constexpr std::string_view kMagic = "\x93NUMPY";

namespace {
/// Reads the one Python expression that a header is: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
class DictParser {
public:
  explicit DictParser(std::string_view text) : text(text) {}

  NpyHeader parse() {
    bool seen[3] = {};
    expect(accept('{'));
    while (!accept('}')) {
      std::string_view key;
      expect(string(key) && accept(':'));
      int field = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
      expect(field >= 0 && !seen[field]);
      seen[field] = true;
      if (field == 0)
        descr();
      else if (field == 1)
        expect((header.columnMajor = word("True")) || word("False"));
      else
        shape();
      expect(accept(',') || peek() == '}');
    }
    expect(seen[0] && seen[1] && seen[2] && peek() == '\0');
    return header;
  }

private:
  static void expect(bool holds) {
    if (!holds)
      throw Error(ErrorCode::Format, "its .npy header is not understood");
  }

  char peek() {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
      text.remove_prefix(1);
    return text.empty() ? '\0' : text.front();
  }

  bool accept(char c) {
    if (peek() != c)
      return false;
    text.remove_prefix(1);
    return true;
  }

  bool word(std::string_view expected) {
    peek();
    if (text.substr(0, expected.size()) != expected)
      return false;
    text.remove_prefix(expected.size());
    return true;
  }

  bool string(std::string_view &out) {
    char quote = peek();
    if (quote != '\'' && quote != '"')
      return false;
    size_t end = text.find(quote, 1);
    if (end == std::string_view::npos)
      return false;
    out = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    return true;
  }

  bool number(int64_t &out) {
    if (!std::isdigit(static_cast<unsigned char>(peek())))
      return false;
    for (out = 0; !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())); text.remove_prefix(1))
      if (__builtin_mul_overflow(out, 10, &out) || __builtin_add_overflow(out, text.front() - '0', &out))
        return false;
    return true;
  }

  void descr() {
    std::string_view name;
    if (!string(name))
      throw Error(ErrorCode::Unsupported, "it is an array of records, which is not supported");
    std::optional<DType> type = fromNumpyDescription(name);
    if (!type)
      throw Error(ErrorCode::Unsupported, "its element type " + quoteName(name) +
                                              " is not supported (floats, integers and booleans, little-endian, are)");
    header.type = *type;
  }

  void shape() {
    expect(accept('('));
    while (!accept(')')) {
      int64_t extent = 0;
      expect(number(extent) && (accept(',') || peek() == ')'));
      header.shape.push_back(extent);
    }
  }

  std::string_view text;
  NpyHeader header{};
};
} // namespace

NpyHeader parseNpyHeader(std::string_view bytes) {
  constexpr size_t prefix = kMagic.size() + 2; // and two bytes of version
  if (bytes.size() < prefix || bytes.substr(0, kMagic.size()) != kMagic)
    throw Error(ErrorCode::Format, "it is not a .npy array");
  unsigned major = static_cast<unsigned char>(bytes[kMagic.size()]);
  if (major < 1 || major > 3)
    throw Error(ErrorCode::Unsupported, "its .npy format version " + std::to_string(major) + " is not supported");
  size_t begin = prefix + (major == 1 ? 2 : 4), length = 0;
  for (size_t i = begin; i-- > prefix && begin <= bytes.size();)
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  if (begin > bytes.size() || length > bytes.size() - begin)
    throw Error(ErrorCode::Format, "its .npy header is cut short");
  NpyHeader header = DictParser(bytes.substr(begin, length)).parse();
  header.dataOffset = begin + length;
  return header;
}

std::string makeNpyHeader(DType type, const std::vector<int64_t> &shape) {
  std::string extents;
  for (size_t i = 0; i < shape.size(); ++i)
    extents += (i ? ", " : "") + std::to_string(shape[i]);
  extents += shape.size() == 1 ? "," : "";
  std::string dict =
      "{'descr': '" + numpyDescription(type).value() + "', 'fortran_order': False, 'shape': (" + extents + "), }";
  constexpr size_t prefix = kMagic.size() + 4;
  dict.append((64 - (prefix + dict.size() + 1) % 64) % 64, ' ');
  dict += '\n';
  std::string out(kMagic);
  out += {'\1', '\0', static_cast<char>(dict.size() & 0xFF), static_cast<char>(dict.size() >> 8)};
  return out + dict;
}

} // namespace glyptic
