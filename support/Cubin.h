//===- Cubin.h - What a GPU kernel takes of its processor -------*- C++ -*-===//
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace glyptic {

struct CubinKernel {
  std::string name;
  uint32_t registers = 0;   ///< of each thread
  uint32_t localBytes = 0;  ///< of each thread in device memory: spills, and arrays that are indexed at run time
  uint64_t sharedBytes = 0; ///< of each block, less what the system reserves
};

/// The kernels of a cubin, by name, read from the tables that NVIDIA's driver reads (they are documented nowhere; these
/// are the same from CUDA 11 to 13). Throws an Error where `bytes` are no cubin.
std::vector<CubinKernel> readCubin(std::string_view bytes);

} // namespace glyptic
