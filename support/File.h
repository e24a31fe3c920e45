//===- File.h - Reading by mapping, writing whole or not at all -*- C++ -*-===//
#pragma once

#include "support/Error.h"

#include <cstdint>
#include <utility>

namespace glyptic {

/// A file's bytes, mapped read-only. Another process that cuts the file short meanwhile makes reads fault; one that
/// replaces it by renaming, as OutputFile does, does not disturb.
class MappedFile {
public:
  explicit MappedFile(const std::string &path);
  MappedFile(MappedFile &&other) noexcept : mapped(std::exchange(other.mapped, {})) {}
  MappedFile &operator=(MappedFile &&other) noexcept {
    std::swap(mapped, other.mapped);
    return *this;
  }
  ~MappedFile();

  std::string_view bytes() const { return mapped; }

  /// Gives back the memory of what was read so far; it is read from the file again where it is needed again.
  void dropPages() const;

private:
  std::string_view mapped;
};

/// Writes beside `path` and renames into place on commit, so that a reader sees the old file or the whole new one.
/// What is not a regular file (a terminal, /dev/null, a pipe) is written directly. Uncommitted, the file vanishes.
class OutputFile {
public:
  explicit OutputFile(const std::string &path);
  OutputFile(OutputFile &&) = delete;
  ~OutputFile();

  void write(const void *data, size_t size);
  void write(std::string_view bytes) { write(bytes.data(), bytes.size()); }
  /// Moves the position of the next write.
  void seek(uint64_t position);
  uint64_t position() const;
  /// Data on the disk, then the name: after a crash either the old content or the new one is found.
  void commit();

private:
  std::string path, temporary; ///< `temporary` is empty where `path` is written directly
  int fd = -1;
};

} // namespace glyptic
