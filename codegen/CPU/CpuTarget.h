//===- CpuTarget.h - The machine that kernels are compiled for --*- C++ -*-===//
#pragma once

#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
}

namespace glyptic::codegen {

struct CpuTarget {
  std::string triple;
  std::string tuning;   ///< the processor to schedule for; does not limit where the code runs
  std::string features; ///< as support/CpuFeatures.h writes them; all that the code may use

  static CpuTarget host();
  std::unique_ptr<llvm::TargetMachine> createMachine() const;
};

} // namespace glyptic::codegen
