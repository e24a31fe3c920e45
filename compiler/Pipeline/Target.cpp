//===- Target.cpp - What a program is compiled for --------------===//
#include "compiler/Pipeline/Target.h"
#include "codegen/CPU/CpuTarget.h"
#include "codegen/CUDA/Nvrtc.h"
#include "support/Error.h"
#include "support/glyph/Glyph.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace glyptic {

std::string Target::getText() const {
  if (!isCuda())
    return glyph::kCpuTarget + codegen::CpuTarget::host().features;
  return glyph::kCudaTarget + join(architectures, ",");
}

Expected<Target> Target::parse(ArrayRef<std::string> names) {
  Target target;
  bool hasCpu = false;
  for (StringRef name : names) {
    if (name == "cpu") {
      hasCpu = true;
      continue;
    }
    if (!name.consume_front(glyph::kCudaTarget))
      return createStringError("there is no target " + quoteName(name) +
                               "; targets are cpu and cuda:sm_90, or whatever the GPU is");
    for (StringRef part : split(name, ','))
      if (part == "no-cudnn")
        target.hasCudnn = false;
      else
        target.architectures.push_back(part.str());
  }
  if (!target.isCuda() && !target.hasCudnn)
    return createStringError("a target without cuDNN needs an architecture, too: cuda:sm_90,no-cudnn");
  if (!target.isCuda())
    return target;
  if (hasCpu)
    return createStringError("a glyph is for one kind of target, cpu or cuda; compile two");
  Expected<const codegen::cuda::Nvrtc *> nvrtc = codegen::cuda::Nvrtc::get();
  if (!nvrtc)
    return nvrtc.takeError();
  for (const std::string &architecture : target.architectures)
    if (!is_contained((*nvrtc)->getArchitectures(), architecture))
      return createStringError("NVRTC " + (*nvrtc)->getVersion() + " does not compile for " + quoteName(architecture) +
                               ", but for " + join((*nvrtc)->getArchitectures(), ", "));
  auto number = [](StringRef architecture) {
    int value = 0;
    architecture.drop_front(3).getAsInteger(10, value);
    return value;
  };
  llvm::sort(target.architectures, [&](StringRef a, StringRef b) { return number(a) < number(b); });
  target.architectures.erase(llvm::unique(target.architectures), target.architectures.end());
  return target;
}

} // namespace glyptic
