//===- Verify.cpp - Everything about a program that can be checked --------===//
#include "runtime/core/Verify.h"
#include "runtime/core/Routine.h"
#include "runtime/core/Schema.h"
#include "support/Convert.h"
#include "support/CpuFeatures.h"
#include "support/CudaTarget.h"
#include "support/Error.h"
#include "support/glyph/Glyph.h"

#include <set>

namespace glyptic::runtime {
namespace {

constexpr size_t kMaxRank = 12; ///< also oneDNN's

// Of CUDA; parameters of a kernel are at most 4 KB.
constexpr uint32_t kMaxBlockThreads = 1024;
constexpr uint64_t kMaxBlocks = INT32_MAX;
constexpr size_t kMaxKernelBuffers = 500;

class Verifier {
public:
  explicit Verifier(const glyph::Program &program)
      : program(program), batch(static_cast<int64_t>(program.max_batch())) {}

  void run() {
    checkHeader();
    checkState();
    std::set<std::string_view> names;
    for (const glyph::Entry *entry : Elements(program.entries()))
      in("entry " + quoteName(view(entry->name())), [&] {
        expect(names.insert(view(entry->name())).second, "it occurs twice");
        checkEntry(*entry);
      });
    checkRanges();
  }

private:
  static void expect(bool holds, const char *otherwise) {
    if (!holds)
      throw Error(ErrorCode::Format, otherwise);
  }

  template <typename Action> static void in(const std::string &subject, Action action) { withSubject(subject, action); }

  void checkHeader() {
    if (program.format() != glyph::kFormat)
      throw Error(ErrorCode::Unsupported, "its format is " + std::to_string(program.format()) +
                                              ", this runtime reads " + std::to_string(glyph::kFormat) +
                                              "; compile the model again");
    std::string_view target = view(program.target()), cpu = glyph::kCpuTarget;
    isForCuda = isCudaTarget(target);
    if (!isForCuda && target.substr(0, cpu.size()) != cpu)
      throw Error(ErrorCode::Unsupported,
                  "it is compiled for " + quoteName(target) + ", which this runtime does not run");
    std::string missing = isForCuda ? "" : findMissingCpuFeature(target.substr(cpu.size()));
    if (!missing.empty())
      throw Error(ErrorCode::Unsupported, "it is compiled for a processor with " + missing +
                                              ", which this one lacks; compile the model on this machine");
    // A GPU's kernels count samples in 32 bits.
    expect(batch >= 1 && program.max_batch() <= (isForCuda ? uint64_t(UINT32_MAX) : glyph::kMaxBatch),
           "its largest batch is out of range");
    expectAligned(program.arena_sizes());
    expect(Elements(program.arena_sizes()).size() == size_t(glyph::Arena::MAX) + 1, "its list of arenas is incomplete");
    expect(arenaSize(glyph::Arena::Constant) == Elements(program.constants()).size(), "its constants are incomplete");
  }

  uint64_t arenaSize(glyph::Arena arena) const { return program.arena_sizes()->Get(static_cast<unsigned>(arena)); }

  /// FlatBuffers' verifier checks that fields are aligned, but not the elements of vectors.
  template <typename Vector> static void expectAligned(const Vector *vector) {
    expect(!vector || reinterpret_cast<uintptr_t>(vector->Data()) % alignof(uint64_t) == 0, "a list is not aligned");
  }

  /// The value at the largest batch; all smaller batches give less.
  uint64_t largest(const glyph::Size &size) const {
    uint64_t value;
    expect(!__builtin_mul_overflow(size.per_batch(), program.max_batch(), &value) &&
               !__builtin_add_overflow(value, size.constant(), &value) && value <= INT64_MAX,
           "a size is out of range");
    return value;
  }

  void checkBuffer(const glyph::Buffer &buffer, bool written) const {
    expect(buffer.arena() <= glyph::Arena::MAX, "a buffer lies in no known arena");
    uint64_t size = largest(buffer.size()), limit = arenaSize(buffer.arena());
    expect(buffer.offset() % 64 == 0, "a buffer is not aligned");
    expect(buffer.offset() <= limit && size <= limit - buffer.offset(), "a buffer reaches beyond its arena");
    expect(!written || buffer.arena() != glyph::Arena::Constant, "constants are written");
  }

