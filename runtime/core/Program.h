//===- Program.h - A loaded glyph -------------------------------*- C++ -*-===//
#pragma once

#include "glyptic/runtime.h"
#include "runtime/core/Code.h"
#include "runtime/core/Memory.h"
#include "support/File.h"
#include "support/Safetensors.h"
#include "support/Zip.h"

#include <list>
#include <memory>
#include <mutex>
#include <optional>

namespace glyptic::runtime {

/// Immutable and shared between sessions. Loading verifies everything before any code is mapped.
class Program {
public:
  static std::shared_ptr<const Program> load(const std::string &path);
  static std::shared_ptr<const Program> copy(std::string_view bytes);
  Program(const Program &) = delete;

  const glyph::Program &tables() const { return *schema; }
  const std::byte *constants() const { return constantArena.data(); }
  std::string target() const;
  bool isForCuda() const;
  /// Of the GPUs that it has machine code for: "sm_90".
  std::vector<std::string> architectures() const;
  /// Machine code and PTX for GPUs, by name in the archive.
  const std::vector<std::pair<std::string, std::string_view>> &cudaCode() const { return gpuCode; }
  Kernel kernel(const glyph::Launch &launch) const;
  /// A kernel for GPUs on this processor, its chunks being blocks. The first call compiles all of them: it needs a C++
  /// compiler, and throws where there is none.
  Kernel shimKernel(const glyph::Launch &launch) const;

  const glyph::Entry *findEntry(std::string_view name) const; ///< null if there is none
  const glyph::StateEntry *findState(std::string_view name) const;
  /// A state's initial bytes in ONNX's shape; empty if it starts at zero.
  std::string_view initialState(const glyph::StateEntry &entry) const;
  /// Weights are read when sessions start and never again: their pages need not stay in memory beside the session's
  /// copy.
  void dropPages() const;
  std::string_view model() const { return onnxModel; } ///< the original's bytes; empty if the glyph has none

  // What the C API hands out.
  const std::vector<const char *> &entryNames() const { return names; }
  const std::vector<glyptic_tensor> &inputs(const glyph::Entry &entry) const;
  const std::vector<glyptic_tensor> &outputs(const glyph::Entry &entry) const;
  const std::vector<glyptic_instruction> &instructions(const glyph::Entry &entry) const;
  const std::vector<glyptic_tensor> &state() const { return stateTensors; }
  const std::vector<glyptic_range> &ranges() const { return valueRanges; }

private:
  struct EntryTables {
    std::vector<glyptic_tensor> inputs, outputs;
    std::vector<glyptic_instruction> instructions;
  };

  Program(std::optional<MappedFile> file, std::vector<char> owned);
  void read(std::string_view bytes);
  void loadCode(const ZipReader &archive);
  void checkStored() const;
  void checkHoles() const;
  void fillTables();
  glyptic_tensor describe(const glyph::Tensor &tensor, const flatbuffers::Vector<uint8_t> *permutation);

  std::optional<MappedFile> file;
  std::vector<char> owned;
  Memory constantArena;
  std::vector<std::byte> programBytes; ///< an aligned copy
  const glyph::Program *schema = nullptr;
  std::optional<SafetensorsReader> stored;
  std::string_view onnxModel;
  std::vector<Code> code;
  std::vector<std::pair<std::string, std::string_view>> gpuCode;
  std::string_view shimSource;
  mutable std::mutex shimMutex;
  mutable std::optional<Code> shim;

  std::vector<const char *> names;
  std::vector<EntryTables> entryTables;
  std::vector<glyptic_tensor> stateTensors;
  std::vector<glyptic_range> valueRanges;
  std::list<std::vector<int64_t>> extents;
  std::list<std::vector<uint8_t>> flags;
};

/// The shape under which a state is saved: memory dimension i is its dimension permutation[i].
std::vector<int64_t> savedShape(const glyph::StateEntry &entry);

} // namespace glyptic::runtime
