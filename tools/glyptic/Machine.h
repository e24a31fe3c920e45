//===- Machine.h - What this computer can do --------------------*- C++ -*-===//
#pragma once

#include <cstdint>
#include <string>

namespace glyptic::tool {

struct CpuFacts {
  std::string name, features; ///< features as the compiler names them, separated by commas
  int threads = 0, cores = 0;
  uint64_t memory = 0;        ///< bytes that this process may use: the machine's, or its control group's
};

CpuFacts describeCpu();

/// Bytes a second of reads and writes together on all threads, over arrays far larger than the caches.
double measureBandwidth(int threads);

/// FP32 operations a second on all threads, by independent fused multiply-adds in the widest vectors: what a perfect
/// matrix product could reach.
double measureFlops(int threads);

/// Why there is no GPU to use, or empty with `name` set.
std::string findGpu(std::string &name);

} // namespace glyptic::tool
