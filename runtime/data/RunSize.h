//===- RunSize.h - Samples of one run ---------------------------*- C++ -*-===//
//
// Exporters write the batch of their example as a number unless they are told otherwise. Such a program runs on exactly
// so many samples, and a larger batch is made of several runs.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "glyptic/runtime.h"
#include <string>

namespace glyptic::runtime {

/// How many samples one run of a training program's entries takes.
struct RunSize {
  explicit RunSize(const glyptic_program *program);

  size_t largest;       ///< samples of a run
  bool isFixed = false; ///< exactly so many: the model states its batch as a number, and no dimension is batched

  /// What a run on `count` samples is told.
  int64_t batch(size_t count) const { return isFixed ? 1 : int64_t(count); }

  /// Throws if `count` of something cannot be divided into runs.
  void check(size_t count, const std::string &what) const;

private:
  std::string freed; ///< of a fixed batch: the flag that frees it
};

} // namespace glyptic::runtime