  /// At the largest batch, where buffers reach farthest.
  bool overlaps(const glyph::Buffer &a, const glyph::Buffer &b) const {
    return a.arena() == b.arena() && a.offset() < b.offset() + largest(b.size()) &&
           b.offset() < a.offset() + largest(a.size());
  }

  void checkTensor(const glyph::Tensor &tensor, bool written) const {
    in("tensor " + quoteName(view(tensor.name())), [&] {
      expect(tensor.dtype() <= DType::MAX, "its element type is unknown");
      expectAligned(tensor.dims());
      expect(Elements(tensor.dims()).size() <= kMaxRank, "it has too many dimensions");
      for (const glyph::Dim *dim : Elements(tensor.dims()))
        // A batched dimension of none would not tell how many samples an array holds.
        expect(dim->scale() <= uint64_t(INT64_MAX) / glyph::kMaxBatch && (dim->scale() > 0 || !dim->batched()),
               "a dimension is out of range");
      checkBuffer(*tensor.buffer(), written);
      // Its bytes grow at least as fast as a line, so that both ends fitting means that all between do.
      for (int64_t samples : {int64_t(1), batch}) {
        auto bytes = tensorBytes(tensor.dtype(), shapeFor(tensor, samples));
        expect(bytes && *bytes <= sizeFor(tensor.buffer()->size(), samples), "it is larger than its buffer");
      }
    });
  }

  void checkState() {
    std::set<std::string_view> names;
    for (const glyph::StateEntry *entry : Elements(program.state())) {
      const glyph::Tensor &tensor = *entry->tensor();
      checkTensor(tensor, /*written=*/false);
      in("state " + quoteName(view(tensor.name())), [&] {
        expect(names.insert(view(tensor.name())).second, "it occurs twice");
        expect(tensor.buffer()->arena() == glyph::Arena::State, "it lies outside the state's arena");
        for (const glyph::Dim *dim : Elements(tensor.dims()))
          expect(!dim->batched(), "its shape depends on the batch");
        std::set<unsigned> used;
        Elements permutation(entry->permutation());
        for (unsigned dim : permutation)
          expect(dim < permutation.size() && used.insert(dim).second, "its permutation is none");
        expect(permutation.size() == 0 || permutation.size() == Elements(tensor.dims()).size(),
               "its permutation does not fit");
      });
    }
    for (const glyph::Tensor *tensor : Elements(program.accumulators()))
      checkTensor(*tensor, /*written=*/true);
  }

  void checkEntry(const glyph::Entry &entry) const {
    std::set<std::string_view> inputs, outputs;
    for (const glyph::Tensor *tensor : Elements(entry.inputs())) {
      checkTensor(*tensor, /*written=*/true);
      expect(tensor->buffer()->arena() == glyph::Arena::Work, "an input lies outside the work arena");
      expect(inputs.insert(view(tensor->name())).second, "an input occurs twice");
    }
    for (const glyph::Tensor *tensor : Elements(entry.outputs())) {
      checkTensor(*tensor, /*written=*/false);
      expect(outputs.insert(view(tensor->name())).second, "an output occurs twice");
    }
    size_t number = 0;
    for (const glyph::Instruction *instruction : Elements(entry.instructions()))
      in("instruction " + std::to_string(number++) + " (" + std::string(view(instruction->label())) + ")",
         [&] { checkInstruction(*instruction); });
  }

  void checkInstruction(const glyph::Instruction &instruction) const {
    if (auto *launch = instruction.action_as_Launch())
      checkLaunch(*launch);
    else if (auto *call = instruction.action_as_LibraryCall())
      checkCall(*call);
    else if (auto *copy = instruction.action_as_Copy())
      checkCopy(*copy);
    else
      throw Error(ErrorCode::Unsupported, "its action is unknown");
  }

