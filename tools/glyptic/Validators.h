//===- Validators.h - What numbers on the command line may be ---*- C++ -*-===//
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>

namespace glyptic::tool {

/// A finite number in [low, high): CLI11's ranges let NaN pass.
inline CLI::Validator finite(double low, double high = HUGE_VAL) {
  return CLI::Validator(
      [=](std::string &text) {
        double value = 0;
        bool ok = CLI::detail::lexical_cast(text, value) && std::isfinite(value) && value >= low && value < high;
        std::string upper = std::isinf(high) ? "" : " and below " + CLI::detail::to_string(high);
        return ok ? std::string() : "'" + text + "' is not a number of at least " + CLI::detail::to_string(low) + upper;
      },
      "");
}

inline CLI::Validator count() { return CLI::Range(int64_t(1), INT64_MAX, "COUNT"); }

/// CLI11 would wrap -1 round, and cut what is larger.
inline CLI::Validator seed() {
  return CLI::Validator(
      [](std::string &text) {
        uint64_t value = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        bool ok = error == std::errc() && end == text.data() + text.size();
        return ok ? std::string() : "'" + text + "' is not a whole number from 0 to " + std::to_string(UINT64_MAX);
      },
      "");
}

} // namespace glyptic::tool
