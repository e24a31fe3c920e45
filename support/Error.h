//===- Error.h - A fault of the input, the data or the machine --*- C++ -*-===//
#pragma once

#include <stdexcept>
#include <string>

namespace glyptic {

/// Thrown inside support, runtime and tools, caught before any C interface. The message names the file, says what is
/// wrong and what to do; it carries no "error: ".
class Error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace glyptic
