//===- CudaDevice.cpp - A GPU of NVIDIA -----------------------------------===//
//
// A run's work is on one stream, the caller's or an own one, in the caller's context or the device's primary one, which
// other libraries of the process share. Inputs come on a second stream. A third is for recording: nothing is ever done
// on it, and so a graph can be made for a stream that itself cannot be recorded, as the default stream.
//
//===----------------------------------------------------------------------===//
#include "runtime/core/Device.h"
#include "runtime/core/Program.h"
#include "runtime/cuda/PinnedCopy.h"
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
  Gpu(const Driver &driver, DeviceId id) : id(id) {
    constexpr const char *kDoing = "cannot open the GPU";
    char text[256] = "";
    driver.check(driver.deviceGetName(text, sizeof text, id), kDoing);
    name = text;
    driver.check(driver.deviceGetAttribute(&major, kAttributeMajor, id), kDoing);
    driver.check(driver.deviceGetAttribute(&minor, kAttributeMinor, id), kDoing);
    architecture = "sm_" + std::to_string(major) + std::to_string(minor);
  }

  static Gpu find(const Driver &driver, int index) {
    int count = 0;
    DeviceId id = 0;
    driver.check(driver.deviceGetCount(&count), "cannot count the GPUs");
    if (count == 0)
      throw Error(ErrorCode::Unsupported, "the NVIDIA driver finds no GPU");
    if (index >= count)
      throw Error(ErrorCode::Unsupported, "there is no GPU " + std::to_string(index) + ", the last of " +
                                              std::to_string(count) + " is cuda:" + std::to_string(count - 1));
    driver.check(driver.deviceGet(&id, index), "cannot open the GPU");
    return Gpu(driver, id);
  }

  DeviceId id;
  std::string name, architecture; ///< "sm_90"
  int major = 0, minor = 0;
};

/// The context of the caller's that a session is to live in; null where it names none.
Context findContext(const Driver &driver, const CudaPlace &place) {
  auto context = static_cast<Context>(place.context);
  if (place.stream && !context)
    driver.check(driver.streamGetCtx(static_cast<Stream>(place.stream), &context),
                 "the stream that the session was given is none");
  return context;
}

Gpu findGpu(const Driver &driver, const CudaPlace &place, Context context) {
  if (!context)
    return Gpu::find(driver, place.index);
  Current here(driver, context);
  DeviceId id = 0;
  driver.check(driver.ctxGetDevice(&id), "the context that the session was given is none");
  if (place.hasIndex && Gpu::find(driver, place.index).id != id)
    throw Error("the context that the session was given is not one of GPU " + std::to_string(place.index));
  return Gpu(driver, id);
}

struct CudaEvent final : Event {
  explicit CudaEvent(const Queue &queue) : queue(queue) {
    Current here = queue.current();
    event.emplace(queue.driver);
  }
  ~CudaEvent() override {
    queue.driver.ctxPushCurrent(queue.context);
    event.reset();
    Context popped;
    queue.driver.ctxPopCurrent(&popped);
  }

  const Queue &queue;
  std::optional<StreamEvent> event;
};

struct CudaRecording final : Recording {
  CudaRecording(const Queue &queue, GraphExec graph) : queue(queue), graph(graph) {}
  ~CudaRecording() override { // while it runs, the driver waits with it
    queue.driver.ctxPushCurrent(queue.context);
    queue.driver.graphExecDestroy(graph);
    Context popped;
    queue.driver.ctxPopCurrent(&popped);
  }

  const Queue &queue;
  const GraphExec graph;
};

class CudaDevice final : public Device {
public:
  CudaDevice(const Program &program, const CudaPlace &place);
  ~CudaDevice() override;

