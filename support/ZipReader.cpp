//===- ZipReader.cpp - Entries of an archive in memory --------------------===//
#include "support/Zip.h"

#include <algorithm>
#include <cstring>
#include <minizip/unzip.h>
#include <zlib.h>

namespace glyptic {

namespace {
/// A region of memory as minizip wants to see a file.
struct Stream {
  std::string_view bytes;
  uint64_t position = 0;

  static Stream &of(voidpf stream) { return *static_cast<Stream *>(stream); }

  static uLong read(voidpf, voidpf stream, void *target, uLong size) {
    Stream &self = of(stream);
    uLong count = std::min<uint64_t>(size, self.bytes.size() - self.position);
    std::memcpy(target, self.bytes.data() + self.position, count);
    self.position += count;
    return count;
  }

  static long seek(voidpf, voidpf stream, ZPOS64_T offset, int origin) {
    Stream &self = of(stream);
    uint64_t base = origin == ZLIB_FILEFUNC_SEEK_SET   ? 0
                    : origin == ZLIB_FILEFUNC_SEEK_CUR ? self.position
                                                       : self.bytes.size();
    uint64_t target = base + offset;
    if (target < base || target > self.bytes.size())
      return -1;
    self.position = target;
    return 0;
  }

  static zlib_filefunc64_def functions(Stream &self) {
    zlib_filefunc64_def table{};
    table.zopen64_file = [](voidpf opaque, const void *, int) { return opaque; };
    table.zread_file = read;
    table.zwrite_file = [](voidpf, voidpf, const void *, uLong) -> uLong { return 0; };
    table.ztell64_file = [](voidpf, voidpf stream) -> ZPOS64_T { return of(stream).position; };
    table.zseek64_file = seek;
    table.zclose_file = [](voidpf, voidpf) { return 0; };
    table.zerror_file = [](voidpf, voidpf) { return 0; };
    table.opaque = &self;
    return table;
  }
};
} // namespace

[[noreturn]] static void fail(const std::string &why) { throw Error(ErrorCode::Format, why); }

static constexpr char kDirectoryBroken[] = "the ZIP directory is damaged";
static constexpr unsigned kEncryptedFlags = 1 | 1 << 6 | 1 << 13;

/// The entry at which `archive` stands.
static ZipEntry readEntry(unzFile archive, std::string_view bytes) {
  unz_file_info64 info;
  if (unzGetCurrentFileInfo64(archive, &info, nullptr, 0, nullptr, 0, nullptr, 0) != UNZ_OK)
    fail(kDirectoryBroken);
  ZipEntry entry;
  entry.name.resize(info.size_filename + 1);
  if (unzGetCurrentFileInfo64(archive, &info, entry.name.data(), entry.name.size(), nullptr, 0, nullptr, 0) != UNZ_OK)
    fail(kDirectoryBroken);
  entry.name.pop_back();
  std::string label = "entry " + quoteName(entry.name);
  if (entry.name.empty() || entry.name.find('\0') != std::string::npos)
    fail(label + " has no proper name");
  if (info.flag & kEncryptedFlags)
    fail(label + " is encrypted");
  if (info.compression_method != 0 && info.compression_method != Z_DEFLATED)
    fail(label + " is compressed by method " + std::to_string(info.compression_method) + ", which is not supported");
  if (info.compression_method == 0 && info.compressed_size != info.uncompressed_size)
    fail(label + " is stored with two different sizes");

  // Opening it compares the directory with the header in front of the data.
  if (unzOpenCurrentFile2(archive, nullptr, nullptr, /*raw=*/1) != UNZ_OK)
    fail(label + " and its directory entry disagree");
  uint64_t offset = unzGetCurrentFileZStreamPos64(archive);
  unzCloseCurrentFile(archive);
  if (offset > bytes.size() || info.compressed_size > bytes.size() - offset)
    fail(label + " reaches beyond the end of the file");
  entry.data = bytes.substr(offset, info.compressed_size);
  entry.size = info.uncompressed_size;
  entry.crc = static_cast<uint32_t>(info.crc);
  entry.deflated = info.compression_method == Z_DEFLATED;
  return entry;
}

/// No two entries share a name or bytes (overlapping entries are how a small archive unpacks to a huge one).
static void checkDisjoint(std::vector<const ZipEntry *> entries) {
  auto byName = [](const ZipEntry *a, const ZipEntry *b) { return a->name < b->name; };
  std::sort(entries.begin(), entries.end(), byName);
  for (size_t i = 1; i < entries.size(); ++i)
    if (entries[i - 1]->name == entries[i]->name)
      fail("entry " + quoteName(entries[i]->name) + " occurs twice");
  auto byPlace = [](const ZipEntry *a, const ZipEntry *b) { return a->data.data() < b->data.data(); };
  std::sort(entries.begin(), entries.end(), byPlace);
  for (size_t i = 1; i < entries.size(); ++i)
    if (entries[i - 1]->data.data() + entries[i - 1]->data.size() > entries[i]->data.data())
      fail("entries " + quoteName(entries[i - 1]->name) + " and " + quoteName(entries[i]->name) + " overlap");
}

static constexpr size_t kDirectoryRecordSize = 22;

/// minizip reads what lies beyond the end as zeros, so a file that is cut within its last record would pass as empty.
static bool endsWithDirectory(std::string_view bytes) {
  size_t record = bytes.rfind("PK\5\6");
  if (record == std::string_view::npos || bytes.size() - record < kDirectoryRecordSize)
    return false;
  size_t comment = static_cast<unsigned char>(bytes[record + 20]) | static_cast<unsigned char>(bytes[record + 21]) << 8;
  return bytes.size() - record - kDirectoryRecordSize == comment;
}

ZipReader::ZipReader(std::string_view bytes) {
  if (!endsWithDirectory(bytes))
    fail("not a ZIP archive, or cut short");
  // minizip takes an archive without entries, which is nothing but its last record, for a damaged one.
  if (bytes.size() == kDirectoryRecordSize && bytes.substr(8, 4) == std::string_view("\0\0\0\0", 4))
    return;
  Stream stream{bytes};
  zlib_filefunc64_def functions = Stream::functions(stream);
  std::unique_ptr<void, int (*)(unzFile)> archive(unzOpen2_64("", &functions), unzClose);
  unz_global_info64 global;
  if (!archive || unzGetGlobalInfo64(archive.get(), &global) != UNZ_OK)
    fail(kDirectoryBroken);
  for (uint64_t i = 0; i < global.number_entry; ++i) {
    if ((i == 0 ? unzGoToFirstFile(archive.get()) : unzGoToNextFile(archive.get())) != UNZ_OK)
      fail(kDirectoryBroken);
    directory.push_back(readEntry(archive.get(), bytes));
  }
  std::vector<const ZipEntry *> all;
  for (const ZipEntry &entry : directory)
    all.push_back(&entry);
  checkDisjoint(std::move(all));
}

const ZipEntry *ZipReader::find(std::string_view name) const {
  auto found =
      std::find_if(directory.begin(), directory.end(), [&](const ZipEntry &entry) { return entry.name == name; });
  return found == directory.end() ? nullptr : &*found;
}

static void checkCrc(const ZipEntry &entry, std::string_view bytes) {
  if (crc32_z(0, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size()) != entry.crc)
    fail("entry " + quoteName(entry.name) + " is damaged (its checksum is wrong)");
}

std::string_view ZipReader::stored(const ZipEntry &entry) {
  if (entry.deflated)
    fail("entry " + quoteName(entry.name) + " is compressed, but must be stored");
  checkCrc(entry, entry.data);
  return entry.data;
}

/// Feeds zlib in pieces, for its counts are 32 bits wide.
static bool inflateAll(std::string_view source, std::vector<std::byte> &target) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return false;
  constexpr size_t piece = 1u << 30;
  size_t read = 0, written = 0;
  std::byte spare; // where a stream that holds too much would go on
  int code = Z_OK;
  while (code == Z_OK) {
    size_t in = std::min(piece, source.size() - read);
    size_t out = std::min(piece, target.size() - written);
    bool full = out == 0;
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(source.data() + read));
    stream.avail_in = static_cast<uInt>(in);
    stream.next_out = reinterpret_cast<Bytef *>(full ? &spare : target.data() + written);
    stream.avail_out = full ? 1 : static_cast<uInt>(out);
    code = inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    if (full && stream.avail_out == 0)
      code = Z_DATA_ERROR;
    written += full ? 0 : out - stream.avail_out;
  }
  inflateEnd(&stream);
  return code == Z_STREAM_END && written == target.size() && read == source.size();
}

std::vector<std::byte> ZipReader::inflated(const ZipEntry &entry, uint64_t limit) {
  std::vector<std::byte> bytes;
  if (!entry.deflated) {
    std::string_view content = stored(entry);
    auto *data = reinterpret_cast<const std::byte *>(content.data());
    bytes.assign(data, data + content.size());
    return bytes;
  }
  std::string label = "entry " + quoteName(entry.name);
  // DEFLATE expands at most 1032 times, so a greater size is a lie and must not be allocated.
  if (entry.size > limit || entry.size / 1032 > entry.data.size())
    fail(label + " claims " + std::to_string(entry.size) + " bytes, more than it can hold");
  bytes.resize(entry.size);
  if (!inflateAll(entry.data, bytes))
    fail(label + " is damaged (it does not inflate to its size)");
  checkCrc(entry, {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
  return bytes;
}

} // namespace glyptic
