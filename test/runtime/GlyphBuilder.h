//===- GlyphBuilder.h - Glyphs made by hand ---------------------*- C++ -*-===//
//
// Tests of the runtime make their programs with this, without the compiler.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "glyptic/runtime.hpp"
#include "support/CpuFeatures.h"
#include "support/DataType.h"
#include "support/Safetensors.h"
#include "support/Zip.h"
#include "support/glyph/Glyph.h"
#include "test/support/TemporaryFolder.h"

#include <cstdlib>
#include <map>

namespace glyptic {

/// A dimension of `scale`, or of `scale` times the batch.
struct TestDim {
  TestDim(int64_t scale, bool batched = false) : scale(scale), batched(batched) {}
  int64_t scale;
  bool batched;
};
inline TestDim samples(int64_t scale = 1) { return {scale, true}; }
using TestShape = std::vector<TestDim>;

class GlyphBuilder {
public:
  explicit GlyphBuilder(uint64_t maxBatch = 1) {
    program.format = glyph::kFormat;
    program.target = glyph::kCpuTarget;
    program.threads = 2;
    program.max_batch = maxBatch;
    program.arena_sizes.assign(4, 0);
  }

  /// A tensor in an arena of its kind, after those before it.
  glyph::TensorT tensor(const std::string &name, DType type, const TestShape &shape, glyph::Arena arena,
                        const std::string &role = "") {
    glyph::TensorT made;
    made.name = name;
    made.role = role;
    made.dtype = type;
    uint64_t constant = sizeOf(type), largest = sizeOf(type);
    bool batched = false;
    for (const TestDim &dim : shape) {
      made.dims.emplace_back(static_cast<uint64_t>(dim.scale), dim.batched);
      constant *= static_cast<uint64_t>(dim.scale);
      largest *= static_cast<uint64_t>(dim.scale) * (dim.batched ? program.max_batch : 1);
      batched |= dim.batched;
    }
    uint64_t &end = program.arena_sizes[static_cast<size_t>(arena)];
    made.buffer =
        std::make_unique<glyph::Buffer>(arena, end, batched ? glyph::Size(0, constant) : glyph::Size(constant, 0));
    end = (end + largest + 63) / 64 * 64;
    return made;
  }

  glyph::TensorT work(const std::string &name, DType type, const TestShape &shape) {
    return tensor(name, type, shape, glyph::Arena::Work);
  }

  glyph::StateEntryT &state(const std::string &name, DType type, const TestShape &memoryShape,
                            std::vector<uint8_t> permutation = {}) {
    auto entry = std::make_unique<glyph::StateEntryT>();
    entry->tensor = std::make_unique<glyph::TensorT>(tensor(name, type, memoryShape, glyph::Arena::State, "parameter"));
    entry->permutation = std::move(permutation);
    program.state.push_back(std::move(entry));
    return *program.state.back();
  }

  glyph::EntryT &entry(const std::string &name) {
    program.entries.push_back(std::make_unique<glyph::EntryT>());
    program.entries.back()->name = name;
    return *program.entries.back();
  }

  static void input(glyph::EntryT &entry, const glyph::TensorT &tensor) {
    entry.inputs.push_back(std::make_unique<glyph::TensorT>(copy(tensor)));
  }
  static void output(glyph::EntryT &entry, const glyph::TensorT &tensor) {
    entry.outputs.push_back(std::make_unique<glyph::TensorT>(copy(tensor)));
  }

  static void launch(glyph::EntryT &entry, const std::string &symbol, std::vector<const glyph::TensorT *> buffers,
                     std::vector<uint8_t> writes, glyph::Size chunks, uint64_t grain = 1) {
    glyph::LaunchT action;
    action.symbol = symbol;
    for (const glyph::TensorT *tensor : buffers)
      action.buffers.push_back(*tensor->buffer);
    action.writes = std::move(writes);
    action.chunks = std::make_unique<glyph::Size>(chunks);
    action.grain = grain;
    instruction(entry).action.Set(std::move(action));
  }

  /// Makes the last instruction of an entry, a launch, one for GPUs.
  static void inBlocks(glyph::EntryT &entry, uint32_t threads, uint64_t chunksPerBlock) {
    glyph::LaunchT &launch = *entry.instructions.back()->action.AsLaunch();
    launch.threads = threads;
    launch.chunks_per_block = chunksPerBlock;
  }