  std::string describe() const override {
    return "cuda:" + std::to_string(gpu.id) + " (" + gpu.name + ", " + gpu.architecture + ")";
  }
  std::byte *allocate(size_t size, size_t planned) override;
  std::byte *allocatePinned(size_t size) override;
  void upload(std::byte *to, const void *from, size_t size) override;
  void download(void *to, const std::byte *from, size_t size) override;
  void sendPinned(std::byte *to, const std::byte *from, size_t size) override;
  void fetchPinned(std::byte *to, const std::byte *from, size_t size) override;
  void copy(std::byte *to, const std::byte *from, size_t size) override;
  void zero(std::byte *at, size_t size) override;
  std::unique_ptr<Event> makeEvent() override { return std::make_unique<CudaEvent>(queue); }
  void mark(Event &event, Lane lane) override;
  void wait(Lane lane, const Event &event) override;
  void await(const Event &event) override;
  void *findKernel(const char *symbol) override;
  void launch(void *kernel, uint64_t blocks, unsigned threads, void *const *buffers, size_t count,
              uint32_t batch) override;
  std::unique_ptr<Routine> makeRoutine(const CallSite &site) override;
  std::unique_ptr<Recording> record(const std::function<void()> &work) override;
  void replay(const Recording &recording) override;
  void finish() override;

private:
  void release();
  void open();
  void queueOn(Stream stream);
  Stream streamOf(Lane lane) const { return lane == Lane::Work ? queue.stream : copies; }
  PinnedCopy &pieces();
  void loadCode(const Program &program);
  void loadModule(const std::string &name, std::string_view image);
  static Pointer toPointer(const std::byte *address) { return reinterpret_cast<Pointer>(address); }
  Current current() const { return queue.current(); }

  const Driver driver;
  const CudaPlace place;
  Context callers; ///< context; null: none
  const Gpu gpu;
  Queue queue{driver, nullptr, nullptr};
  std::vector<Stream> streams; ///< that are not the caller's
  Stream copies = nullptr, aside = nullptr;
  std::optional<PinnedCopy> pinnedCopy; ///< made by the first copy
  std::optional<Blas> blas; ///< opened by the first routine that needs it, like the next
  std::optional<Dnn> dnn;
  std::vector<Module> modules;
  std::vector<Pointer> memory;
  std::vector<void *> pinned;
};

Driver openDriver(const CudaPlace &place) {
  Driver driver = Driver::open();
  if (!place.debugSync)
    driver.advice = "; with --debug-sync (debug_sync in a session's options) the kernel is named";
  return driver;
}

CudaDevice::CudaDevice(const Program &program, const CudaPlace &place)
    : driver(openDriver(place)), place(place), callers(findContext(driver, place)),
      gpu(findGpu(driver, place, callers)) {
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
  for (Stream stream : {copies, queue.stream})
    if (stream)
      driver.streamSynchronize(stream);
  blas.reset();
  dnn.reset();
  pinnedCopy.reset();
  for (Pointer pointer : memory)
    driver.memFree(pointer);
  for (void *pointer : pinned)
    driver.memFreeHost(pointer);
  for (Module module : modules)
    driver.moduleUnload(module);
  for (Stream stream : streams)
    driver.streamDestroy(stream);
  Context popped;
  driver.ctxPopCurrent(&popped);
  if (!callers)
    driver.devicePrimaryCtxRelease(gpu.id);
  queue.context = nullptr;
}

