//===- Nvrtc.cpp - NVIDIA's compiler for CUDA C++ ---------------===//
#include "codegen/CUDA/Nvrtc.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include <dlfcn.h>
#include <mutex>

using namespace llvm;

namespace glyptic::codegen::cuda {

/// As nvrtc.h has them. A result of 0 is success.
struct Nvrtc::Functions {
  using Handle = struct NvrtcProgram *;
  int (*version)(int *major, int *minor);
  int (*getNumSupportedArchs)(int *count);
  int (*getSupportedArchs)(int *archs);
  const char *(*getErrorString)(int result);
  int (*createProgram)(Handle *program, const char *source, const char *name, int headers, const char *const *texts,
                       const char *const *names);
  int (*destroyProgram)(Handle *program);
  int (*compileProgram)(Handle program, int count, const char *const *options);
  int (*getProgramLogSize)(Handle program, size_t *size);
  int (*getProgramLog)(Handle program, char *log);
  int (*getPTXSize)(Handle program, size_t *size);
  int (*getPTX)(Handle program, char *ptx);
  int (*getCUBINSize)(Handle program, size_t *size);
  int (*getCUBIN)(Handle program, char *cubin);

  /// The first symbol that is missing, or null.
  const char *load(void *library) {
    const char *missing = nullptr;
    auto find = [&](auto &function, const char *symbol) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, symbol));
      if (!function && !missing)
        missing = symbol;
    };
    find(version, "nvrtcVersion");
    find(getNumSupportedArchs, "nvrtcGetNumSupportedArchs");
    find(getSupportedArchs, "nvrtcGetSupportedArchs");
    find(getErrorString, "nvrtcGetErrorString");
    find(createProgram, "nvrtcCreateProgram");
    find(destroyProgram, "nvrtcDestroyProgram");
    find(compileProgram, "nvrtcCompileProgram");
    find(getProgramLogSize, "nvrtcGetProgramLogSize");
    find(getProgramLog, "nvrtcGetProgramLog");
    find(getPTXSize, "nvrtcGetPTXSize");
    find(getPTX, "nvrtcGetPTX");
    find(getCUBINSize, "nvrtcGetCUBINSize");
    find(getCUBIN, "nvrtcGetCUBIN");
    return missing;
  }
};

static constexpr StringLiteral kLibrary = "libnvrtc.so";
static constexpr StringLiteral kFileName = "kernels.cu";
static constexpr int kOldest = 12; ///< major version; older ones lack sm_90

/// Paths to try, in order; versions of the library newest first.
static std::vector<std::string> getCandidates() {
  std::vector<std::string> folders;
  if (std::optional<std::string> home = sys::Process::GetEnv("CUDA_HOME")) {
    folders.push_back(*home + "/lib64/");
    folders.push_back(*home + "/lib/");
  }
  Dl_info self;
  if (dladdr(reinterpret_cast<void *>(&getCandidates), &self) && self.dli_fname)
    folders.push_back((sys::path::parent_path(self.dli_fname) + "/nvrtc/").str());
  folders.push_back("");
  std::vector<std::string> paths;
  for (const std::string &folder : folders)
    for (StringRef version : {".13", ".12", ""})
      paths.push_back((folder + kLibrary + version).str());
  return paths;
}

Nvrtc::Nvrtc(const Functions &functions) : functions(functions) {
  int major = 0, minor = 0, count = 0;
  functions.version(&major, &minor);
  version = std::to_string(major) + "." + std::to_string(minor);
  functions.getNumSupportedArchs(&count);
  std::vector<int> numbers(count);
  functions.getSupportedArchs(numbers.data());
  for (int number : numbers)
    architectures.push_back("sm_" + std::to_string(number));
}

