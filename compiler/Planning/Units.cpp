//===- Units.cpp - Amounts as people read them ------------------===//
#include "compiler/Planning/Units.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

namespace glyptic::planning {

using Unit = std::pair<double, const char *>;

/// Three digits, in the largest unit that is not above the value.
static std::string format(double value, llvm::ArrayRef<Unit> units) {
  auto unit = llvm::find_if(units, [&](const Unit &u) { return value >= u.first * 0.9995; });
  if (unit == units.end())
    unit = std::prev(units.end());
  double scaled = value / unit->first;
  const char *digits = scaled < 9.995 ? "%.2f" : scaled < 99.95 ? "%.1f" : "%.0f";
  std::string text;
  llvm::raw_string_ostream out(text);
  if (scaled == static_cast<int64_t>(scaled) && unit->first == 1)
    digits = "%.0f";
  out << llvm::format(digits, scaled) << unit->second;
  return text;
}

std::string formatBytes(double bytes) {
  return format(bytes, {{1e12, " TB"}, {1e9, " GB"}, {1e6, " MB"}, {1e3, " kB"}, {1, " B"}});
}
std::string formatCount(double count) {
  return format(count, {{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}, {1, ""}});
}
std::string formatSeconds(double time) { return format(time, {{1, " s"}, {1e-3, " ms"}, {1e-6, " us"}}); }

} // namespace glyptic::planning
