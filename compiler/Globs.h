//===- Globs.h - Names that a user chooses by pattern -----------*- C++ -*-===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace glyptic {

/// Shell globs (fnmatch), where `*` matches any characters: parameter names are no paths.
bool matchesAny(llvm::ArrayRef<std::string> globs, llvm::StringRef name);

} // namespace glyptic
