//===- Code.cpp - Machine code of a glyph ---------------------------------===//
#include "runtime/core/Code.h"
#include "support/Error.h"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace glyptic::runtime {

/// dlopen trusts what it maps, so what it would stumble over is told apart here.
static void checkHeader(const std::string &name, std::string_view bytes) {
  Elf64_Ehdr header;
  bool isElf = bytes.size() >= sizeof header && bytes.substr(0, SELFMAG) == std::string_view(ELFMAG, SELFMAG);
  if (isElf)
    std::memcpy(&header, bytes.data(), sizeof header);
#if defined(__x86_64__)
  constexpr unsigned machine = EM_X86_64;
#else
  constexpr unsigned machine = EM_AARCH64;
#endif
  if (!isElf || header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_DYN || header.e_machine != machine)
    throw Error(ErrorCode::Unsupported,
                "code " + quoteName(name) + " is not a shared object for this kind of processor");
  uint64_t end = header.e_phoff + uint64_t(header.e_phentsize) * header.e_phnum;
  bool inside = header.e_phoff <= bytes.size() && end <= bytes.size() && header.e_phentsize == sizeof(Elf64_Phdr);
  for (unsigned i = 0; inside && i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, bytes.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    inside = segment.p_offset <= bytes.size() && segment.p_filesz <= bytes.size() - segment.p_offset;
  }
  if (!inside)
    throw Error(ErrorCode::Format, "code " + quoteName(name) + " is cut short");
}

Code::Code(const std::string &name, std::string_view bytes) {
  checkHeader(name, bytes);
  fd = ::memfd_create("glyptic-kernels", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  for (size_t done = 0; fd >= 0 && done < bytes.size();) {
    ssize_t written = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno != EINTR)
      ::close(std::exchange(fd, -1));
    done += written > 0 ? static_cast<size_t>(written) : 0;
  }
  if (fd < 0)
    throw Error(ErrorCode::Memory, "cannot hold code " + quoteName(name) + " in memory: " + std::strerror(errno));
  ::fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
  // dlopen knows libraries by path, so the descriptor stays open for as long as the library: its number, and with it
  // the path, cannot come to mean another object.
  std::string path = "/proc/self/fd/" + std::to_string(fd);
  handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    std::string reason = ::dlerror();
    ::close(fd);
    throw Error(ErrorCode::Format, "code " + quoteName(name) + " cannot be loaded: " + reason);
  }
}

Code::Code(Code &&other) noexcept : handle(std::exchange(other.handle, nullptr)), fd(std::exchange(other.fd, -1)) {}

Code::~Code() {
  if (handle)
    ::dlclose(handle);
  if (fd >= 0)
    ::close(fd);
}

Kernel Code::find(const char *symbol) const { return reinterpret_cast<Kernel>(::dlsym(handle, symbol)); }

} // namespace glyptic::runtime
