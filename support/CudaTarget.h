//===- CudaTarget.h - The text of a target for GPUs -------------*- C++ -*-===//
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace glyptic {

/// Of "cuda:sm_80,sm_90" (glyph::kCudaTarget): {"sm_80", "sm_90"}, and whatever else stands between commas. Nothing for
/// other targets.
std::vector<std::string> splitCudaTarget(std::string_view target);
bool isCudaTarget(std::string_view target);

/// 90 of "sm_90"; -1 for what is no architecture.
int getArchitectureNumber(std::string_view architecture);

} // namespace glyptic
