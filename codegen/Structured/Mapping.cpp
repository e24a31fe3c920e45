//===- Mapping.cpp - How the loops of a kernel meet the machine -===//
//
// Kernels for a GPU are bound by its memory: an H100 has to have some 45 KB under way on each of its 132
// multiprocessors. So loads are as wide as they can be, enough threads are resident to have many of them, and what was
// loaded stays in registers for as long as a row is worked on. What did not fit would go to memory and back (a spill),
// at several times the cost of reading it again; tests read from the machine code that nothing does.
//
//===----------------------------------------------------------------------===//
#include "codegen/Structured/Mapping.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

namespace glyptic::codegen {

/// Eight warps hide the latency of memory at any number of registers up to 255; larger blocks leave threads idle where
/// the last block of a grid is small.
static constexpr int64_t kThreads = 256;

/// Of a block that shares a row. With more, 65,536 registers are fewer than 128 for each thread.
static constexpr int64_t kMaxThreads = 512;

/// Up to this length a warp goes through a row in no more than 8 steps, and needs no barrier.
static constexpr int64_t kMaxWarpRow = 1024;

/// A kernel's registers are about 28 and 1.4 for each number that it keeps (compilers keep FP32 even of what was loaded
/// in FP16), so this is about 118: sixteen warps are resident.
static constexpr int64_t kMaxKept = 64;

/// Vectors of a row for each thread. They are written out, one after the other: more would be code that nobody reads,
/// and loads under way that nobody waits for.
static constexpr int64_t kMaxRounds = 4;

/// About half of what the larger devices hold: enough to keep their memory busy.
static constexpr int64_t kManyThreads = 131072;

/// On the GPU one access of memory moves 16 bytes at most, for which the narrowest operand decides; the registers of a
/// thread bound how many wider numbers may come of it. The CPU's vectors are for computing, so the widest decides.
int64_t chooseLanes(Machine machine, int64_t vectorBytes, unsigned narrowest, unsigned widest) {
  if (machine == Machine::Cpu)
    return vectorBytes * 8 / widest;
  return std::clamp<int64_t>(128 / std::max(8u, narrowest), 1, 512 / widest < 8 ? 4 : 8);
}

Mapping mapElements() { return {kThreads, kThreads}; }

Mapping mapColumns() { return {kThreads, kThreads, 1}; }

Mapping mapRows(int64_t elements, int64_t lanes) {
  if (elements <= kMaxWarpRow)
    return {kThreads, kThreads / kWarp};
  return mapBlocks(elements, lanes);
}

/// As many threads as leave each of them four vectors, which are in flight together.
Mapping mapBlocks(int64_t elements, int64_t lanes) {
  int64_t threads = llvm::PowerOf2Ceil(llvm::divideCeil(elements, 4 * lanes));
  return {std::clamp<int64_t>(threads, kThreads, kMaxThreads), 1};
}

/// A warp where it suffices: it needs no barrier, and other warps of its block are at other rows meanwhile. Else a
/// block of as few threads as keep the row, because those past its end would be idle.
Mapping mapKeptRows(int64_t elements, int64_t lanes, int64_t values, bool byBlocks) {
  const int64_t vectors = llvm::divideCeil(elements, lanes);
  const int64_t most = std::min(kMaxKept / (lanes * std::max<int64_t>(1, values)), kMaxRounds);
  if (!byBlocks && vectors <= kWarp * most)
    return {kThreads, kThreads / kWarp, static_cast<int64_t>(llvm::divideCeil(vectors, kWarp))};
  const int64_t rounds = llvm::divideCeil(vectors, kMaxThreads);
  if (rounds > most || vectors == 0)
    return byBlocks ? mapBlocks(elements, lanes) : mapRows(elements, lanes);
  return {static_cast<int64_t>(llvm::alignTo(llvm::divideCeil(vectors, rounds), kWarp)), 1, rounds};
}

/// A warp has to look at where each update goes, so no more of them than keep the GPU busy.
int64_t chooseOwnedRows(int64_t warps) { return std::max<int64_t>(1, warps * kWarp / kManyThreads); }

int64_t getFewResults(Machine machine) { return machine == Machine::Cpu ? 16 : 128; }

/// The CPU: enough for the cores that share memory bandwidth, few enough to be added up for nothing. The GPU: as many
/// as give enough threads, each of which adds up a vector of the results, but with several rows each, or the partial
/// results would be as large as what they are sums of.
int64_t chooseParts(Machine machine, int64_t results, int64_t rows, bool batched) {
  if (machine == Machine::Cpu)
    return 16;
  const int64_t most = std::clamp<int64_t>(batched ? rows : rows / 8, 64, 4096);
  return llvm::bit_floor<uint64_t>(std::clamp<int64_t>(4 * kManyThreads / std::max<int64_t>(1, results), 64, most));
}

} // namespace glyptic::codegen
