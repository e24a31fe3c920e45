//===- Routines.h - The families of library routines ------------*- C++ -*-===//
#pragma once

#include "runtime/core/Routine.h"

namespace glyptic::runtime {

std::unique_ptr<Routine> makeMatmul(const CallSite &site);
std::unique_ptr<Routine> makeConvolution(const CallSite &site);
std::unique_ptr<Routine> makeConvolutionInputGradient(const CallSite &site);
std::unique_ptr<Routine> makeConvolutionWeightGradient(const CallSite &site);
std::unique_ptr<Routine> makePool(const CallSite &site);
std::unique_ptr<Routine> makePoolGradient(const CallSite &site);

} // namespace glyptic::runtime
