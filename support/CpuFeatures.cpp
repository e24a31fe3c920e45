//===- CpuFeatures.cpp - What a processor must have to run a glyph -===//
#include "support/CpuFeatures.h"
#include <utility>

namespace glyptic {
namespace {

struct Feature {
  const char *name;
  bool present;
};

#if defined(__x86_64__)
#define GLYPTIC_FEATURE(name)                                                                                          \
  Feature { name, bool(__builtin_cpu_supports(name)) }
/// Names are those of both GCC and LLVM.
const auto &getFeatures() {
  static const Feature features[] = {
      GLYPTIC_FEATURE("sse4.2"),   GLYPTIC_FEATURE("popcnt"),   GLYPTIC_FEATURE("avx"),
      GLYPTIC_FEATURE("avx2"),     GLYPTIC_FEATURE("fma"),      GLYPTIC_FEATURE("f16c"),
      GLYPTIC_FEATURE("bmi"),      GLYPTIC_FEATURE("bmi2"),     GLYPTIC_FEATURE("lzcnt"),
      GLYPTIC_FEATURE("avx512f"),  GLYPTIC_FEATURE("avx512bw"), GLYPTIC_FEATURE("avx512cd"),
      GLYPTIC_FEATURE("avx512dq"), GLYPTIC_FEATURE("avx512vl"), GLYPTIC_FEATURE("avx512bf16"),
  };
  return features;
}
#undef GLYPTIC_FEATURE
#else
/// Other processors are compiled for their baseline.
const auto &getFeatures() {
  static const Feature features[] = {{"baseline", true}};
  return features;
}
#endif

bool isPresent(std::string_view name) {
  for (const Feature &feature : getFeatures())
    if (name == feature.name)
      return feature.present;
  return false;
}

} // namespace

std::string getHostCpuFeatures() {
  std::string names;
  for (const Feature &feature : getFeatures())
    if (feature.present)
      names += (names.empty() ? "" : ",") + std::string(feature.name);
  return names;
}

std::string findMissingCpuFeature(std::string_view features) {
  while (!features.empty()) {
    size_t end = features.find(',');
    std::string_view name = features.substr(0, end);
    if (!name.empty() && !isPresent(name))
      return std::string(name);
    features = end == std::string_view::npos ? std::string_view() : features.substr(end + 1);
  }
  return {};
}

} // namespace glyptic
