//===- CpuFeatures.h - What a processor must have to run a glyph -*- C++ -*-===//
//
// The compiler writes down the instruction sets that its code may use, the loader compares. Both ask the processor in
// the same way, so that they cannot disagree.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <string>
#include <string_view>

namespace glyptic {

/// Instruction sets of this processor that kernels may use, separated by commas ("avx,avx2,fma").
std::string getHostCpuFeatures();

/// The first of `features` that this processor lacks; empty if it has them all.
std::string findMissingCpuFeature(std::string_view features);

} // namespace glyptic
