//===- InputFeed.cpp ------------------------------------------------------===//
#include "runtime/core/InputFeed.h"
#include "runtime/core/Schema.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace glyptic::runtime {

static size_t placeBytes(const glyph::Tensor &input, uint64_t maxBatch) {
  constexpr size_t kAlignment = 256;
  return (runtime::bytesFor(input, static_cast<int64_t>(maxBatch)) + kAlignment - 1) / kAlignment * kAlignment;
}

/// One entry's inputs are set at a time, so all entries share the memory.
size_t InputFeed::bytesFor(const glyph::Program &program) {
  size_t largest = 0;
  for (const glyph::Entry *entry : Elements(program.entries())) {
    size_t bytes = 0;
    for (const glyph::Tensor *input : Elements(entry->inputs()))
      bytes += placeBytes(*input, program.max_batch());
    largest = std::max(largest, bytes);
  }
  return largest;
}

InputFeed::InputFeed(Device &device, const glyph::Program &program, size_t planned)
    : device(device), maxBatch(program.max_batch()), arrived(device.allocate(bytesFor(program), planned)),
      taken(device.makeEvent()) {
  for (Half &half : halves)
    half = {device.allocatePinned(bytesFor(program)), device.makeEvent()};
  device.mark(*taken, Lane::Work); // which clears what it allocates
}

void InputFeed::begin(const glyph::Entry &entry, const std::vector<std::byte *> &targets) {
  for (const Half &half : halves) // other inputs lie where these did
    device.await(*half.sent);
  sources.clear();
  size_t offset = 0;
  for (const glyph::Tensor *input : Elements(entry.inputs())) {
    sources.push_back({targets[sources.size()], offset});
    offset += placeBytes(*input, maxBatch);
  }
}

/// The first input after a run goes to the other half, while that run's may still be on their way.
void InputFeed::turn() {
  half ^= 1;
  device.await(*halves[half].sent);
  isTaken = false;
}

void InputFeed::set(size_t input, std::string_view bytes) {
  if (isTaken)
    turn();
  Source &source = sources[input];
  Half &to = halves[half];
  if (source.isNew) // set twice for one run
    device.await(*to.sent);
  std::byte *memory = to.memory + source.offset;
  source = {source.target, source.offset, bytes.size(), memory, nullptr, true};
  if (bytes.empty())
    return;
  std::memcpy(memory, bytes.data(), bytes.size());
  if (std::exchange(mustWait, false))
    device.wait(Lane::Copies, *taken);
  device.sendPinned(arrived + source.offset, memory, bytes.size());
  device.mark(*to.sent, Lane::Copies);
}

void InputFeed::setOnDevice(size_t input, const std::byte *address, size_t size) {
  Source &source = sources[input];
  source = {source.target, source.offset, size, nullptr, address, true};
}

void InputFeed::take() {
  if (!isTaken)
    device.wait(Lane::Work, *halves[half].sent);
  for (Source &source : sources) {
    if (source.onDevice) // the caller may have written there since
      device.copy(source.target, source.onDevice, source.size);
    else if (source.isNew)
      device.copy(source.target, arrived + source.offset, source.size);
    source.isNew = false;
  }
  if (!isTaken)
    device.mark(*taken, Lane::Work);
  mustWait |= !isTaken;
  isTaken = true;
}

} // namespace glyptic::runtime
