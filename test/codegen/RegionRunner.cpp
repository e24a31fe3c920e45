//===- RegionRunnerTest.cpp - Runs compiled regions in a test ---===//
#include "RegionRunner.h"
#include "codegen/CUDA/Shim.h"
#include <cstring>
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::test {

size_t getByteSize(RankedTensorType type, int64_t batch) {
  size_t count = 1;
  for (int64_t size : getShapeAt(type, batch))
    count *= size;
  return count * std::max(1u, type.getElementTypeBitWidth() / 8);
}

static llvm::Expected<std::vector<char>> compile(Operation *kernels, codegen::CompileTimes *times) {
  if (auto module = dyn_cast<ModuleOp>(kernels))
    return codegen::compileKernels(module, codegen::CpuTarget::host(), /*cache=*/nullptr, times);
  std::string program;
  llvm::raw_string_ostream stream(program);
  if (failed(codegen::cuda::printShimProgram(cast<gpu::GPUModuleOp>(kernels), stream)))
    return llvm::createStringError("the kernels have no text");
  return codegen::cuda::compileShim(program);
}

RegionRunner::RegionRunner(ModuleOp module, codegen::CompileTimes *times, codegen::Machine machine) {
  module->getContext()->loadAllAvailableDialects();
  codegen::KernelOptions options;
  options.machine = machine;
  if (failed(codegen::generateKernels(module, options))) {
    error = "no kernels were generated";
    return;
  }
  auto object = compile(module.lookupSymbol(codegen::kKernelsModule), times);
  if (!object) {
    error = llvm::toString(object.takeError());
    return;
  }
  int file = memfd_create("kernels.so", MFD_CLOEXEC);
  if (write(file, object->data(), object->size()) == ssize_t(object->size()))
    library = dlopen(("/proc/self/fd/" + std::to_string(file)).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    error = dlerror();
  close(file);
}

RegionRunner::~RegionRunner() {
  if (library)
    dlclose(library);
}

void RegionRunner::setThreadOrder(int order) const {
  if (void *function = dlsym(library, "glyptic_shim_set_order"))
    reinterpret_cast<void (*)(int)>(function)(order);
}

static std::vector<std::pair<int64_t, int64_t>> divide(int64_t chunks, Division division) {
  std::vector<std::pair<int64_t, int64_t>> ranges;
  int64_t step = division == Division::Whole ? chunks : division == Division::Uneven ? 3 : 1;
  for (int64_t lo = 0; lo < chunks; lo += step)
    ranges.push_back({lo, std::min(chunks, lo + step)});
  if (division == Division::Backwards)
    std::reverse(ranges.begin(), ranges.end());
  return ranges;
}

/// What AddressSanitizer has, where it watches this process, to forbid memory to everybody or allow it again.
static void mark(const char *name, const char *begin, size_t size) {
  if (void *function = dlsym(RTLD_DEFAULT, name))
    reinterpret_cast<void (*)(const volatile void *, size_t)>(function)(begin, size);
}

std::vector<Bytes> RegionRunner::run(RegionOp region, const std::vector<Bytes> &inputs, int64_t batch,
                                     Division division) const {
  // Memory starts as garbage and is followed by a margin that must stay as it is.
  constexpr size_t kMargin = 256;
  std::vector<Bytes> memory;
  for (const Bytes &input : inputs) {
    memory.push_back(input);
    memory.back().resize(input.size() + kMargin, '\x5a');
  }
  auto allocate = [&](Type type) {
    memory.emplace_back(getByteSize(cast<RankedTensorType>(type), batch) + kMargin, '\x5a');
  };
  for (Type type : region.getResultTypes())
    allocate(type);
  for (Attribute type : region.getScratchAttr())
    allocate(cast<TypeAttr>(type).getValue());

  for (Bytes &buffer : memory)
    mark("__asan_poison_memory_region", buffer.data() + buffer.size() - kMargin, kMargin);
  using Function = void (*)(void *const *, int64_t, int64_t, int64_t);
  for (auto launch : region.getLaunchesAttr().getAsRange<LaunchAttr>()) {
    auto function = reinterpret_cast<Function>(dlsym(library, launch.getKernel().getValue().str().c_str()));
    std::vector<void *> buffers;
    for (int64_t position : launch.getBuffers())
      buffers.push_back(memory[position].data());
    int64_t chunks = launch.getChunks() * (launch.getPerBatch() ? batch : 1);
    for (auto [lo, hi] : divide(llvm::divideCeil(chunks, launch.getChunksPerBlock()), division))
      function(buffers.data(), batch, lo, hi);
  }
  std::vector<Bytes> results;
  for (auto [i, buffer] : llvm::enumerate(memory)) {
    mark("__asan_unpoison_memory_region", buffer.data() + buffer.size() - kMargin, kMargin);
    bool intact = std::all_of(buffer.end() - kMargin, buffer.end(), [](char c) { return c == '\x5a'; });
    buffer.resize(buffer.size() - kMargin);
    if (i >= inputs.size() && i < inputs.size() + region.getNumResults())
      results.push_back(intact ? buffer : Bytes()); // an empty result tells of a write out of bounds
  }
  return results;
}

} // namespace glyptic::test