  void checkLaunch(const glyph::Launch &launch) const {
    expectAligned(launch.buffers());
    Elements buffers(launch.buffers());
    std::set<size_t> writes;
    for (size_t write : Elements(launch.writes()))
      expect(write < buffers.size() && writes.insert(write).second, "it writes a buffer that it does not have");
    for (size_t i = 0; i < buffers.size(); ++i)
      checkBuffer(*buffers[i], writes.count(i) != 0);
    uint64_t chunks = largest(*launch.chunks());
    expect(isForCuda == (launch.threads() != 0), "it is launched as on another kind of target");
    expect(launch.threads() <= kMaxBlockThreads, "its blocks have too many threads");
    expect(launch.chunks_per_block() > 0, "its blocks have no chunks");
    expect(!isForCuda || (chunks / launch.chunks_per_block() < kMaxBlocks && buffers.size() <= kMaxKernelBuffers),
           "it has more blocks or buffers than a GPU takes");
    expect(launch.symbol()->size() > 0, "its symbol has no name");
  }

  void checkCall(const glyph::LibraryCall &call) const {
    Elements operands(call.operands());
    expect(call.results() <= operands.size(), "it has more results than operands");
    for (size_t i = 0; i < operands.size(); ++i)
      checkTensor(*operands[i], /*written=*/i >= operands.size() - call.results());
    for (size_t i = operands.size() - call.results(); i < operands.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        expect(!overlaps(*operands[i]->buffer(), *operands[j]->buffer()), "it writes over another operand");
    if (call.workspace()) {
      checkBuffer(*call.workspace(), /*written=*/true);
      for (const glyph::Tensor *operand : operands)
        expect(!overlaps(*call.workspace(), *operand->buffer()), "its workspace lies over an operand");
    }
    for (const glyph::Parameter *parameter : Elements(call.parameters())) {
      expectAligned(parameter->values());
      // What routines compute from parameters and dimensions then does not overflow.
      for (int64_t value : Elements(parameter->values()))
        expect(value >= INT32_MIN && value <= INT32_MAX, "a parameter is out of range");
    }
    makeRoutine(CallSite(call));
  }

  void checkCopy(const glyph::Copy &copy) const {
    checkBuffer(*copy.source(), /*written=*/false);
    checkBuffer(*copy.target(), /*written=*/true);
    const glyph::Size &source = copy.source()->size(), &target = copy.target()->size();
    expect(source.constant() == target.constant() && source.per_batch() == target.per_batch(),
           "it copies between two sizes");
  }

  bool isIntegerInput(std::string_view name) const {
    for (const glyph::Entry *entry : Elements(program.entries()))
      for (const glyph::Tensor *tensor : Elements(entry->inputs()))
        if (view(tensor->name()) == name)
          return isInteger(tensor->dtype()) && tensor->dtype() != DType::Bool;
    return false;
  }

  void checkRanges() const {
    for (const glyph::Range *range : Elements(program.ranges()))
      in("range of " + quoteName(view(range->tensor())), [&] {
        expect(isIntegerInput(view(range->tensor())), "there is no integer input of this name");
        expect(range->low() < range->high(), "it is empty");
      });
  }

  const glyph::Program &program;
  int64_t batch;
  bool isForCuda = false;
};

} // namespace

const glyph::Program &verifyProgram(std::string_view bytes) {
  auto *data = reinterpret_cast<const uint8_t *>(bytes.data());
  // The identifier stands behind the first four bytes; shorter buffers have none.
  if (bytes.size() < 8 || !glyph::ProgramBufferHasIdentifier(data))
    throw Error(ErrorCode::Format, "it does not hold a program");
  flatbuffers::Verifier structure(data, bytes.size(), /*max_depth=*/16, /*max_tables=*/100'000'000);
  if (!glyph::VerifyProgramBuffer(structure))
    throw Error(ErrorCode::Format, "its program is damaged");
  const glyph::Program &program = *glyph::GetProgram(data);
  Verifier(program).run();
  return program;
}

} // namespace glyptic::runtime
