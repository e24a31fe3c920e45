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
  std::vector<uint64_t> train, rest; ///< ascending
};

/// How many of `count` samples a split by `fraction`, in (0, 1), sets aside: at least one, never all; of one sample
/// none.
uint64_t splitSize(uint64_t count, double fraction);

/// Sets that many of `samples` aside. Not stratified.
Split splitSamples(std::vector<uint64_t> samples, double fraction, uint64_t seed);

} // namespace glyptic::runtime
