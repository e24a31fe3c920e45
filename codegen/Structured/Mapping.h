//===- Mapping.h - How the loops of a kernel meet the machine ---*- C++ -*-===//
//
// A kernel's work is cut in chunks: vectors of elements, rows, parts of the rows. On the CPU a thread takes a range of
// chunks and loops over vectors inside. On the GPU each chunk is taken by a team of threads: one thread, a warp, or a
// block. What a team shares is loops over elements, of which each thread takes every n-th, and reductions, whose
// per-thread results are combined by a fixed tree.
//
// All choices of sizes are made here (Mapping.cpp has the reasons), from shapes alone: none depends on the device that
// runs, so bits do not, either.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Value.h"

namespace glyptic::codegen {

enum class Machine { Cpu, Gpu };

inline constexpr int64_t kWarp = 32;

/// The threads that work on one chunk, seen from one of them.
struct Team {
  int64_t size = 1;
  mlir::Value member; ///< number of the thread in its team, where there are several
};

/// How chunks are given to threads. On the CPU there are no blocks.
struct Mapping {
  int64_t threads = 0; ///< of a block
  int64_t chunksPerBlock = 1;
  int64_t rounds = 0; ///< vectors of a row that each thread keeps in registers; 0: it loops over them, again and again
  int64_t getTeam() const { return threads / chunksPerBlock; }
};

/// Elements of vectors, where the narrowest elements that the kernel touches and the widest that it computes on have
/// so many bits.
int64_t chooseLanes(Machine machine, int64_t vectorBytes, unsigned narrowest, unsigned widest);

/// Chunks that one thread works on alone: vectors of elements.
Mapping mapElements();
/// Chunks that one thread works on alone: a vector of each row of a part.
Mapping mapColumns();
/// Chunks with loops over `elements` that threads share: rows.
Mapping mapRows(int64_t elements, int64_t lanes);
/// Chunks that only whole blocks can work on, because many threads are needed for few chunks.
Mapping mapBlocks(int64_t elements, int64_t lanes);
/// Rows of `elements`, of each of which a thread would keep `values` numbers in registers: with rounds if they fit.
Mapping mapKeptRows(int64_t elements, int64_t lanes, int64_t values, bool byBlocks);

/// Rows of a table that a warp adds updates to, for so many warps if each had one row.
int64_t chooseOwnedRows(int64_t warps);

/// Results of a reduction that are too few to give each of them to threads of its own.
int64_t getFewResults(Machine machine);
/// Parts in which the rows of a column reduction are taken, for so many results and rows (of a sample, if `batched`).
/// Fixed, because the order of additions must not depend on the number of threads.
int64_t chooseParts(Machine machine, int64_t results, int64_t rows, bool batched);

} // namespace glyptic::codegen
