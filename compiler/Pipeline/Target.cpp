//===- Target.cpp - What a program is compiled for --------------===//
#include "compiler/Pipeline/Target.h"
#include "codegen/CPU/CpuTarget.h"
#include "codegen/CUDA/Nvrtc.h"
#include "support/CudaTarget.h"
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
    if (!isCudaTarget(name))
      return createStringError("there is no target " + quoteName(name) +
                               "; targets are cpu and cuda:sm_90, or whatever the GPU is");
    for (std::string &part : splitCudaTarget(name))
      if (part == "no-cudnn")
        target.hasCudnn = false;
      else if (getArchitectureNumber(part) < 0)
        return createStringError("target " + quoteName(name) + " names " + quoteName(part) +
                                 ", which is no architecture of a GPU, such as sm_90");
      else
        target.architectures.push_back(std::move(part));
  }
  if (!target.isCuda() && !target.hasCudnn)
    return createStringError("a target without cuDNN needs an architecture, too: cuda:sm_90,no-cudnn");
  if (!target.isCuda())
    return target;
  if (hasCpu)
    return createStringError("a glyph is for one kind of target, cpu or cuda; compile two");
  llvm::sort(target.architectures, [](const std::string &a, const std::string &b) {
    return getArchitectureNumber(a) < getArchitectureNumber(b);
  });
  target.architectures.erase(llvm::unique(target.architectures), target.architectures.end());
  return target;
}

llvm::Error Target::checkCompiler() const {
  if (!isCuda())
    return llvm::Error::success();
  Expected<const codegen::cuda::Nvrtc *> nvrtc = codegen::cuda::Nvrtc::get();
  if (!nvrtc)
    return nvrtc.takeError();
  for (const std::string &architecture : architectures)
    if (!is_contained((*nvrtc)->getArchitectures(), architecture))
      return createStringError("NVRTC " + (*nvrtc)->getVersion() + " does not compile for " + quoteName(architecture) +
                               ", but for " + join((*nvrtc)->getArchitectures(), ", "));
  return llvm::Error::success();
}

} // namespace glyptic
