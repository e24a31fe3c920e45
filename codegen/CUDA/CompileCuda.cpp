//===- CompileCuda.cpp - Programs of CUDA kernels to machine code -===//
#include "codegen/CUDA/CompileCuda.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Parallel.h"

using namespace llvm;

namespace glyptic::codegen::cuda {
namespace {

struct Unit {
  StringRef source, architecture;
  CodePart part;
  std::string error;
  bool cached = false;
};

// In the cache: the size of the PTX, the PTX, the cubin.
std::vector<char> pack(const DeviceCode &code) {
  std::vector<char> bytes(8);
  support::endian::write64le(bytes.data(), code.ptx.size());
  bytes.insert(bytes.end(), code.ptx.begin(), code.ptx.end());
  bytes.insert(bytes.end(), code.cubin.begin(), code.cubin.end());
  return bytes;
}

std::optional<DeviceCode> unpack(const std::vector<char> &bytes) {
  uint64_t size = bytes.size() < 8 ? UINT64_MAX : support::endian::read64le(bytes.data());
  if (bytes.size() < 8 || size > bytes.size() - 8)
    return std::nullopt;
  auto cubin = bytes.begin() + 8 + static_cast<ptrdiff_t>(size);
  return DeviceCode{{bytes.begin() + 8, cubin}, {cubin, bytes.end()}, {}};
}

void compile(Unit &unit, const Nvrtc &nvrtc, const ObjectCache *cache) {
  SmallVector<StringRef> parts = {unit.source, unit.architecture, nvrtc.getVersion()};
  llvm::append_range(parts, Nvrtc::getOptions());
  std::string key = getCacheKey(parts);
  if (cache)
    if (std::optional<std::vector<char>> bytes = cache->load(key))
      if (std::optional<DeviceCode> known = unpack(*bytes)) {
        unit.part.code = std::move(*known);
        unit.cached = true;
        return;
      }
  Expected<DeviceCode> code = nvrtc.compile(unit.source, unit.architecture);
  if (!code) {
    unit.error = toString(code.takeError());
    return;
  }
  unit.part.code = std::move(*code);
  // What was warned of must be seen again.
  if (cache && unit.part.code.warnings.empty())
    cache->save(key, pack(unit.part.code));
}

} // namespace

Expected<CompiledCuda> compilePrograms(ArrayRef<std::string> programs, ArrayRef<std::string> architectures,
                                       const ObjectCache *cache) {
  Expected<const Nvrtc *> nvrtc = Nvrtc::get();
  if (!nvrtc)
    return nvrtc.takeError();
  std::vector<Unit> units;
  for (const std::string &architecture : architectures)
    for (auto [i, program] : enumerate(programs))
      units.push_back({program, architecture, {architecture + "-" + std::to_string(i), {}}, {}});
  parallelFor(0, units.size(), [&](size_t i) { compile(units[i], **nvrtc, cache); });
  CompiledCuda compiled;
  compiled.cached = !units.empty();
  for (Unit &unit : units) {
    if (!unit.error.empty())
      return createStringError(unit.error);
    compiled.cached &= unit.cached;
    compiled.parts.push_back(std::move(unit.part));
  }
  return compiled;
}

} // namespace glyptic::codegen::cuda
