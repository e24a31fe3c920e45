//===- Shim.cpp - CUDA C++ as a program for the host ------------*- C++ -*-===//
#include "codegen/CUDA/Shim.h"
#include "codegen/CUDA/Spelling.h"
#include "codegen/CUDA/Translate.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

using namespace mlir;

namespace glyptic::codegen::cuda {

static StringRef getShimRuntime() {
  return
#include "codegen/CUDA/ShimRuntime.inc"
      ;
}

static LogicalResult printEntry(gpu::GPUFuncOp kernel, raw_ostream &os) {
  os << "extern \"C\" void " << kernel.getName()
     << "(void *const *buffers, int64_t batch, int64_t lo, int64_t hi) {\n  shim::run("
     << kernel.getKnownBlockSize()->front() << ", lo, hi, [=] { " << kernel.getName() << "_threads(";
  StringRef separator;
  for (BlockArgument argument : kernel.getArguments()) {
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

static llvm::Expected<std::string> findCompiler() {
  if (const char *chosen = std::getenv("GLYPTIC_CXX"))
    return chosen;
  for (StringRef name : {"clang++-22", "clang++", "g++", "c++"})
    if (auto path = llvm::sys::findProgramByName(name))
      return *path;
  return llvm::createStringError(
      "no C++ compiler is on the PATH to compile kernels for the shim with; set GLYPTIC_CXX");
}

llvm::Expected<std::vector<char>> compileShim(StringRef program) {
  llvm::Expected<std::string> compiler = findCompiler();
  if (!compiler)
    return compiler.takeError();
  SmallString<128> source, object, log;
  if (llvm::sys::fs::createTemporaryFile("glyptic-shim", "cpp", source) ||
      llvm::sys::fs::createTemporaryFile("glyptic-shim", "so", object) ||
      llvm::sys::fs::createTemporaryFile("glyptic-shim", "log", log))
    return llvm::createStringError("no temporary file can be made for the shim");
  llvm::FileRemover removeSource(source), removeObject(object), removeLog(log);
  std::error_code error;
  {
    llvm::raw_fd_ostream stream(source, error);
    stream << program;
  }
  // A multiply and an add become one only where the text says so, as on the GPU.
  StringRef arguments[] = {*compiler, "-std=c++17", "-O1", "-ffp-contract=off", "-fPIC", "-shared", "-w",
                           source,    "-o",         object};
  std::optional<StringRef> redirects[] = {std::nullopt, StringRef(log), StringRef(log)};
  if (llvm::sys::ExecuteAndWait(*compiler, arguments, std::nullopt, redirects)) {
    auto text = llvm::MemoryBuffer::getFile(log);
    return llvm::createStringError(*compiler + " rejects the kernels for the shim:\n" +
                                   (text ? (*text)->getBuffer().take_front(4000).str() : ""));
  }
  auto bytes = llvm::MemoryBuffer::getFile(object, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!bytes)
    return llvm::createStringError("the compiled shim cannot be read");
  StringRef content = (*bytes)->getBuffer();
  return std::vector<char>(content.begin(), content.end());
}

} // namespace glyptic::codegen::cuda
