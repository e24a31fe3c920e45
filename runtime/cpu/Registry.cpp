//===- Registry.cpp - The library routines that this runtime has ----------===//
#include "runtime/cpu/Routines.h"

namespace glyptic::runtime {

namespace {
struct Family {
  std::string_view name;
  std::unique_ptr<Routine> (*make)(const CallSite &);
};
} // namespace

static constexpr Family kRoutines[] = {
    {"matmul", makeMatmul},
    {"convolution", makeConvolution},
    {"convolution_input_gradient", makeConvolutionInputGradient},
    {"convolution_weight_gradient", makeConvolutionWeightGradient},
    {"pool", makePool},
    {"pool_gradient", makePoolGradient},
};

std::unique_ptr<Routine> makeRoutine(const CallSite &site) {
  for (const Family &family : kRoutines)
    if (family.name == site.routine())
      return family.make(site);
  site.fail("this runtime does not have it; compile the model with the compiler of this version");
}

} // namespace glyptic::runtime
