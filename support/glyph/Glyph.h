//===- Glyph.h - What the archive of a glyph holds --------------*- C++ -*-===//
#pragma once

#include <cstdint>

namespace glyptic::glyph {

/// Program.format. Raised when an older runtime would misunderstand a newer glyph.
inline constexpr uint32_t kFormat = 1;

/// Program.max_batch is at most this.
inline constexpr uint64_t kMaxBatch = uint64_t(1) << 32;

/// Program.target: this prefix, then the processor's instruction sets as support/CpuFeatures.h names them.
inline constexpr char kCpuTarget[] = "cpu:";
/// Or this one, then architectures of GPUs with commas between: "cuda:sm_80,sm_90".
inline constexpr char kCudaTarget[] = "cuda:";

// Entries of the archive, all stored.
inline constexpr char kProgramEntry[] = "program.fb";
inline constexpr char kStateEntry[] = "state.safetensors"; ///< initial values, in ONNX's shapes
inline constexpr char kModelEntry[] = "model.onnx"; ///< the original, for export; Program.export_holes point into it
inline constexpr char kBillEntry[] = "bill.txt";
inline constexpr char kCpuCodePrefix[] = "cpu/"; ///< shared objects: cpu/*.so
// For GPUs: cuda/sm_90-0.cubin and cuda/sm_90-0.ptx, one of each for every architecture and program of kernels.
inline constexpr char kCudaCodePrefix[] = "cuda/";
inline constexpr char kCubinSuffix[] = ".cubin";
inline constexpr char kPtxSuffix[] = ".ptx";
inline constexpr char kCudaSourceEntry[] = "cuda/kernels.cu"; ///< all kernels as CUDA C++, for people
inline constexpr char kShimEntry[] = "cuda/shim.cpp"; ///< the same for the host's C++: a CPU's functions over blocks

} // namespace glyptic::glyph
