//===- CudaDevice.cpp - A GPU of NVIDIA -----------------------------------===//
//
// Memory, copies and launches on one stream of the device's primary context, which other libraries of the process
// share.
//
//===----------------------------------------------------------------------===//
#include "runtime/core/Device.h"
#include "runtime/core/Program.h"
#include "runtime/cuda/Routines.h"
#include "support/CudaTarget.h"
#include "support/Error.h"
#include "support/glyph/Glyph.h"
#include "support/glyph/Names.h"

#include <optional>

namespace glyptic::runtime {
namespace {

using namespace cuda;

/// What the driver tells of a GPU.
struct Gpu {
  Gpu(const Driver &driver, int index) {
    constexpr const char *kDoing = "cannot open the GPU";
    int count = 0;
    driver.check(driver.deviceGetCount(&count), "cannot count the GPUs");
    if (count == 0)
      throw Error(ErrorCode::Unsupported, "the NVIDIA driver finds no GPU");
    if (index >= count)
      throw Error(ErrorCode::Unsupported, "there is no GPU " + std::to_string(index) + ", the last of " +
                                              std::to_string(count) + " is cuda:" + std::to_string(count - 1));
    driver.check(driver.deviceGet(&id, index), kDoing);
    char text[256] = "";
    driver.check(driver.deviceGetName(text, sizeof text, id), kDoing);
    name = text;
    driver.check(driver.deviceGetAttribute(&major, kAttributeMajor, id), kDoing);
    driver.check(driver.deviceGetAttribute(&minor, kAttributeMinor, id), kDoing);
    architecture = "sm_" + std::to_string(major) + std::to_string(minor);
  }

  DeviceId id = 0;
  std::string name, architecture; ///< "sm_90"
  int major = 0, minor = 0;
};

class CudaDevice final : public Device {
public:
  CudaDevice(const Program &program, int index);
  ~CudaDevice() override;

  std::string describe() const override {
    return "cuda:" + std::to_string(index) + " (" + gpu.name + ", " + gpu.architecture + ")";
  }
  std::byte *allocate(size_t size, size_t planned) override;
  std::byte *allocateStaging(size_t size) override;
  void upload(std::byte *to, const void *from, size_t size) override;
  void download(void *to, const std::byte *from, size_t size) override;
  void copy(std::byte *to, const std::byte *from, size_t size) override;
  void zero(std::byte *at, size_t size) override;
  void *findKernel(const char *symbol) override;
  void launch(void *kernel, uint64_t blocks, unsigned threads, void *const *buffers, size_t count,
              uint32_t batch) override;
  std::unique_ptr<Routine> makeRoutine(const CallSite &site) override;
  void finish() override;

private:
  void release();
  void open();
  void loadCode(const Program &program);
  void loadModule(const std::string &name, std::string_view image);
  static Pointer toPointer(const std::byte *address) { return reinterpret_cast<Pointer>(address); }
  Current current() const { return queue.current(); }

