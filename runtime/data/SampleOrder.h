//===- SampleOrder.h - Which sample comes when ------------------*- C++ -*-===//
//
// Orders are functions of seed and epoch alone: a resumed run draws the same batches, and so does another machine.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <vector>

namespace glyptic::runtime {

/// Shuffles `samples` for one epoch (counted from 1).
void shuffle(std::vector<uint64_t> &samples, uint64_t seed, uint64_t epoch);

struct Split {
  std::vector<uint64_t> train, valid; ///< ascending
};

/// Sets the fraction `valid` of `count` samples aside, at least one and never all; `valid` lies in (0, 1), `count` is
/// 2 or more. Not stratified.
Split splitSamples(uint64_t count, double valid, uint64_t seed);

} // namespace glyptic::runtime
