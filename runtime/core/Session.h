//===- Session.h - One copy of a program's state, and its execution -*- C++ -*-===//
#pragma once

#include "runtime/core/Device.h"
#include "runtime/core/Parallel.h"
#include "runtime/core/Program.h"
#include "runtime/core/Routine.h"

#include <map>
#include <optional>

namespace glyptic::runtime {

class Session {
public:
  /// `device` as glyptic_session_create_on takes it.
  Session(std::shared_ptr<const Program> program, int threads, std::string_view device = "auto");

  int threads() const { return threadCount; }
  /// Where it computes, and why there.
  const std::string &deviceText() const { return deviceDescription; }

  void setInput(std::string_view entry, std::string_view input, std::string_view bytes);
  void run(std::string_view entry, int64_t samples);
  /// The same with a clock; `times` has an element for each instruction.
  void profile(std::string_view entry, int64_t samples, glyptic_instruction_time *times, size_t count);
  /// An output of the entry that ran last, in place.
  struct Output {
    DType type;
    std::string_view bytes;
  };
  Output output(std::string_view name) const;
  void clearAccumulators();

  // State in its saved (ONNX) shape.
  void readState(std::string_view name, void *data, size_t size) const;
  void writeState(std::string_view name, const void *data, size_t size);
  void saveState(const std::string &path) const;
  void loadState(const std::string &path);
  void exportModel(const std::string &path) const;

private:
  /// An instruction with everything resolved that does not change from run to run.
  struct Step {
    enum Kind { Launch, Call, Copy } kind;
    const glyph::Instruction *instruction;
    void *const *buffers;            ///< into Plan::pointers
    const glyph::Size *extent;       ///< chunks of a launch, bytes of a copy
    uint64_t grain;
    Kernel kernel;
    std::unique_ptr<Routine> routine;
    uint64_t chunksPerBlock = 1; ///< a kernel for GPUs counts blocks
    void *deviceKernel = nullptr;
    std::byte *workspace = nullptr; ///< of a library call, where the plan has one for it

    uint64_t countBlocks(uint64_t chunks) const { return (chunks + chunksPerBlock - 1) / chunksPerBlock; }
  };
  struct Plan {
    const glyph::Entry *entry;
    std::vector<void *> pointers;
    std::vector<Step> steps;
    std::vector<int64_t> prepared; ///< numbers of samples that the routines are set up for, the one used last first
  };

  void chooseDevice(std::string_view name);
  void allocateArenas();
  Plan makePlan(const glyph::Entry &entry) const;
  Step makeCall(const glyph::Instruction &instruction, const glyph::LibraryCall &call) const;
  Step makeLaunch(const glyph::Instruction &instruction, const glyph::Launch &launch) const;
  std::byte *address(const glyph::Buffer &buffer) const;
  Plan &findPlan(std::string_view entry);
  void checkInputs(const glyph::Entry &entry, int64_t samples) const;
  void prepare(Plan &plan, int64_t samples);
  static void forget(Plan &plan, int64_t samples);
  void run(Plan &plan, int64_t samples, glyptic_instruction_time *times);
  template <typename Clock> void execute(Plan &plan, int64_t samples, Clock &clock);
  template <typename Clock> void executeOnDevice(Plan &plan, int64_t samples, Clock &clock);
  void enqueue(const Step &step, int64_t samples);
  void copyOnDevice(std::byte *target, const std::byte *source, size_t size);
  /// Where the caller's bytes of an input lie on this machine.
  std::byte *inputMemory(const glyph::Tensor &tensor) const;
  void resetState();
  void stateChanged();
  const glyph::StateEntry &findState(std::string_view name, size_t size) const;
  void setState(const glyph::StateEntry &entry, const void *saved);
  const std::byte *stateMemory(const glyph::StateEntry &entry, std::vector<std::byte> &buffer) const;
  struct SavedBuffers {
    std::vector<std::byte> copied, arranged; ///< from a device, to the saved shape
  };
  std::string_view savedBytes(const glyph::StateEntry &entry, SavedBuffers &buffers) const;

  std::shared_ptr<const Program> program;
  int threadCount;
  std::unique_ptr<Device> device; ///< null: this processor
  bool isShim = false;            ///< kernels for GPUs, on this processor
  std::string deviceDescription;
  Memory arenas[3]; ///< State, Accumulator, Work
  std::byte *bases[4] = {}; ///< of all arenas, on the device
  std::map<const glyph::Tensor *, std::byte *> staging; ///< of inputs, for a device
  mutable std::vector<std::byte> downloaded; ///< the output that was read last from a device
  Memory scratch;
  std::vector<Plan> plans;
  const glyph::Entry *bound = nullptr;              ///< the entry that the inputs in memory are for
  std::vector<std::optional<size_t>> inputSizes;    ///< bytes set, for each input of `bound`
  const glyph::Entry *ran = nullptr;                ///< the entry whose outputs are in memory
  int64_t ranSamples = 0;
  // Last: work ends before the memory that it uses goes.
  std::unique_ptr<Executor> executor;
};

} // namespace glyptic::runtime
