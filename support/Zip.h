//===- Zip.h - ZIP archives: glyphs and .npz files --------------*- C++ -*-===//
#pragma once

#include "support/Error.h"
#include "support/File.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace glyptic {

struct ZipEntry {
  std::string name;
  std::string_view data; ///< as it lies in the archive
  uint64_t size;         ///< once inflated
  uint32_t crc;
  bool deflated;
};

/// The directory of an archive that lies in memory, usually mapped. Entries are found in place and never extracted to
/// files. Encrypted, duplicate, overlapping or otherwise compressed entries are refused.
class ZipReader {
public:
  /// `bytes` must outlive the reader and every view that it gives out.
  explicit ZipReader(std::string_view bytes);

  const std::vector<ZipEntry> &entries() const { return directory; }
  const ZipEntry *find(std::string_view name) const;

  /// A stored entry's bytes in place, once its checksum has been found right. Reads all of it.
  static std::string_view stored(const ZipEntry &entry);
  /// Any entry's bytes, inflated and checked. `limit` bounds what a small file may grow to.
  static std::vector<std::byte> inflated(const ZipEntry &entry, uint64_t limit = UINT64_MAX);

private:
  std::vector<ZipEntry> directory;
};

/// Writes an archive of stored entries whose data begins at multiples of 64, so that they can be used in place. Same
/// entries, same bytes: no times of day. Over 4 GB it is ZIP64.
class ZipWriter {
public:
  explicit ZipWriter(const std::string &path);
  ~ZipWriter();

  void add(const std::string &name, std::string_view bytes);

  /// One entry in pieces that sum to `size`.
  void begin(const std::string &name, uint64_t size);
  void write(const void *data, size_t size);
  void end();

  /// Writes the directory and gives the file its name.
  void commit();

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace glyptic
