//===- Shim.cpp - CUDA C++ as a program for the host ------------*- C++ -*-===//
#include "codegen/CUDA/Shim.h"
#include "codegen/CUDA/Spelling.h"
#include "codegen/CUDA/Translate.h"
#include "support/Error.h"
#include "support/SharedObject.h"

using namespace mlir;

namespace glyptic::codegen::cuda {

static StringRef getShimRuntime() {
  return
#include "codegen/CUDA/ShimRuntime.inc"
      ;
}

static LogicalResult printEntry(gpu::GPUFuncOp kernel, raw_ostream &os) {
  os << "ENTRY void " << kernel.getName()
     << "(void *const *buffers, int64_t batch, int64_t lo, int64_t hi) {\n  shim::run("
     << kernel.getKnownBlockSize()->front() << ", lo, hi, [=] { " << kernel.getName() << "_threads(";
  StringRef separator;
  // Arguments behind these are shared memory.
  for (BlockArgument argument : kernel.getArguments().take_front(kernel.getNumArguments())) {
    auto memory = dyn_cast<MemRefType>(argument.getType());
    os << std::exchange(separator, ", ");
    if (!memory) {
      os << "static_cast<unsigned>(batch)";
      continue;
    }
    FailureOr<std::string> type = spellType(kernel.getLoc(), memory.getElementType());
    if (failed(type))
      return failure();
    os << "static_cast<" << *type << " *>(buffers[" << argument.getArgNumber() << "])";
  }
  os << "); });\n}\n";
  return success();
}

/// An entry has the kernel's name, so the kernel gets another one; its text stays as it is.
LogicalResult printShimProgram(gpu::GPUModuleOp module, raw_ostream &os) {
  os << getShimRuntime() << getPrelude();
  for (auto kernel : module.getOps<gpu::GPUFuncOp>())
    os << "#define " << kernel.getName() << " " << kernel.getName() << "_threads\n";
  if (failed(translateToCuda(module, os)))
    return failure();
  for (auto kernel : module.getOps<gpu::GPUFuncOp>()) {
    os << "#undef " << kernel.getName() << "\n";
    if (failed(printEntry(kernel, os)))
      return failure();
  }
  return success();
}

llvm::Expected<std::vector<char>> compileShim(StringRef program) {
  try {
    return compileSharedObject(program);
  } catch (const Error &error) {
    return llvm::createStringError(error.what());
  }
}

} // namespace glyptic::codegen::cuda
