//===- Ranges.cpp - Integers that index tables ----------------------------===//
#include "runtime/core/Ranges.h"
#include "runtime/core/Schema.h"
#include "support/Convert.h"
#include "support/Error.h"
#include <type_traits>

namespace glyptic::runtime {

template <typename T>
static void checkValues(const glyptic_range &range, const T *values, uint64_t count, uint64_t perSample) {
  for (uint64_t i = 0; i < count; ++i) {
    // A value beyond 2^63 becomes negative, which a range of indices excludes as well.
    auto value = static_cast<int64_t>(values[i]);
    if ((value >= range.low && value < range.high) || (range.has_ignored && value == range.ignored))
      continue;
    throw Error("input " + quoteName(range.tensor) + " is " + std::to_string(values[i]) + " in sample " +
                std::to_string(i / perSample) + ", the program takes " + std::to_string(range.low) + " to " +
                std::to_string(range.high - 1) + (range.has_ignored ? " or " + std::to_string(range.ignored) : ""));
  }
}

void checkRange(const glyptic_range &range, const glyph::Tensor &tensor, int64_t samples, const void *data) {
  uint64_t count = bytesFor(tensor, samples) / sizeOf(tensor.dtype());
  uint64_t perSample = std::max<uint64_t>(count / static_cast<uint64_t>(samples), 1);
  withType(tensor.dtype(), [&](auto zero) {
    if constexpr (std::is_integral_v<decltype(zero)>) // the verifier lets ranges be of integers only
      checkValues(range, static_cast<const decltype(zero) *>(data), count, perSample);
  });
}

} // namespace glyptic::runtime