  static void call(glyph::EntryT &entry, const std::string &routine, std::vector<const glyph::TensorT *> operands,
                   const std::map<std::string, std::vector<int64_t>> &parameters) {
    glyph::LibraryCallT action;
    action.routine = routine;
    action.results = 1;
    for (const glyph::TensorT *tensor : operands)
      action.operands.push_back(std::make_unique<glyph::TensorT>(copy(*tensor)));
    for (auto &[name, values] : parameters) {
      action.parameters.push_back(std::make_unique<glyph::ParameterT>());
      action.parameters.back()->name = name;
      action.parameters.back()->values = values;
    }
    glyph::InstructionT &made = instruction(entry);
    made.action.Set(std::move(action));
    made.flops = std::make_unique<glyph::Size>(1 << 20, 0); // work enough for all threads
  }

  /// Gives the last instruction of an entry, a library call, memory for itself.
  void withWorkspace(glyph::EntryT &entry, uint64_t size) {
    glyph::TensorT memory = work("workspace", DType::U8, {static_cast<int64_t>(size)});
    entry.instructions.back()->action.AsLibraryCall()->workspace = std::make_unique<glyph::Buffer>(*memory.buffer);
  }

  static void copyBuffer(glyph::EntryT &entry, const glyph::TensorT &source, const glyph::TensorT &target) {
    glyph::CopyT action;
    action.source = std::make_unique<glyph::Buffer>(*source.buffer);
    action.target = std::make_unique<glyph::Buffer>(*target.buffer);
    instruction(entry).action.Set(std::move(action));
  }

  /// Compiles C and adds the shared object.
  void code(const TemporaryFolder &folder, const std::string &source) {
    writeFile(folder / "kernels.c", "#include <stdint.h>\n" + source);
    std::string command = "cc -O1 -shared -fPIC -o " + (folder / "kernels.so") + " " + (folder / "kernels.c");
    ASSERT_EQ(std::system(command.c_str()), 0);
    archive["cpu/kernels.so"] = readFile(folder / "kernels.so");
  }

  /// Initial values of f32 state, in saved shape.
  void initial(const std::string &name, const std::vector<int64_t> &shape, std::vector<float> values) {
    weights[name] = {shape, std::move(values)};
  }

  std::string write(const std::string &path) {
    std::vector<SafetensorsEntry> entries;
    for (auto &[name, weight] : weights)
      entries.push_back({name, DType::F32, weight.first});
    std::string state;
    SafetensorsLayout(std::move(entries))
        .write([&](std::string_view bytes) { state += bytes; },
               [&](const SafetensorsEntry &entry) {
                 auto &values = weights[entry.name].second;
                 return std::string_view(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
               });
    program.arena_sizes[static_cast<size_t>(glyph::Arena::Constant)] = program.constants.size();
    flatbuffers::FlatBufferBuilder builder;
    glyph::FinishProgramBuffer(builder, glyph::Program::Pack(builder, &program));
    archive[glyph::kProgramEntry].assign(reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize());
    archive[glyph::kStateEntry] = state;
    ZipWriter writer(path);
    for (auto &[name, bytes] : archive)
      writer.add(name, bytes);
    writer.commit();
    return path;
  }

  glyph::ProgramT program;
  std::map<std::string, std::string> archive;

private:
  static glyph::TensorT copy(const glyph::TensorT &tensor) {
    glyph::TensorT made;
    made.name = tensor.name;
    made.role = tensor.role;
    made.dtype = tensor.dtype;
    made.dims = tensor.dims;
    made.buffer = std::make_unique<glyph::Buffer>(*tensor.buffer);
    return made;
  }

  static glyph::InstructionT &instruction(glyph::EntryT &entry) {
    entry.instructions.push_back(std::make_unique<glyph::InstructionT>());
    glyph::InstructionT &made = *entry.instructions.back();
    made.label = "node" + std::to_string(entry.instructions.size());
    made.flops = std::make_unique<glyph::Size>(0, 0);
    made.bytes = std::make_unique<glyph::Size>(0, 0);
    return made;
  }

  std::map<std::string, std::pair<std::vector<int64_t>, std::vector<float>>> weights;
};

} // namespace glyptic
