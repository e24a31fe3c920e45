//===- Nvrtc.cpp - NVIDIA's compiler for CUDA C++ ---------------===//
#include "codegen/CUDA/Nvrtc.h"
#include "support/CudaLibrary.h"
#include "support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
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
    LibraryFunctions found(library);
    found.find(version, "nvrtcVersion");
    found.find(getNumSupportedArchs, "nvrtcGetNumSupportedArchs");
    found.find(getSupportedArchs, "nvrtcGetSupportedArchs");
    found.find(getErrorString, "nvrtcGetErrorString");
    found.find(createProgram, "nvrtcCreateProgram");
    found.find(destroyProgram, "nvrtcDestroyProgram");
    found.find(compileProgram, "nvrtcCompileProgram");
    found.find(getProgramLogSize, "nvrtcGetProgramLogSize");
    found.find(getProgramLog, "nvrtcGetProgramLog");
    found.find(getPTXSize, "nvrtcGetPTXSize");
    found.find(getPTX, "nvrtcGetPTX");
    found.find(getCUBINSize, "nvrtcGetCUBINSize");
    found.find(getCUBIN, "nvrtcGetCUBIN");
    return found.getMissing();
  }
};

static constexpr StringLiteral kFileName = "kernels.cu";
static constexpr int kOldest = 12; ///< major version; older ones lack sm_90

/// The folder beside this library in which scripts/setup puts NVRTC.
static std::string getOwnFolder() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void *>(&getOwnFolder), &self) && self.dli_fname)
    return (sys::path::parent_path(self.dli_fname) + "/nvrtc/").str();
  return {};
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
  CudaLibrary library;
  try {
    library = CudaLibrary::open(
        {"NVRTC, which compiles CUDA kernels (scripts/setup installs it)", "libnvrtc.so", {"13", "12"}, getOwnFolder()});
  } catch (const Error &error) {
    return createStringError(error.what());
  }
  static Functions functions;
  if (const char *missing = functions.load(library.handle))
    return createStringError("NVRTC (" + library.path + ") lacks " + missing + "; CUDA " + Twine(kOldest) +
                             " or newer is needed");
  static const Nvrtc nvrtc(functions);
  if (int major = 0; StringRef(nvrtc.version).split('.').first.getAsInteger(10, major) || major < kOldest)
    return createStringError("NVRTC (" + library.path + ") is version " + nvrtc.version + "; CUDA " + Twine(kOldest) +
                             " or newer is needed");
  // NVRTC opens this second library by its name alone, which finds one that is loaded already. Where it lies elsewhere,
  // the system knows where.
  if (std::string folder = sys::path::parent_path(library.path).str(); !folder.empty())
    dlopen((folder + "/libnvrtc-builtins.so." + nvrtc.version).c_str(), RTLD_NOW | RTLD_LOCAL);
  return &nvrtc;
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
      if (lines[i].contains("__global__")) {
        // `extern "C" __global__ void __launch_bounds__(256) name(float *a, ...`, the name perhaps on a line of its own.
        StringRef head(lines[i].begin(), source.end() - lines[i].begin());
        head = head.split("void").second.ltrim();
        if (head.consume_front("__launch_bounds__"))
          head = head.split(')').second;
        return head.ltrim().take_while([](char c) { return isAlnum(c) || c == '_'; });
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
