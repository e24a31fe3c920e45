//===- Link.cpp - An object file as a shared object -------------===//
#include "codegen/CPU/Link.h"
#include "lld/Common/Driver.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <deque>
#include <dlfcn.h>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

LLD_HAS_DRIVER(elf)

namespace glyptic::codegen {
namespace {

/// An anonymous file that lld opens by path.
class MemoryFile {
public:
  explicit MemoryFile(llvm::StringRef bytes) : descriptor(memfd_create("kernels.o", MFD_CLOEXEC)) {
    if (descriptor < 0)
      return;
    llvm::raw_fd_ostream out(descriptor, /*shouldClose=*/false);
    out << bytes;
  }
  MemoryFile(const MemoryFile &) = delete;
  ~MemoryFile() {
    if (descriptor >= 0)
      close(descriptor);
  }
  std::string getPath() const { return "/proc/self/fd/" + std::to_string(descriptor); }

private:
  int descriptor;
};

/// Where this process has its libm.
std::string getMathLibrary() {
  Dl_info info;
  double (*function)(double) = std::exp;
  return dladdr(reinterpret_cast<void *>(function), &info) && info.dli_fname ? info.dli_fname : "";
}

} // namespace

llvm::Expected<std::vector<char>> linkSharedObject(llvm::ArrayRef<llvm::StringRef> objects) {
  // lld writes beside its output and renames, so the output cannot be a memory file.
  llvm::SmallString<128> output;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("glyptic", "so", output))
    return llvm::createStringError(error, "cannot create a temporary file for the linker");
  llvm::FileRemover remove(output);

  std::deque<MemoryFile> files;
  std::vector<std::string> arguments = {"ld.lld", "-shared", "--threads=1", "--strip-all", "--hash-style=gnu",
                                        "--as-needed", "-o", output.str().str()};
  for (llvm::StringRef object : objects)
    arguments.push_back(files.emplace_back(object).getPath());
  if (std::string library = getMathLibrary(); llvm::StringRef(library).contains("libm"))
    arguments.push_back(library);
  std::vector<const char *> raw;
  for (const std::string &argument : arguments)
    raw.push_back(argument.c_str());

  std::string messages;
  llvm::raw_string_ostream stream(messages);
  static std::mutex mutex; // lld keeps global state
  std::lock_guard<std::mutex> lock(mutex);
  lld::Result result = lld::lldMain(raw, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0 || !result.canRunAgain)
    return llvm::createStringError("linking the kernels failed: " + messages);
  auto linked = llvm::MemoryBuffer::getFile(output, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!linked)
    return llvm::createStringError(linked.getError(), "cannot read what the linker wrote");
  return std::vector<char>((*linked)->getBufferStart(), (*linked)->getBufferEnd());
}

} // namespace glyptic::codegen
