//===- Units.h - Amounts as people read them --------------------*- C++ -*-===//
#pragma once

#include <string>

namespace glyptic::planning {

std::string formatBytes(double bytes);   ///< "1.50 MB"; powers of 1000
std::string formatCount(double count);   ///< "12.3 M"
std::string formatSeconds(double time);  ///< "410 us"

} // namespace glyptic::planning
