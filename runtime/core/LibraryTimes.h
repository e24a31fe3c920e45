//===- LibraryTimes.h - What a program's library calls take -----*- C++ -*-===//
#pragma once

#include "runtime/core/Program.h"

namespace glyptic::runtime {

/// Times each library call of an entry alone: the median of `repeats` runs after one to warm up, 0 for other
/// instructions. Operands are random numbers in memory of their own: no session is involved, and no call sees the
/// overflows or denormals that a chain of calls without the kernels between them would run into. `device` as a session
/// takes it; what a GPU is asked is timed until it has finished.
void timeLibraryCalls(const Program &program, std::string_view entry, int64_t samples, std::string_view device,
                      int threads, int repeats, double *seconds, size_t count);

} // namespace glyptic::runtime
