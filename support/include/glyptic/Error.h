//===- Error.h - The one exception of Glyptic -------------------*- C++ -*-===//
#pragma once

#include <stdexcept>
#include <string>

namespace glyptic {

/// Who has to act. The C API passes the numbers on, so they never change.
enum class ErrorCode {
  Argument = 1,    ///< the caller's arguments, or data outside its range
  File = 2,        ///< the system refused to open, read or write a file
  Format = 3,      ///< a file is cut, edited or of another kind
  Unsupported = 4, ///< well formed, but not for this machine or this version
  Memory = 5,      ///< the machine has too little of it
  Internal = 6,    ///< a defect of Glyptic
};

/// The message names the file, says what is wrong and, where it can, what to do; it carries no "error: ".
class Error : public std::runtime_error {
public:
  explicit Error(const std::string &message) : Error(ErrorCode::Argument, message) {}
  Error(ErrorCode code, const std::string &message) : std::runtime_error(message), reason(code) {}
  ErrorCode code() const { return reason; }

private:
  ErrorCode reason;
};

} // namespace glyptic
