//===- Target.h - What a program is compiled for ----------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace glyptic {

struct Target {
  std::vector<std::string> architectures; ///< of GPUs, "sm_90", in the order of their numbers; empty: this processor
  bool hasCudnn = true; ///< where programs will run

  bool isCuda() const { return !architectures.empty(); }
  /// As a glyph has it.
  std::string getText() const;
  /// The same with libraries that are missing: "cuda:sm_90,no-cudnn".
  std::string getTextWithLibraries() const { return getText() + (hasCudnn ? "" : ",no-cudnn"); }

  /// Of CompileOptions::targets. The error says what is unknown or does not go together.
  static llvm::Expected<Target> parse(llvm::ArrayRef<std::string> names);
  /// Whether machine code for the architectures can be made here. To plan a program, it need not.
  llvm::Error checkCompiler() const;
};

} // namespace glyptic
