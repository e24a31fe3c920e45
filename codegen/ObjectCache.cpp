//===- ObjectCache.cpp - Compiled kernels on disk ---------------===//
#include "codegen/ObjectCache.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/xxhash.h"
#include <algorithm>
#include <chrono>

using namespace llvm;

namespace glyptic::codegen {

/// Before the bytes: their length and their hash.
static constexpr size_t kHeader = 16;
static constexpr StringLiteral kSuffix = ".object";

std::string getCacheKey(ArrayRef<StringRef> parts) {
  SHA256 hash;
  for (StringRef part : parts) {
    char length[8];
    support::endian::write64le(length, part.size()); // so that parts cannot run into each other
    hash.update(StringRef(length, sizeof(length)));
    hash.update(part);
  }
  return toHex(hash.final(), /*LowerCase=*/true);
}

ObjectCache ObjectCache::standard() {
  if (const char *folder = std::getenv("GLYPTIC_CACHE_DIR"))
    return ObjectCache(folder);
  SmallString<128> folder;
  if (!sys::path::cache_directory(folder))
    return ObjectCache("");
  sys::path::append(folder, "glyptic");
  return ObjectCache(folder.str().str());
}

std::string ObjectCache::getPath(StringRef key) const {
  SmallString<128> path(folder);
  sys::path::append(path, key + kSuffix);
  return path.str().str();
}

std::optional<std::vector<char>> ObjectCache::load(StringRef key) const {
  if (folder.empty())
    return std::nullopt;
  auto file = MemoryBuffer::getFile(getPath(key), /*IsText=*/false, /*RequiresNullTerminator=*/false,
                                    /*IsVolatile=*/true);
  if (!file || (*file)->getBufferSize() < kHeader)
    return std::nullopt;
  StringRef bytes = (*file)->getBuffer().drop_front(kHeader);
  const char *header = (*file)->getBufferStart();
  if (support::endian::read64le(header) != bytes.size() || support::endian::read64le(header + 8) != xxh3_64bits(bytes))
    return std::nullopt;
  // Eviction goes by time of use.
  int descriptor;
  if (!sys::fs::openFileForWrite(getPath(key), descriptor, sys::fs::CD_OpenExisting, sys::fs::OF_Append)) {
    (void)sys::fs::setLastAccessAndModificationTime(descriptor, std::chrono::system_clock::now());
    sys::fs::file_t file = descriptor;
    (void)sys::fs::closeFile(file);
  }
  return std::vector<char>(bytes.begin(), bytes.end());
}

void ObjectCache::save(StringRef key, ArrayRef<char> bytes) const {
  if (folder.empty() || sys::fs::create_directories(folder))
    return;
  auto file = sys::fs::TempFile::create(getPath(key) + ".%%%%%%%%");
  if (!file)
    return consumeError(file.takeError());
  char header[kHeader];
  support::endian::write64le(header, bytes.size());
  support::endian::write64le(header + 8, xxh3_64bits(StringRef(bytes.data(), bytes.size())));
  raw_fd_ostream out(file->FD, /*shouldClose=*/false);
  out.write(header, kHeader).write(bytes.data(), bytes.size());
  out.flush();
  if (out.has_error()) {
    out.clear_error();
    return consumeError(file->discard());
  }
  if (Error error = file->keep(getPath(key)))
    return consumeError(std::move(error));
  evict();
}

void ObjectCache::evict() const {
  struct Entry {
    sys::TimePoint<> used;
    uint64_t size;
    std::string path;
  };
  std::vector<Entry> entries;
  uint64_t total = 0;
  std::error_code error;
  for (sys::fs::directory_iterator it(folder, error), end; it != end && !error; it.increment(error)) {
    auto status = it->status();
    if (!status || !StringRef(it->path()).contains(kSuffix))
      continue;
    entries.push_back({status->getLastModificationTime(), status->getSize(), it->path()});
    total += status->getSize();
  }
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) { return a.used < b.used; });
  for (const Entry &entry : entries) {
    if (total <= maxBytes)
      break;
    if (!sys::fs::remove(entry.path))
      total -= entry.size;
  }
}

} // namespace glyptic::codegen