void CudaDevice::open() {
  queue.context = callers;
  if (!callers)
    driver.check(driver.devicePrimaryCtxRetain(&queue.context, gpu.id), "cannot open the GPU");
  Current here = current();
  auto makeStream = [&] {
    Stream stream = nullptr;
    driver.check(driver.streamCreate(&stream, kStreamNonBlocking), "cannot open the GPU");
    return streams.emplace_back(stream);
  };
  queue.stream = place.stream ? static_cast<Stream>(place.stream) : makeStream();
  copies = makeStream();
  aside = makeStream();
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

std::byte *CudaDevice::allocatePinned(size_t size) {
  if (size == 0)
    return nullptr;
  Current here = current();
  void *pointer = nullptr;
  driver.check(driver.memHostAlloc(&pointer, size, 0), "cannot allocate pinned memory");
  pinned.push_back(pointer);
  return static_cast<std::byte *>(pointer);
}

PinnedCopy &CudaDevice::pieces() {
  if (!pinnedCopy)
    pinnedCopy.emplace(driver);
  return *pinnedCopy;
}

void CudaDevice::upload(std::byte *to, const void *from, size_t size) {
  Current here = current();
  if (size)
    pieces().upload(toPointer(to), static_cast<const std::byte *>(from), size, queue.stream);
}

void CudaDevice::download(void *to, const std::byte *from, size_t size) {
  Current here = current();
  if (size)
    pieces().download(static_cast<std::byte *>(to), toPointer(from), size, queue.stream);
}

void CudaDevice::sendPinned(std::byte *to, const std::byte *from, size_t size) {
  Current here = current();
  if (size)
    driver.check(driver.memcpyHtoDAsync(toPointer(to), from, size, copies), "cannot copy to the GPU");
}

void CudaDevice::fetchPinned(std::byte *to, const std::byte *from, size_t size) {
  Current here = current();
  if (size)
    driver.check(driver.memcpyDtoHAsync(to, toPointer(from), size, queue.stream), "cannot copy from the GPU");
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

void CudaDevice::mark(Event &event, Lane lane) {
  Current here = current();
  static_cast<CudaEvent &>(event).event->record(streamOf(lane));
}

void CudaDevice::wait(Lane lane, const Event &event) {
  Current here = current();
  driver.check(driver.streamWaitEvent(streamOf(lane), static_cast<const CudaEvent &>(event).event->get(), 0),
               "cannot keep the order of two streams");
}

void CudaDevice::await(const Event &event) {
  Current here = current();
  static_cast<const CudaEvent &>(event).event->await();
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

void CudaDevice::queueOn(Stream stream) {
  if (dnn)
    dnn->use(stream);
  queue.stream = stream;
}

/// Recorded in this thread's own mode: what a graph cannot hold, such as an allocation in a library, is an error here,
/// while what other threads of the process do is their business.
std::unique_ptr<Recording> CudaDevice::record(const std::function<void()> &work) {
  constexpr const char *kDoing = "cannot record a CUDA graph";
  Current here = current();
  const Stream normal = queue.stream;
  Graph graph = nullptr;
  int ended = 0;
  queueOn(aside);
  try {
    driver.check(driver.streamBeginCapture(aside, kCaptureThreadLocal), kDoing);
    work();
    ended = driver.streamEndCapture(aside, &graph);
    queueOn(normal);
  } catch (...) {
    driver.streamEndCapture(aside, &graph);
    if (graph)
      driver.graphDestroy(graph);
    queueOn(normal);
    throw;
  }
  driver.check(ended, kDoing);
  GraphExec made = nullptr;
  int result = driver.graphInstantiate(&made, graph, 0);
  driver.graphDestroy(graph);
  driver.check(result, kDoing);
  return std::make_unique<CudaRecording>(queue, made);
}

void CudaDevice::replay(const Recording &recording) {
  Current here = current();
  driver.check(driver.graphLaunch(static_cast<const CudaRecording &>(recording).graph, queue.stream),
               "cannot launch a CUDA graph");
}

void CudaDevice::finish() {
  Current here = current();
  driver.check(driver.streamSynchronize(queue.stream), "the GPU has stopped");
}

} // namespace

std::unique_ptr<Device> makeCudaDevice(const Program &program, const CudaPlace &place) {
  return std::make_unique<CudaDevice>(program, place);
}

std::string cudaArchitecture(int index) { return Gpu::find(Driver::open(), index).architecture; }

std::string whyNoCuda() {
  try {
    Gpu::find(Driver::open(), 0);
    return "";
  } catch (const Error &error) {
    return error.what();
  }
}

} // namespace glyptic::runtime
