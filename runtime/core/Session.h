//===- Session.h - One copy of a program's state, and its execution -*- C++ -*-===//
#pragma once

#include "runtime/core/InputFeed.h"
#include "runtime/core/Parallel.h"
#include "runtime/core/Program.h"
#include "runtime/core/Routine.h"

#include <map>
#include <optional>

namespace glyptic::runtime {

/// What `action` throws is said of the ONNX nodes that the instruction serves. Costs nothing otherwise.
template <typename Action> void forNodes(const glyph::Instruction &instruction, Action action) {
  try {
    action();
  } catch (const Error &error) {
    if (!instruction.label() || instruction.label()->size() == 0)
      throw;
    throw Error(error.code(), quoteName(instruction.label()->str()) + ": " + error.what());
  }
}

/// As glyptic_session_options.
struct SessionOptions {
  std::string_view device = "auto";
  int threads = 0;
  bool debugSync = false;
  void *cudaContext = nullptr, *cudaStream = nullptr;
};

class Session {
public:
  Session(std::shared_ptr<const Program> program, const SessionOptions &options);

  int threads() const { return threadCount; }
  /// Where it computes, and why there.
  const std::string &deviceText() const { return deviceDescription; }

  void setInput(std::string_view entry, std::string_view input, std::string_view bytes);
  /// Queues a run; on this processor it is done then.
  void start(std::string_view entry, int64_t samples) { start(findPlan(entry), samples, nullptr); }
  void wait();
  void run(std::string_view entry, int64_t samples);
  /// The same with a clock; `times` has an element for each instruction.
  void profile(std::string_view entry, int64_t samples, glyptic_instruction_time *times, size_t count);
  /// An output of the run that was started last, in place. Waits for it.
  struct Output {
    DType type;
    std::string_view bytes;
  };
  Output output(std::string_view name) const;

  // The same in memory of the device: what is queued is in the order of its runs.
  void setDeviceInput(std::string_view entry, std::string_view input, const void *address, size_t size);
  void getDeviceOutput(std::string_view name, void *address, size_t size);
  glyptic_memory locateOutput(std::string_view name) const;
  glyptic_memory locateState(std::string_view name) const;
  /// Why a device is asked for each instruction of an entry in every run; empty where it is not, null where there is no
  /// such entry.
  const std::string *whyNotRecorded(std::string_view entry) const;
  void clearAccumulators();
  /// The caller has written state by itself.
  void stateChanged();

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
  /// A piece of the device's memory that holds outputs of one element, and where it comes to with each run.
  struct Fetch {
    std::byte *to;
    const std::byte *from;
    size_t size;
  };
  struct Plan {
    const glyph::Entry *entry;
    std::vector<void *> pointers;
    std::vector<Step> steps;
    std::vector<int64_t> prepared; ///< numbers of samples that the routines are set up for, the one used last first
    std::map<int64_t, std::unique_ptr<Recording>> recordings; ///< by the number of samples; null: ran once
    std::string whyNotRecorded;
    std::vector<Fetch> fetches;
    std::vector<const std::byte *> scalars; ///< on this machine after a run on a device; null for other outputs
  };

  void chooseDevice(const SessionOptions &options);
  void openDevice();
  void planFetches(Plan &plan) const;
  void allocateArenas();
  Plan makePlan(const glyph::Entry &entry) const;
  Step makeCall(const glyph::Instruction &instruction, const glyph::LibraryCall &call) const;
  Step makeLaunch(const glyph::Instruction &instruction, const glyph::Launch &launch) const;
  std::byte *address(const glyph::Buffer &buffer) const;
  Plan &findPlan(std::string_view entry);
  void checkInputs(const glyph::Entry &entry, int64_t samples) const;
  void prepare(Plan &plan, int64_t samples);
  static void forget(Plan &plan, int64_t samples);
  void start(Plan &plan, int64_t samples, glyptic_instruction_time *times);
  template <typename Clock> void execute(Plan &plan, int64_t samples, Clock &clock);
  void startOnDevice(Plan &plan, int64_t samples, glyptic_instruction_time *times);
  template <typename Clock> void queue(const Plan &plan, int64_t samples, Clock &clock);
  void enqueue(const Step &step, int64_t samples);
  void copyOnDevice(std::byte *target, const std::byte *source, size_t size);
  const Recording *findRecording(Plan &plan, int64_t samples);
  size_t bind(const glyph::Entry &entry, std::string_view input, size_t size);
  void retireOutputs();
  /// The index of an output of the run that was started last.
  size_t findOutput(std::string_view name) const;
  const glyph::Tensor &outputAt(size_t index) const { return *(*ran->entry->outputs())[static_cast<unsigned>(index)]; }
  /// Whether it has one element for any number of samples.
  static bool isScalar(const glyph::Tensor &tensor);
  void resetState();
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
  bool debugSync = false;
  std::string deviceDescription;
  Memory arenas[3]; ///< State, Accumulator, Work
  std::byte *bases[4] = {}; ///< of all arenas, on the device
  std::unique_ptr<InputFeed> feed;     ///< for a device
  std::unique_ptr<Event> runEnd;       ///< of the run that a device was asked for last
  std::byte *bounce = nullptr;         ///< on the device, for copies whose sides overlap
  mutable std::vector<std::byte> downloaded; ///< the output that was read last from a device
  Memory kept; ///< without a device: outputs of one element, put by when inputs are set, eight bytes for each output
  Memory scratch;
  std::vector<Plan> plans;
  const glyph::Entry *bound = nullptr;              ///< the entry that the inputs in memory are for
  std::vector<std::optional<size_t>> inputSizes;    ///< bytes set, for each input of `bound`
  const Plan *ran = nullptr;                        ///< of the entry that was started last
  int64_t ranSamples = 0;
  bool outputsGone = false;                         ///< all but those of one element
  // Last: work ends before the memory that it uses goes.
  std::unique_ptr<Executor> executor;
};

} // namespace glyptic::runtime
