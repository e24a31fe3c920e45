//===- Machine.h - The machine that a program will run on -------*- C++ -*-===//
#pragma once

#include "support/DataType.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace glyptic {

/// Bytes of memory that a process may use here: physical memory, or its control group's limit if that is lower.
int64_t getMemoryLimit();

/// How an instruction of a program is carried out.
enum class Work { Kernel, LibraryCall, Copy };

/// What an instruction computes in.
enum class Arithmetic { FP32, TF32, FP16, FP64 };
inline constexpr size_t kArithmetics = 4;
/// What a library computes in, given operands of a type. Generated kernels compute in FP32 whatever they read and write.
Arithmetic getArithmetic(DType operands);

/// Predicted seconds of instructions, by what they spend them on. Arithmetic and traffic run side by side, so an
/// instruction books only the longer of the two.
struct Cost {
  double arithmetic = 0, traffic = 0, start = 0;

  double seconds() const { return arithmetic + traffic + start; }
  Cost &operator+=(const Cost &other);
};
inline Cost operator*(double times, const Cost &cost) {
  return {times * cost.arithmetic, times * cost.traffic, times * cost.start};
}

/// What a roofline needs to know, and what a person asks who chooses a machine.
struct Machine {
  std::string name;            ///< of the processor or GPU
  std::string architecture;    ///< "cpu", or "sm_90"
  std::string origin;          ///< "measured", or the file that says so
  int threads = 1;             ///< 1 for a GPU
  /// Indexed by Arithmetic; FLOP per second that programs reach. A fused multiply-add counts twice.
  std::array<double, kArithmetics> flopsPerSecond = {};
  double cacheBandwidth = 0;   ///< bytes per second read and written where everything stays in the cache
  double memoryBandwidth = 0;  ///< the same where nothing does
  int64_t cacheBytes = 0;      ///< of the threads' own caches; the last one is often shared with others
  /// Seconds until an instruction begins. Measured on this processor: a kernel is a call through a pointer; a library
  /// looks at its arguments and sets addresses; threads that wait are told to go and wait for one another.
  double kernelStart = 0.1e-6, callStart = 2e-6, threadStart = 2e-6;

  int64_t memoryBytes = 0;     ///< in all
  int64_t reservedBytes = 0;   ///< of it for a driver, code and libraries
  double watts = 0;            ///< the most it draws; 0 where unknown
  double linkBandwidth = 0, linkLatency = 0; ///< to its peers, one way; 0 where there is none

  /// Measures this processor in some 40 ms on all threads at once, in FP32, unless `cacheFolder` (empty: none) holds
  /// the figures of this processor and thread count.
  static Machine measure(int threads, const std::string &cacheFolder);

  /// What an instruction takes: its arithmetic or its memory traffic, whichever takes longer, and its start.
  Cost predict(Work work, Arithmetic arithmetic, double flops, double bytes) const;

  /// Whether `bytes` of a program's memory have room beside what is reserved.
  bool fits(int64_t bytes) const { return bytes <= memoryBytes - reservedBytes; }
};

/// Those of the folder machines/, by the name of their file: "h100". In that order.
const std::vector<std::pair<std::string, Machine>> &getKnownMachines();

/// A known machine, or one that a file describes in the form of machines/*.toml. Throws Error with file, line and key.
Machine findMachine(const std::string &nameOrFile);

/// The machine that stands for GPUs of an architecture, where none is named; null if none does.
const Machine *findTypicalMachine(const std::string &architecture);
/// The one that is named, else the one that stands for the first of the architectures that has any; nothing if none has.
std::optional<Machine> chooseMachine(const std::string &nameOrFile, const std::vector<std::string> &architectures);

} // namespace glyptic
