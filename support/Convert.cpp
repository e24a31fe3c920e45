//===- Convert.cpp --------------------------------------------------------===//
#include "support/Convert.h"
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace glyptic {
namespace {

template <typename To, typename From> bool survives(From value) {
  if constexpr (std::is_floating_point_v<To>) {
    // The rounded value may be 2^64, which no integer type holds; it is not exact then either.
    To rounded = To(value);
    return rounded < To(18446744073709551616.0) && rounded >= To(-9223372036854775808.0) &&
           (value < From(0) ? int64_t(rounded) == int64_t(value) : uint64_t(rounded) == uint64_t(value));
  } else {
    if (value < From(0))
      return std::is_signed_v<To> && int64_t(value) >= int64_t(std::numeric_limits<To>::min());
    return uint64_t(value) <= uint64_t(std::numeric_limits<To>::max());
  }
}

template <typename From, typename To> std::optional<size_t> convert(const From *source, To *target, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (!survives<To>(source[i]))
      return i;
    target[i] = To(source[i]);
  }
  return std::nullopt;
}

} // namespace

bool isInteger(DType type) { return type >= DType::I8; }

std::optional<size_t> convertIntegers(const void *source, DType from, DType to, size_t count,
                                      std::vector<std::byte> &out) {
  out.resize(count * sizeOf(to));
  std::optional<size_t> bad;
  withType(from, [&](auto f) {
    using From = decltype(f);
    if constexpr (std::is_integral_v<From>)
      withType(to, [&](auto t) {
        using To = decltype(t);
        bad = convert(static_cast<const From *>(source), reinterpret_cast<To *>(out.data()), count);
      });
  });
  return bad;
}

std::vector<std::byte> toBfloat16(const float *source, size_t count) {
  std::vector<std::byte> out(count * 2);
  for (size_t i = 0; i < count; ++i) {
    uint32_t bits;
    std::memcpy(&bits, source + i, 4);
    uint16_t high = std::isnan(source[i]) ? uint16_t(bits >> 16 | 0x40) // stays a (quiet) NaN
                                          : uint16_t((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    std::memcpy(out.data() + 2 * i, &high, 2);
  }
  return out;
}

std::vector<std::byte> fromBfloat16(const void *source, size_t count) {
  std::vector<std::byte> out(count * 4);
  for (size_t i = 0; i < count; ++i)
    std::memcpy(out.data() + 4 * i + 2, static_cast<const std::byte *>(source) + 2 * i, 2);
  return out;
}

} // namespace glyptic
