//===- Globs.cpp - Names that a user chooses by pattern -------------------===//
#include "compiler/Globs.h"
#include "llvm/ADT/STLExtras.h"
#include <fnmatch.h>

bool glyptic::matchesAny(llvm::ArrayRef<std::string> globs, llvm::StringRef name) {
  std::string text = name.str();
  return llvm::any_of(globs, [&](const std::string &glob) { return fnmatch(glob.c_str(), text.c_str(), 0) == 0; });
}
