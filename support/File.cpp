//===- File.cpp - Reading by mapping, writing whole or not at all ---------===//
#include "support/File.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace glyptic {

MappedFile::MappedFile(const std::string &path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    throwFileError("open", path);
  struct stat info;
  void *address = nullptr;
  bool regular = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  if (regular && info.st_size > 0)
    address = ::mmap(nullptr, static_cast<size_t>(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  if (!regular)
    throw Error(ErrorCode::File, "cannot read " + quoteName(path) + ": not a regular file");
  if (address == MAP_FAILED)
    throwFileError("map", path);
  mapped = {static_cast<const char *>(address), static_cast<size_t>(info.st_size)};
}

MappedFile::~MappedFile() {
  if (!mapped.empty())
    ::munmap(const_cast<char *>(mapped.data()), mapped.size());
}

void MappedFile::dropPages() const {
  if (!mapped.empty())
    ::madvise(const_cast<char *>(mapped.data()), mapped.size(), MADV_DONTNEED);
}

/// The file that `path` leads to, so that renaming replaces the target of a link rather than the link.
static std::string followLinks(const std::string &path) {
  char resolved[PATH_MAX];
  return ::realpath(path.c_str(), resolved) ? resolved : path;
}

OutputFile::OutputFile(const std::string &path) : path(path) {
  struct stat info;
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
      throwFileError("write", path);
    return;
  }
  this->path = followLinks(path);
  // O_EXCL finds a free name; unlike mkstemp, open gives the permissions that the user's umask asks for.
  for (int attempt = 0; attempt < 100 && fd < 0; ++attempt) {
    temporary = this->path + "." + std::to_string(::getpid()) + "-" + std::to_string(attempt) + ".tmp";
    fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno != EEXIST)
      break;
  }
  if (fd < 0)
    throwFileError("create", path);
}

OutputFile::~OutputFile() {
  if (fd >= 0)
    ::close(fd);
  if (!temporary.empty())
    ::unlink(temporary.c_str());
}

void OutputFile::write(const void *data, size_t size) {
  auto *bytes = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t written = ::write(fd, bytes, size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      throwFileError("write", path);
    bytes += written;
    size -= static_cast<size_t>(written);
  }
}

void OutputFile::seek(uint64_t position) {
  if (::lseek(fd, static_cast<off_t>(position), SEEK_SET) < 0)
    throwFileError("seek in", path);
}

uint64_t OutputFile::position() const { return static_cast<uint64_t>(::lseek(fd, 0, SEEK_CUR)); }

/// Makes a rename inside the folder of `path` durable. File systems that cannot are left at what they do.
static void syncFolder(const std::string &path) {
  size_t slash = path.rfind('/');
  std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  ::fsync(fd);
  ::close(fd);
}

void OutputFile::commit() {
  if (temporary.empty())
    return;
  if (::fsync(fd) != 0 || ::close(std::exchange(fd, -1)) != 0)
    throwFileError("write", path);
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    throwFileError("rename into place", path);
  temporary.clear();
  syncFolder(path);
}

} // namespace glyptic
