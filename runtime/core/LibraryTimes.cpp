//===- LibraryTimes.cpp - What a program's library calls take -------------===//
#include "runtime/core/LibraryTimes.h"
#include "runtime/core/Device.h"
#include "runtime/core/Parallel.h"
#include "runtime/core/Routine.h"
#include "runtime/core/Schema.h"

#include <algorithm>
#include <chrono>

namespace glyptic::runtime {
namespace {

/// Numbers in [-1, 1) from a linear congruence: speed depends on their being ordinary, not on their being good.
void fill(const Memory &memory) {
  auto *values = reinterpret_cast<float *>(memory.data());
  uint32_t state = 1;
  for (size_t i = 0; i < memory.size() / sizeof(float); ++i) {
    state = state * 1664525u + 1013904223u;
    values[i] = static_cast<float>(static_cast<int32_t>(state)) * 0x1p-31f;
  }
}

/// Where a call's operands lie in one piece of memory, one after the other, and its workspace.
struct Places {
  Places(const glyph::LibraryCall &call, int64_t samples) {
    constexpr size_t kAlignment = 256; // no plan promises more
    for (const glyph::Tensor *operand : Elements(call.operands())) {
      offsets.push_back(workspace);
      workspace += (bytesFor(*operand, samples) + kAlignment - 1) / kAlignment * kAlignment;
    }
  }

  std::vector<void *> in(std::byte *memory) const {
    std::vector<void *> addresses;
    for (size_t offset : offsets)
      addresses.push_back(memory + offset);
    return addresses;
  }

  std::vector<size_t> offsets;
  size_t workspace = 0; ///< behind the operands
};

/// The median of `repeats` runs after one to warm up.
template <typename Run> double timeRuns(int repeats, Run run) {
  run();
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    auto start = std::chrono::steady_clock::now();
    run();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  auto middle = seconds.begin() + repeats / 2;
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

double timeHere(const glyph::LibraryCall &call, int64_t samples, int repeats) {
  std::unique_ptr<Routine> routine = makeRoutine(CallSite(call));
  Places places(call, samples);
  Memory memory(places.workspace), scratch(routine->prepare(samples));
  fill(memory);
  std::vector<void *> addresses = places.in(memory.data());
  return timeRuns(repeats, [&] { routine->run(samples, addresses.data(), scratch.data()); });
}

void timeOnDevice(Device &device, const glyph::Entry &entry, int64_t samples, int repeats, double *seconds) {
  size_t size = 0;
  for (const glyph::Instruction *instruction : Elements(entry.instructions()))
    if (const glyph::LibraryCall *call = instruction->action_as_LibraryCall())
      size = std::max(size, Places(*call, samples).workspace + CallSite(*call).workspace(samples));
  std::byte *memory = device.allocate(size, size);
  Memory numbers(size);
  fill(numbers);
  for (const glyph::Instruction *instruction : Elements(entry.instructions())) {
    const glyph::LibraryCall *call = instruction->action_as_LibraryCall();
    double &result = *seconds++;
    result = 0;
    if (!call)
      continue;
    Places places(*call, samples);
    device.upload(memory, numbers.data(), places.workspace);
    std::unique_ptr<Routine> routine = device.makeRoutine(CallSite(*call));
    routine->prepare(samples);
    std::vector<void *> addresses = places.in(memory);
    result = timeRuns(repeats, [&] {
      routine->run(samples, addresses.data(), memory + places.workspace);
      device.finish();
    });
  }
}

} // namespace

void timeLibraryCalls(const Program &program, std::string_view name, int64_t samples, std::string_view device,
                      int threads, int repeats, double *seconds, size_t count) {
  const glyph::Entry *entry = program.findEntry(name);
  if (!entry)
    throw Error("the program has no entry " + quoteName(name));
  Elements instructions(entry->instructions());
  auto limit = static_cast<int64_t>(program.tables().max_batch());
  if (samples < 1 || samples > limit || threads < 1 || repeats < 1 || count != instructions.size())
    throw Error("timing needs 1 to " + std::to_string(limit) + " samples, threads, repeats, and room for " +
                std::to_string(instructions.size()) + " times");
  DeviceName where = parseDevice(device);
  if (program.isForCuda() && where.kind != DeviceName::Shim)
    return timeOnDevice(*makeCudaDevice(program, {where.index}), *entry, samples, repeats, seconds);
  Executor executor(threads);
  executor.call([&] {
    for (size_t i = 0; i < count; ++i) {
      const glyph::LibraryCall *call = instructions[i]->action_as_LibraryCall();
      ThreadLimit limit(threadsFor(*instructions[i], samples, threads));
      seconds[i] = call ? timeHere(*call, samples, repeats) : 0;
    }
  });
}

} // namespace glyptic::runtime
