//===- Link.h - An object file as a shared object ---------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace glyptic::codegen {

/// Links object files with lld, in this process. The result needs libm at most.
llvm::Expected<std::vector<char>> linkSharedObject(llvm::ArrayRef<llvm::StringRef> objects);

} // namespace glyptic::codegen
