//===- Error.cpp - Faults of the input, the data or the machine -----------===//
#include "support/Error.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace glyptic {

std::string quoteName(std::string_view name) {
  std::string out = "'";
  for (size_t i = 0; i < name.size(); ++i) {
    auto byte = static_cast<unsigned char>(name[i]);
    // U+0080 to U+009F are control characters, too; in UTF-8 they begin with 0xC2.
    bool c1 = byte == 0xC2 && i + 1 < name.size() && static_cast<unsigned char>(name[i + 1]) < 0xA0;
    if (byte < 0x20 || byte == 0x7F || c1) {
      char escape[5];
      std::snprintf(escape, sizeof escape, "\\x%02x", c1 ? static_cast<unsigned char>(name[++i]) : byte);
      out += escape;
    } else {
      out += name[i];
    }
  }
  return out + "'";
}

void throwFileError(std::string_view doing, std::string_view path) {
  std::string reason = std::generic_category().message(errno);
  throw Error(ErrorCode::File, "cannot " + std::string(doing) + " " + quoteName(path) + ": " + reason);
}

} // namespace glyptic
