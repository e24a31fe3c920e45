//===- Tool.h - From arguments to an exit code ------------------*- C++ -*-===//
#pragma once

#include "support/Error.h"

namespace glyptic::tool {

/// What the process may return; scripts rely on these.
enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kDefect = 70, kInterrupted = 130 };

/// A wrong combination of arguments that the parser cannot see.
class UsageError : public Error {
public:
  using Error::Error;
};

int run(int argc, char **argv);

} // namespace glyptic::tool