Expected<const Nvrtc *> Nvrtc::open() {
  std::string tried;
  for (const std::string &path : getCandidates()) {
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      tried += (tried.empty() ? "" : ", ") + path;
      continue;
    }
    // Never closed: NVRTC keeps threads and memory for as long as the process lives.
    static Functions functions;
    if (const char *missing = functions.load(library))
      return createStringError("NVRTC (" + path + ") lacks " + missing + "; CUDA " + Twine(kOldest) +
                               " or newer is needed");
    static const Nvrtc nvrtc(functions);
    if (int major = 0; StringRef(nvrtc.version).split('.').first.getAsInteger(10, major) || major < kOldest)
      return createStringError("NVRTC (" + path + ") is version " + nvrtc.version + "; CUDA " + Twine(kOldest) +
                               " or newer is needed");
    // NVRTC opens this second library by its name alone, which finds one that is loaded already. Where it lies elsewhere,
    // the system knows where.
    if (std::string folder = sys::path::parent_path(path).str(); !folder.empty())
      dlopen((folder + "/libnvrtc-builtins.so." + nvrtc.version).c_str(), RTLD_NOW | RTLD_LOCAL);
    return &nvrtc;
  }
  return createStringError("NVRTC, which compiles CUDA kernels, is not found; install CUDA and set CUDA_HOME, or run "
                           "scripts/setup (tried " +
                           tried + ")");
}

Expected<const Nvrtc *> Nvrtc::get() {
  static std::mutex mutex;
  static const Nvrtc *known = nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  if (known)
    return known;
  Expected<const Nvrtc *> opened = open();
  if (opened)
    known = *opened;
  return opened;
}

ArrayRef<const char *> Nvrtc::getOptions() {
  // Products and sums are fused only where the text says fma, as it does wherever one feeds the other: then bits are
  // those of the program, on the shim as on a GPU. What is left costs nothing that shows: kernels wait for memory.
  static constexpr const char *options[] = {"--std=c++17", "-default-device", "--fmad=false",
                                            "--ptxas-options=--warn-on-spills"};
  return options;
}

Expected<DeviceCode> Nvrtc::compile(StringRef source, StringRef architecture) const {
  if (!is_contained(architectures, architecture))
    return createStringError("NVRTC " + version + " does not compile for " + architecture + ", but for " +
                             join(architectures, ", "));
  Functions::Handle program = nullptr;
  if (int result = functions.createProgram(&program, source.str().c_str(), kFileName.data(), 0, nullptr, nullptr))
    return createStringError(Twine("NVRTC: ") + functions.getErrorString(result));
  scope_exit destroy([&] { functions.destroyProgram(&program); });

  std::string target = ("--gpu-architecture=" + architecture).str();
  SmallVector<const char *> options(getOptions());
  options.push_back(target.c_str());
  int result = functions.compileProgram(program, options.size(), options.data());
  auto read = [&](auto getSize, auto getBytes, auto &bytes) {
    size_t size = 0;
    getSize(program, &size);
    bytes.resize(size);
    getBytes(program, bytes.data());
  };
  std::string log;
  read(functions.getProgramLogSize, functions.getProgramLog, log);
  log = nameKernelsInLog(StringRef(log.c_str()), source);
  if (result != 0)
    return createStringError("NVRTC " + version + " cannot compile the kernels for " + architecture + ": " +
                             functions.getErrorString(result) + "\n" + log);
  DeviceCode code;
  read(functions.getPTXSize, functions.getPTX, code.ptx);
  read(functions.getCUBINSize, functions.getCUBIN, code.cubin);
  code.ptx.resize(StringRef(code.ptx.c_str()).size()); // it comes with a final zero
  code.warnings = std::move(log);
  return code;
}

std::string nameKernelsInLog(StringRef log, StringRef source) {
  SmallVector<StringRef> lines;
  source.split(lines, '\n');
  // The kernel that a line of source belongs to: the last that begins there or before.
  auto findKernel = [&](size_t line) {
    for (size_t i = std::min(line, lines.size()); i-- > 0;)
      if (StringRef head = lines[i]; head.contains("__global__")) {
        StringRef before = head.take_until([](char c) { return c == '{'; });
        // `extern "C" __global__ void __launch_bounds__(256) name(float *a, ...`
        size_t at = before.find("void");
        before = at == StringRef::npos ? before : before.drop_front(at + 4);
        if (before.ltrim().starts_with("__launch_bounds__"))
          before = before.drop_front(before.find(')') + 1);
        return before.ltrim().take_while([](char c) { return isAlnum(c) || c == '_'; });
      }
    return StringRef();
  };
  std::string named;
  SmallVector<StringRef> messages;
  log.split(messages, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef message : messages) {
    StringRef place = message;
    size_t line;
    if (place.consume_front(kFileName) && place.consume_front("(") && !place.consumeInteger(10, line))
      if (StringRef kernel = findKernel(line); !kernel.empty())
        named += ("kernel '" + kernel + "': ").str();
    named += (message + "\n").str();
  }
  return named;
}

} // namespace glyptic::codegen::cuda