  const Driver driver;
  const int index;
  const Gpu gpu;
  Queue queue{driver, nullptr, nullptr};
  std::optional<Blas> blas; ///< opened by the first routine that needs it, like the next
  std::optional<Dnn> dnn;
  std::vector<Module> modules;
  std::vector<Pointer> memory;
  std::vector<void *> staging;
};

CudaDevice::CudaDevice(const Program &program, int index) : driver(Driver::open()), index(index), gpu(driver, index) {
  try {
    open();
    loadCode(program);
  } catch (...) {
    release();
    throw;
  }
}

CudaDevice::~CudaDevice() { release(); }

void CudaDevice::release() {
  if (!queue.context)
    return;
  driver.ctxPushCurrent(queue.context);
  if (queue.stream)
    driver.streamSynchronize(queue.stream);
  blas.reset();
  dnn.reset();
  for (Pointer pointer : memory)
    driver.memFree(pointer);
  for (void *pointer : staging)
    driver.memFreeHost(pointer);
  for (Module module : modules)
    driver.moduleUnload(module);
  if (queue.stream)
    driver.streamDestroy(queue.stream);
  Context popped;
  driver.ctxPopCurrent(&popped);
  driver.devicePrimaryCtxRelease(gpu.id);
  queue.context = nullptr;
}

void CudaDevice::open() {
  driver.check(driver.devicePrimaryCtxRetain(&queue.context, gpu.id), "cannot open the GPU");
  Current here = current();
  driver.check(driver.streamCreate(&queue.stream, kStreamNonBlocking), "cannot open the GPU");
}

/// Machine code where there is some for this architecture, else the PTX of the newest older one, which the driver
/// compiles.
void CudaDevice::loadCode(const Program &program) {
  Current here = current();
  std::string best;
  int bestNumber = -1;
  const int own = gpu.major * 10 + gpu.minor;
  for (const std::string &target : program.architectures()) {
    int number = getArchitectureNumber(target);
    if (number <= own && number > bestNumber) {
      best = target;
      bestNumber = number;
    }
  }
  if (best.empty())
    throw Error(ErrorCode::Unsupported, "it has no code for this GPU (" + gpu.name + ", " + gpu.architecture +
                                            ") or an older one, but is compiled for " + program.target() +
                                            "; compile it with --target cuda:" + gpu.architecture);
  // Machine code runs on later minor versions of its architecture.
  std::string ending = bestNumber / 10 == gpu.major ? glyph::kCubinSuffix : glyph::kPtxSuffix;
  for (const auto &[entry, bytes] : program.cudaCode())
    if (entry.rfind(glyph::kCudaCodePrefix + best + "-", 0) == 0 && entry.size() > ending.size() &&
        entry.compare(entry.size() - ending.size(), ending.size(), ending) == 0)
      loadModule(entry, bytes);
}

void CudaDevice::loadModule(const std::string &entry, std::string_view image) {
  std::string text(image); // PTX ends with a zero
  Module module = nullptr;
  driver.check(driver.moduleLoadData(&module, text.c_str()), ("the driver does not load " + quoteName(entry)).c_str());
  modules.push_back(module);
}

std::byte *CudaDevice::allocate(size_t size, size_t planned) {
  if (size == 0)
    return nullptr;
  Current here = current();
  Pointer pointer = 0;
  int result = driver.memAlloc(&pointer, size);
  if (result == kErrorOutOfMemory) {
    size_t free = 0, total = 0;
    driver.memGetInfo(&free, &total);
    auto mib = [](size_t bytes) { return std::to_string((bytes + (size_t(1) << 20) - 1) >> 20) + " MiB"; };
    throw Error(ErrorCode::Memory, "the program plans " + mib(planned) + " on " + describe() + ", where " + mib(free) +
                                       " of " + mib(total) + " are free; compile for a smaller largest batch");
  }
  driver.check(result, "cannot allocate memory on the GPU");
  memory.push_back(pointer);
  driver.check(driver.memsetD8Async(pointer, 0, size, queue.stream), "cannot clear memory of the GPU");
  return reinterpret_cast<std::byte *>(pointer);
}

std::byte *CudaDevice::allocateStaging(size_t size) {
  if (size == 0)
    return nullptr;
  Current here = current();
  void *pointer = nullptr;
  driver.check(driver.memHostAlloc(&pointer, size, 0), "cannot allocate pinned memory");
  staging.push_back(pointer);
  return static_cast<std::byte *>(pointer);
}

void CudaDevice::upload(std::byte *to, const void *from, size_t size) {
  Current here = current();
  if (size)
    driver.check(driver.memcpyHtoDAsync(toPointer(to), from, size, queue.stream), "cannot copy to the GPU");
}

void CudaDevice::download(void *to, const std::byte *from, size_t size) {
  Current here = current();
  if (size)
    driver.check(driver.memcpyDtoHAsync(to, toPointer(from), size, queue.stream), "cannot copy from the GPU");
  driver.check(driver.streamSynchronize(queue.stream), "the GPU has stopped");
}

void CudaDevice::copy(std::byte *to, const std::byte *from, size_t size) {
  Current here = current();
  if (size)
    driver.check(driver.memcpyDtoDAsync(toPointer(to), toPointer(from), size, queue.stream), "cannot copy on the GPU");
}

void CudaDevice::zero(std::byte *at, size_t size) {
  Current here = current();
  if (size)
    driver.check(driver.memsetD8Async(toPointer(at), 0, size, queue.stream), "cannot clear memory of the GPU");
}

void *CudaDevice::findKernel(const char *symbol) {
  Current here = current();
  for (Module module : modules) {
    Function function = nullptr;
    int result = driver.moduleGetFunction(&function, module, symbol);
    if (result == 0)
      return function;
    if (result != kErrorNotFound)
      driver.check(result, "cannot read the code of the GPU");
  }
  throw Error(ErrorCode::Format, "its code for " + gpu.architecture + " lacks kernel " + quoteName(symbol));
}

void CudaDevice::launch(void *kernel, uint64_t blocks, unsigned threads, void *const *buffers, size_t count,
                        uint32_t batch) {
  constexpr size_t kMost = 512; // the verifier lets fewer through
  Current here = current();
  Pointer addresses[kMost];
  void *parameters[kMost + 1];
  for (size_t i = 0; i < count; ++i) {
    addresses[i] = reinterpret_cast<Pointer>(buffers[i]);
    parameters[i] = &addresses[i];
  }
  parameters[count] = &batch;
  driver.check(driver.launchKernel(static_cast<Function>(kernel), static_cast<unsigned>(blocks), 1, 1, threads, 1, 1, 0,
                                   queue.stream, parameters, nullptr),
               "cannot launch a kernel");
}

std::unique_ptr<Routine> CudaDevice::makeRoutine(const CallSite &site) {
  Current here = current();
  if (site.routine() == names::kMatmul) {
    if (!blas)
      blas.emplace();
    return makeMatmul(site, queue, *blas);
  }
  for (std::string_view name :
       {names::kConvolution, names::kConvolutionInputGradient, names::kConvolutionWeightGradient})
    if (site.routine() == name) {
      if (!dnn)
        dnn.emplace(queue.stream);
      return makeConvolution(site, queue, *dnn);
    }
  site.fail("this runtime has it on no GPU; compile the model with the compiler of this version");
}

void CudaDevice::finish() {
  Current here = current();
  driver.check(driver.streamSynchronize(queue.stream), "the GPU has stopped");
}

} // namespace

std::unique_ptr<Device> makeCudaDevice(const Program &program, int index) {
  return std::make_unique<CudaDevice>(program, index);
}

std::string cudaArchitecture(int index) { return Gpu(Driver::open(), index).architecture; }

std::string whyNoCuda() {
  try {
    Gpu(Driver::open(), 0);
    return "";
  } catch (const Error &error) {
    return error.what();
  }
}

} // namespace glyptic::runtime
