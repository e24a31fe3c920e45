//===- Machine.h - What this computer can do --------------------*- C++ -*-===//
#pragma once

#include "support/Machine.h"

#include <optional>

namespace glyptic::tool {

struct CpuFacts {
  std::string name, features; ///< features as the compiler names them, separated by commas
  int threads = 0, cores = 0;
  uint64_t memory = 0;        ///< bytes that this process may use: the machine's, or its control group's
};

CpuFacts describeCpu();

/// Why there is no GPU to use, or empty with `name` set.
std::string findGpu(std::string &name);

/// What a program's times are predicted for: the machine of that name or file, or where `name` is empty, one that is
/// typical of the program's target. Nothing for this processor, which is measured, and for unknown targets.
std::optional<Machine> findMachineFor(const std::string &target, const std::string &name);

} // namespace glyptic::tool
