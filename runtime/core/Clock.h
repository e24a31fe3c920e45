//===- Clock.h - Where the time of a run goes -------------------*- C++ -*-===//
//
// A run tells a clock what it does: begin(), then for each instruction share() around what each thread computes, and
// end(). A run without a profile has a clock without a body, which compiles to nothing.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "glyptic/runtime.h"
#include "runtime/core/Parallel.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace glyptic::runtime {

struct NoClock {
  void begin() {}
  template <typename Body> void share(Body body) { body(); }
  void end() {}
};

class InstructionClock {
public:
  /// `times` has room for all instructions of the run.
  InstructionClock(int threads, glyptic_instruction_time *times) : shares(static_cast<size_t>(threads)), times(times) {}

  void begin() { start = now(); }

  template <typename Body> void share(Body body) {
    double from = now();
    body();
    shares[static_cast<size_t>(omp_get_thread_num())].seconds = now() - from;
  }

  void end() {
    double total = now() - start, sum = 0, longest = 0, took = 0;
    for (Share &share : shares) {
      took += share.seconds > 0;
      sum += share.seconds;
      longest = std::max(longest, share.seconds);
      share.seconds = 0;
    }
    // What a library's threads do is not seen.
    *times++ =
        took > 0 ? glyptic_instruction_time{total, sum / took, longest} : glyptic_instruction_time{total, total, total};
    start = now(); // the lines above are nobody's
  }

private:
  /// On a line of its own: threads write theirs at the same time.
  struct alignas(64) Share {
    double seconds = 0;
  };

  static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

  std::vector<Share> shares;
  glyptic_instruction_time *times;
  double start = 0;
};

} // namespace glyptic::runtime
