//===- Error.h - Faults of the input, the data or the machine ---*- C++ -*-===//
//
// Error is thrown inside support, runtime and tools and caught before any C interface.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "glyptic/Error.h"

#include <string_view>

namespace glyptic {

/// `name` in single quotes, control characters as \xNN: names come from files and end on terminals.
std::string quoteName(std::string_view name);

/// "cannot open 'path': No such file or directory", from errno.
[[noreturn]] void throwFileError(std::string_view doing, std::string_view path);

/// Runs `action`; what it throws is said of `subject`: "subject: message".
template <typename Action> auto withSubject(std::string_view subject, Action action) {
  try {
    return action();
  } catch (const Error &error) {
    throw Error(error.code(), std::string(subject) + ": " + error.what());
  }
}

} // namespace glyptic
