//===- Registry.cpp - The library routines that this runtime has ----------===//
#include "runtime/cpu/Routines.h"
#include "support/glyph/Names.h"

namespace glyptic::runtime {

namespace {
struct Family {
  std::string_view name;
  std::unique_ptr<Routine> (*make)(const CallSite &);
};
} // namespace

static constexpr Family kRoutines[] = {
    {names::kMatmul, makeMatmul},
    {names::kConvolution, makeConvolution},
    {names::kConvolutionInputGradient, makeConvolutionInputGradient},
    {names::kConvolutionWeightGradient, makeConvolutionWeightGradient},
    {names::kPool, makePool},
    {names::kPoolGradient, makePoolGradient},
};

std::unique_ptr<Routine> makeRoutine(const CallSite &site) {
  for (const Family &family : kRoutines)
    if (family.name == site.routine())
      return family.make(site);
  site.fail("this runtime does not have it; compile the model with the compiler of this version");
}

} // namespace glyptic::runtime
