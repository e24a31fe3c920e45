//===- ObjectCache.h - Compiled kernels on disk -----------------*- C++ -*-===//
//
// One file per key. Entries appear by rename, so that processes can share the folder; a damaged entry counts as
// absent; the oldest go when the folder exceeds its bound. Every failure only costs a compilation.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace glyptic::codegen {

class ObjectCache {
public:
  explicit ObjectCache(std::string folder, uint64_t maxBytes = 256 << 20)
      : folder(std::move(folder)), maxBytes(maxBytes) {}
  /// $GLYPTIC_CACHE_DIR, else ~/.cache/glyptic.
  static ObjectCache standard();
  const std::string &getFolder() const { return folder; }

  std::optional<std::vector<char>> load(llvm::StringRef key) const;
  void save(llvm::StringRef key, llvm::ArrayRef<char> bytes) const;

private:
  std::string getPath(llvm::StringRef key) const;
  void evict() const;

  std::string folder; ///< empty: nothing is kept
  uint64_t maxBytes;
};

/// A file name for everything that determines a compilation.
std::string getCacheKey(llvm::ArrayRef<llvm::StringRef> parts);

} // namespace glyptic::codegen
