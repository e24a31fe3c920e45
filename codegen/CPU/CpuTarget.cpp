//===- CpuTarget.cpp - The machine that kernels are compiled for -===//
#include "codegen/CPU/CpuTarget.h"
#include "support/CpuFeatures.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

namespace glyptic::codegen {

CpuTarget CpuTarget::host() {
  return {llvm::sys::getProcessTriple(), llvm::sys::getHostCPUName().str(), getHostCpuFeatures()};
}

std::unique_ptr<llvm::TargetMachine> CpuTarget::createMachine() const {
  [[maybe_unused]] static const bool initialised =
      !llvm::InitializeNativeTarget() && !llvm::InitializeNativeTargetAsmPrinter();
  std::string error;
  llvm::Triple parsed(triple);
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(parsed, error);
  if (!target)
    return nullptr;
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(features).split(names, ',', -1, /*KeepEmpty=*/false);
  std::string enabled = llvm::join(llvm::map_range(names, [](llvm::StringRef name) { return "+" + name.str(); }), ",");
  llvm::TargetOptions options;
  // A multiply and an add become one instruction only where the kernel says so (math.fma): see Simplify.h.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      parsed, /*CPU=*/"", enabled, options, llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Default));
}

} // namespace glyptic::codegen
