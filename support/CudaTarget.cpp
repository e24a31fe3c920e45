//===- CudaTarget.cpp - The text of a target for GPUs ---------------------===//
#include "support/CudaTarget.h"
#include "support/glyph/Glyph.h"

#include <charconv>

namespace glyptic {

static constexpr std::string_view kPrefix = glyph::kCudaTarget, kArchitecture = "sm_";

bool isCudaTarget(std::string_view target) { return target.substr(0, kPrefix.size()) == kPrefix; }

std::vector<std::string> splitCudaTarget(std::string_view target) {
  std::vector<std::string> parts;
  if (!isCudaTarget(target))
    return parts;
  target.remove_prefix(kPrefix.size());
  for (size_t end; (end = target.find(',')) != std::string_view::npos; target.remove_prefix(end + 1))
    parts.emplace_back(target.substr(0, end));
  parts.emplace_back(target);
  return parts;
}

int getArchitectureNumber(std::string_view architecture) {
  int number = 0;
  if (architecture.substr(0, kArchitecture.size()) != kArchitecture)
    return -1;
  const char *begin = architecture.data() + kArchitecture.size(), *end = architecture.data() + architecture.size();
  auto [rest, error] = std::from_chars(begin, end, number);
  return error == std::errc() && rest == end ? number : -1;
}

} // namespace glyptic
