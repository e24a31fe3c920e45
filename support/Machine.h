//===- Machine.h - The machine that a program will run on -------*- C++ -*-===//
#pragma once

#include <cstdint>
#include <string>

namespace glyptic {

/// Bytes of memory that a process may use here: physical memory, or its control group's limit if that is lower.
int64_t getMemoryLimit();

/// How an instruction of a program is carried out.
enum class Work { Kernel, LibraryCall, Copy };

/// What a roofline needs to know. Measured in some 40 ms on all threads at once, in FP32, and cached.
struct Machine {
  std::string name;            ///< of the processor
  int threads = 1;
  double flopsPerSecond = 0;   ///< of independent fused multiply-adds in the widest vectors; one counts twice
  double cacheBandwidth = 0;   ///< bytes per second read and written where everything stays in the cache
  double memoryBandwidth = 0;  ///< the same where nothing does
  int64_t cacheBytes = 0;      ///< of the threads' own caches; the last one is often shared with others

  /// Measures, unless `cacheFolder` (empty: none) holds the figures of this processor and thread count.
  static Machine measure(int threads, const std::string &cacheFolder);

  /// Seconds for an instruction: its arithmetic or its memory traffic, whichever takes longer, and what it takes to
  /// start.
  double predict(Work work, double flops, double bytes) const;
};

} // namespace glyptic
