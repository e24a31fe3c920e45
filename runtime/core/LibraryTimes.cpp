//===- LibraryTimes.cpp - What a program's library calls take -------------===//
#include "runtime/core/LibraryTimes.h"
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

double timeCall(const glyph::LibraryCall &call, int64_t samples, int repeats) {
  std::unique_ptr<Routine> routine = makeRoutine(CallSite(call));
  std::vector<Memory> operands;
  std::vector<void *> addresses;
  size_t reads = Elements(call.operands()).size() - call.results();
  for (const glyph::Tensor *operand : Elements(call.operands())) {
    addresses.push_back(operands.emplace_back(bytesFor(*operand, samples)).data());
    if (operands.size() <= reads && operand->dtype() == DType::F32)
      fill(operands.back());
  }
  Memory scratch(routine->prepare(samples));
  routine->run(samples, addresses.data(), scratch.data());
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    auto start = std::chrono::steady_clock::now();
    routine->run(samples, addresses.data(), scratch.data());
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  auto middle = seconds.begin() + repeats / 2;
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

} // namespace

void timeLibraryCalls(const Program &program, std::string_view name, int64_t samples, int threads, int repeats,
                      double *seconds, size_t count) {
  const glyph::Entry *entry = program.findEntry(name);
  if (!entry)
    throw Error("the program has no entry " + quoteName(name));
  Elements instructions(entry->instructions());
  auto limit = static_cast<int64_t>(program.tables().max_batch());
  if (samples < 1 || samples > limit || threads < 1 || repeats < 1 || count != instructions.size())
    throw Error("timing needs 1 to " + std::to_string(limit) + " samples, threads, repeats, and room for " +
                std::to_string(instructions.size()) + " times");
  Executor executor(threads);
  executor.call([&] {
    for (size_t i = 0; i < count; ++i) {
      const glyph::LibraryCall *call = instructions[i]->action_as_LibraryCall();
      ThreadLimit limit(threadsFor(*instructions[i], samples, threads));
      seconds[i] = call ? timeCall(*call, samples, repeats) : 0;
    }
  });
}

} // namespace glyptic::runtime
