//===- ZipWriter.cpp - Archives of stored, aligned entries ----------------===//
#include "support/Zip.h"

#include <algorithm>
#include <exception>
#include <minizip/zip.h>

namespace glyptic {

static constexpr uint64_t kAlignment = 64;

/// What minizip writes to; it goes back to each header once an entry's checksum is known.
struct ZipWriter::State {
  explicit State(const std::string &path) : file(path) {}
  ~State() {
    if (archive)
      zipClose(archive, nullptr);
  }

  static State &of(voidpf stream) { return *static_cast<State *>(stream); }

  /// Exceptions must not pass through minizip: the first is kept for `check`.
  template <typename Action> bool attempt(Action action) {
    if (failure)
      return false;
    try {
      action();
    } catch (...) {
      failure = std::current_exception();
    }
    return !failure;
  }

  static uLong writeFile(voidpf, voidpf stream, const void *data, uLong size) {
    State &self = of(stream);
    return self.attempt([&] { self.file.write(data, size); }) ? size : 0;
  }

  static long seekFile(voidpf, voidpf stream, ZPOS64_T offset, int origin) {
    State &self = of(stream);
    // It never seeks from the end of a file that it creates.
    uint64_t base = origin == ZLIB_FILEFUNC_SEEK_CUR ? self.file.position() : 0;
    return self.attempt([&] { self.file.seek(base + offset); }) ? 0 : -1;
  }

  zlib_filefunc64_def functions() {
    zlib_filefunc64_def table{};
    table.zopen64_file = [](voidpf opaque, const void *, int) { return opaque; };
    table.zread_file = [](voidpf, voidpf, void *, uLong) -> uLong { return 0; };
    table.zwrite_file = writeFile;
    table.ztell64_file = [](voidpf, voidpf stream) -> ZPOS64_T { return of(stream).file.position(); };
    table.zseek64_file = seekFile;
    table.zclose_file = [](voidpf, voidpf) { return 0; };
    table.zerror_file = [](voidpf, voidpf) { return 0; };
    table.opaque = this;
    return table;
  }

  /// What a call to minizip came to: its own code says less than the file's error.
  void check(int code, const char *doing) {
    if (failure)
      std::rethrow_exception(failure);
    if (code != ZIP_OK)
      throw Error(ErrorCode::Internal,
                  std::string("minizip could not ") + doing + " (code " + std::to_string(code) + ")");
  }

  OutputFile file;
  zipFile archive = nullptr;
  std::exception_ptr failure;
  uint64_t remaining = 0; ///< of the entry begun
};

ZipWriter::ZipWriter(const std::string &path) : state(std::make_unique<State>(path)) {
  zlib_filefunc64_def functions = state->functions();
  state->archive = zipOpen2_64("", APPEND_STATUS_CREATE, nullptr, &functions);
  state->check(state->archive ? ZIP_OK : ZIP_INTERNALERROR, "begin an archive");
}

ZipWriter::~ZipWriter() = default;

/// An extra field that brings the data behind a local header at `position` to a multiple of 64.
static std::string padding(uint64_t position, size_t nameSize, bool zip64) {
  // Fixed header, name, our field's own four bytes of id and size, and the 20 bytes that minizip adds for ZIP64.
  uint64_t begin = position + 30 + nameSize + 4 + (zip64 ? 20 : 0);
  uint64_t count = (kAlignment - begin % kAlignment) % kAlignment;
  std::string field = "\x35\xd9"; // the id that Android's zipalign uses for the same purpose
  field += static_cast<char>(count);
  field.append(1 + count, '\0');
  return field;
}

void ZipWriter::begin(const std::string &name, uint64_t size) {
  if (name.empty() || name.size() > 0xFFFF || name.find('\0') != std::string::npos)
    throw Error(quoteName(name) + " cannot name an entry of an archive");
  zip_fileinfo info{};
  info.dosDate = 0x00210000; // 1980-01-01: archives of the same content are the same
  bool zip64 = size >= 0xFFFFFFFF;
  std::string extra = padding(state->file.position(), name.size(), zip64);
  state->remaining = size;
  constexpr int utf8Name = 1 << 11;
  int code =
      zipOpenNewFileInZip4_64(state->archive, name.c_str(), &info, extra.data(), static_cast<uInt>(extra.size()),
                              nullptr, 0, nullptr, /*method=*/0, /*level=*/0, /*raw=*/0, -MAX_WBITS, DEF_MEM_LEVEL,
                              Z_DEFAULT_STRATEGY, nullptr, 0, /*versionMadeBy=*/0, utf8Name, zip64);
  state->check(code, "begin an entry");
}

void ZipWriter::write(const void *data, size_t size) {
  if (size > state->remaining)
    throw Error(ErrorCode::Internal, "an entry of an archive is longer than announced");
  state->remaining -= size;
  auto *bytes = static_cast<const char *>(data);
  constexpr size_t piece = 1u << 30; // minizip counts in 32 bits
  for (size_t done = 0; done < size; done += std::min(piece, size - done))
    state->check(zipWriteInFileInZip(state->archive, bytes + done, static_cast<unsigned>(std::min(piece, size - done))),
                 "write an entry");
}

void ZipWriter::end() {
  if (state->remaining != 0)
    throw Error(ErrorCode::Internal, "an entry of an archive is shorter than announced");
  state->check(zipCloseFileInZip(state->archive), "finish an entry");
}

void ZipWriter::add(const std::string &name, std::string_view bytes) {
  begin(name, bytes.size());
  write(bytes.data(), bytes.size());
  end();
}

void ZipWriter::commit() {
  state->check(zipClose(std::exchange(state->archive, nullptr), nullptr), "finish an archive");
  state->file.commit();
}

} // namespace glyptic
