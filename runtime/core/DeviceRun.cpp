//===- DeviceRun.cpp - A session's runs on a device -----------------------===//
//
// A run only queues work: inputs are copied to where the plan has them, instructions follow, and outputs of one element
// are copied to pinned memory. The first run with a number of samples queues each instruction, and libraries load what
// they need; the second records the same first, and it and all further ones are one call. Who runs once pays for no
// recording.
//
//===----------------------------------------------------------------------===//
#include "runtime/core/Clock.h"
#include "runtime/core/Schema.h"
#include "runtime/core/Session.h"

#include <algorithm>
#include <cstring>

namespace glyptic::runtime {

static bool overlap(const std::byte *a, const std::byte *b, size_t size) { return a < b + size && b < a + size; }

/// The most that a copy between overlapping buffers moves: a device wants both sides apart.
static size_t findBounceBytes(const glyph::Program &program) {
  size_t most = 0;
  for (const glyph::Entry *entry : Elements(program.entries()))
    for (const glyph::Instruction *instruction : Elements(entry->instructions()))
      if (const glyph::Copy *copy = instruction->action_as_Copy()) {
        const glyph::Buffer &from = *copy->source(), &to = *copy->target();
        size_t size = sizeFor(from.size(), static_cast<int64_t>(program.max_batch()));
        if (from.arena() == to.arena() && from.offset() < to.offset() + size && to.offset() < from.offset() + size)
          most = std::max(most, size);
      }
  return most;
}

/// All of a session's memory on its device.
void Session::openDevice() {
  const glyph::Program &tables = program->tables();
  const auto &sizes = *tables.arena_sizes();
  const size_t bounceBytes = findBounceBytes(tables);
  size_t planned = bounceBytes + InputFeed::bytesFor(tables);
  for (uint64_t size : sizes)
    planned += size;
  for (unsigned i = 0; i < std::size(bases); ++i)
    bases[i] = device->allocate(sizes.Get(i), planned);
  bounce = device->allocate(bounceBytes, planned);
  feed = std::make_unique<InputFeed>(*device, tables, planned);
  runEnd = device->makeEvent();
  constexpr auto constant = static_cast<unsigned>(glyph::Arena::Constant);
  device->upload(bases[constant], program->constants(), sizes.Get(constant));
}

/// A copy to this machine takes some two microseconds for any size that counts here, so outputs of one element that lie
/// near each other come in one. Constants are here already.
void Session::planFetches(Plan &plan) const {
  constexpr size_t kNear = 4096;
  Elements outputs(plan.entry->outputs());
  plan.scalars.resize(outputs.size());
  std::vector<std::pair<const glyph::Buffer *, size_t>> order;
  for (size_t i = 0; i < outputs.size(); ++i)
    if (const glyph::Buffer &buffer = *outputs[i]->buffer(); isScalar(*outputs[i])) {
      if (buffer.arena() == glyph::Arena::Constant)
        plan.scalars[i] = program->constants() + buffer.offset();
      else
        order.push_back({&buffer, i});
    }
  auto placeOf = [](const auto &output) { return std::pair(output.first->arena(), output.first->offset()); };
  std::sort(order.begin(), order.end(), [&](const auto &a, const auto &b) { return placeOf(a) < placeOf(b); });
  const glyph::Buffer *first = nullptr;
  for (const auto &[buffer, index] : order) {
    if (!first || buffer->arena() != first->arena() || buffer->offset() - first->offset() >= kNear) {
      first = buffer;
      plan.fetches.push_back({device->allocatePinned(kNear), address(*buffer), 0});
    }
    const size_t distance = buffer->offset() - first->offset();
    size_t &size = plan.fetches.back().size;
    size = std::max(size, distance + sizeOf(outputs[index]->dtype()));
    plan.scalars[index] = plan.fetches.back().to + distance;
  }
}

void Session::copyOnDevice(std::byte *target, const std::byte *source, size_t size) {
  if (!overlap(target, source, size))
    return device->copy(target, source, size);
  device->copy(bounce, source, size);
  device->copy(target, bounce, size);
}

void Session::enqueue(const Step &step, int64_t samples) {
  if (step.kind == Step::Call)
    return step.routine->run(samples, step.buffers, step.workspace);
  const uint64_t size = sizeFor(*step.extent, samples);
  if (step.kind == Step::Copy)
    return copyOnDevice(static_cast<std::byte *>(step.buffers[1]), static_cast<std::byte *>(step.buffers[0]), size);
  const glyph::Launch &launch = *step.instruction->action_as_Launch();
  if (uint64_t blocks = step.countBlocks(size))
    device->launch(step.deviceKernel, blocks, launch.threads(), step.buffers, Elements(launch.buffers()).size(),
                   static_cast<uint32_t>(samples));
}

/// What an error of one instruction begins with, after the nodes it serves.
static std::string describeAction(const glyph::Instruction &instruction) {
  if (const glyph::Launch *launch = instruction.action_as_Launch())
    return "kernel " + quoteName(view(launch->symbol()));
  if (const glyph::LibraryCall *call = instruction.action_as_LibraryCall())
    return "library routine " + quoteName(view(call->routine()));
  return "a copy";
}

/// Nothing is waited for; but with a clock, or to find a kernel that fails, each instruction is.
template <typename Clock> void Session::queue(const Plan &plan, int64_t samples, Clock &clock) {
  const bool isAwaited = debugSync || !std::is_same_v<Clock, NoClock>;
  clock.begin();
  for (const Step &step : plan.steps) {
    clock.share([&] {
      forNodes(*step.instruction, [&] {
        enqueue(step, samples);
        if (!isAwaited)
          return;
        try {
          device->finish();
        } catch (const Error &error) {
          throw Error(error.code(), describeAction(*step.instruction) + ": " + error.what());
        }
      });
    });
    clock.end();
  }
  for (const Fetch &fetch : plan.fetches)
    device->fetchPinned(fetch.to, fetch.from, fetch.size);
}

/// What runs like this one were recorded as; null for the first, and where that is not possible: such a plan is as
/// good, only slower, so why it is not is kept for whoever asks.
const Recording *Session::findRecording(Plan &plan, int64_t samples) {
  auto [found, isFirst] = plan.recordings.try_emplace(samples);
  if (isFirst || found->second || debugSync || !plan.whyNotRecorded.empty())
    return found->second.get();
  try {
    found->second = device->record([&] {
      NoClock none;
      queue(plan, samples, none);
    });
  } catch (const Error &error) {
    plan.whyNotRecorded = error.what();
  }
  return found->second.get();
}

const std::string *Session::whyNotRecorded(std::string_view entry) const {
  for (const Plan &plan : plans)
    if (view(plan.entry->name()) == entry)
      return &plan.whyNotRecorded;
  return nullptr;
}

void Session::startOnDevice(Plan &plan, int64_t samples, glyptic_instruction_time *times) {
  if (bound)
    feed->take();
  NoClock none;
  if (times) {
    InstructionClock clock(threadCount, times);
    queue(plan, samples, clock);
  } else if (const Recording *recording = findRecording(plan, samples)) {
    device->replay(*recording);
  } else {
    queue(plan, samples, none);
  }
  device->mark(*runEnd, Lane::Work);
}

void Session::setDeviceInput(std::string_view entryName, std::string_view name, const void *data, size_t size) {
  if (!feed)
    return setInput(entryName, name, {static_cast<const char *>(data), size});
  size_t index = bind(*findPlan(entryName).entry, name, size);
  feed->setOnDevice(index, static_cast<const std::byte *>(data), size);
}

glyptic_memory Session::locateOutput(std::string_view name) const {
  const size_t index = findOutput(name);
  if (outputsGone)
    throw Error("output " + quoteName(name) + " is no longer in its place: inputs were set since");
  const glyph::Tensor &tensor = outputAt(index);
  return {address(*tensor.buffer()), bytesFor(tensor, ranSamples), nullptr};
}

void Session::getDeviceOutput(std::string_view name, void *data, size_t size) {
  const glyptic_memory found = locateOutput(name);
  if (found.size != size)
    throw Error("output " + quoteName(name) + " has " + std::to_string(found.size) + " bytes, not " +
                std::to_string(size));
  auto *to = static_cast<std::byte *>(data), *from = static_cast<std::byte *>(found.address);
  if (device)
    device->copy(to, from, size);
  else if (size)
    std::memcpy(to, from, size);
}

glyptic_memory Session::locateState(std::string_view name) const {
  const glyph::StateEntry *entry = program->findState(name);
  if (!entry)
    throw Error("the program has no state " + quoteName(name));
  const auto *permutation = entry->permutation();
  return {address(*entry->tensor()->buffer()), bytesFor(*entry->tensor(), 1),
          permutation && permutation->size() ? permutation->data() : nullptr};
}

} // namespace glyptic::runtime
