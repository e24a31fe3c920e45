//===- Mapping.cpp - How the loops of a kernel meet the machine -===//
#include "codegen/Structured/Mapping.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

namespace glyptic::codegen {

/// Eight warps hide the latency of memory at any number of registers up to 255; larger blocks leave threads idle where
/// the last block of a grid is small.
static constexpr int64_t kThreads = 256;

/// Up to this length a warp needs no more than 32 registers for a row in FP32, and no barrier.
static constexpr int64_t kMaxWarpRow = 1024;

/// On the GPU one access of memory moves 16 bytes at most, for which the narrowest operand decides; the registers of a
/// thread bound how many wider numbers may come of it. The CPU's vectors are for computing, so the widest decides.
int64_t chooseLanes(Machine machine, int64_t vectorBytes, unsigned narrowest, unsigned widest) {
  if (machine == Machine::Cpu)
    return vectorBytes * 8 / widest;
  return std::clamp<int64_t>(128 / std::max(8u, narrowest), 1, 512 / widest < 8 ? 4 : 8);
}

Mapping mapElements() { return {kThreads, kThreads}; }

Mapping mapRows(int64_t elements, int64_t lanes) {
  if (elements <= kMaxWarpRow)
    return {kThreads, kThreads / kWarp};
  return mapBlocks(elements, lanes);
}

/// As many threads as leave each of them four vectors, which fit its registers and are in flight together.
Mapping mapBlocks(int64_t elements, int64_t lanes) {
  int64_t threads = llvm::PowerOf2Ceil(llvm::divideCeil(elements, 4 * lanes));
  return {std::clamp<int64_t>(threads, kThreads, 2 * kThreads), 1};
}

/// The CPU: enough for the cores that share memory bandwidth, few enough to be added up for nothing. The GPU: a block
/// for each part where rows are shared, so about one for each multiprocessor of the larger devices.
int64_t getNumParts(Machine machine) { return machine == Machine::Cpu ? 16 : 128; }

} // namespace glyptic::codegen
