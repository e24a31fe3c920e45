//===- RegionRunner.h - Runs compiled regions in a test ---------*- C++ -*-===//
//
// Compiles every region of a module for this machine, or as CUDA C++ for the host shim, and launches its kernels on
// plain memory. How the chunks (or blocks) of a launch are divided into ranges is the test's choice, because no division
// may change a bit.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "codegen/CPU/CompileKernels.h"
#include "codegen/Structured/GenerateKernels.h"
#include "dialects/Graph/GraphDialect.h"
#include <string>
#include <vector>

namespace glyptic::test {

using Bytes = std::vector<char>;

/// The ranges [lo, hi) in which `chunks` chunks are run, in order.
enum class Division { Whole, OneByOne, Backwards, Uneven };

class RegionRunner {
public:
  /// Generates and compiles; `error` is empty on success.
  explicit RegionRunner(mlir::ModuleOp module, codegen::CompileTimes *times = nullptr,
                        codegen::Machine machine = codegen::Machine::Cpu);
  ~RegionRunner();
  RegionRunner(const RegionRunner &) = delete;

  const std::string &getError() const { return error; }
  /// The order of a block's threads on the shim; nothing on the CPU.
  void setThreadOrder(int order) const;

  /// The results' memory. Inputs are dense row-major; booleans are bytes.
  std::vector<Bytes> run(graph::RegionOp region, const std::vector<Bytes> &inputs, int64_t batch,
                         Division division = Division::Whole) const;

private:
  std::string error;
  void *library = nullptr;
};

/// Bytes of a tensor in memory.
size_t getByteSize(mlir::RankedTensorType type, int64_t batch);

} // namespace glyptic::test
