//===- Session.cpp - Executing a program ----------------------------------===//
#include "runtime/core/Session.h"
#include "runtime/core/Clock.h"
#include "runtime/core/Ranges.h"
#include "runtime/core/Schema.h"

#include <algorithm>
#include <cstring>

namespace glyptic::runtime {

static constexpr int kMaxThreads = GLYPTIC_MAX_THREADS;
/// Libraries keep their primitives for so many sizes: a whole batch, the rest of an epoch, microbatches of both, and
/// the same for evaluation. One who runs every size there is must not fill memory.
static constexpr size_t kPreparedSizes = 8;
static constexpr size_t kScalarBytes = 8; ///< any element fits

Session::Session(std::shared_ptr<const Program> shared, const SessionOptions &options)
    : program(std::move(shared)), debugSync(options.debugSync) {
  const int threads = options.threads;
  const glyph::Program &tables = program->tables();
  int compiled = static_cast<int>(std::min<uint32_t>(tables.threads(), kMaxThreads));
  int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  threadCount = threads ? threads : compiled ? compiled : cores;
  if (threads < 0 || threads > kMaxThreads)
    throw Error("the number of threads must lie between 0 and " + std::to_string(kMaxThreads));
  chooseDevice(options);
  allocateArenas();
  for (const glyph::Entry *entry : Elements(tables.entries()))
    plans.push_back(makePlan(*entry));
  resetState();
  executor = std::make_unique<Executor>(threadCount);
}

void Session::allocateArenas() {
  if (device)
    return openDevice();
  const auto &sizes = *program->tables().arena_sizes();
  for (unsigned i = 0; i < std::size(arenas); ++i) {
    arenas[i] = Memory(sizes.Get(i));
    bases[i] = arenas[i].data();
  }
  // Mapped read-only; the verifier lets nobody write them.
  bases[static_cast<unsigned>(glyph::Arena::Constant)] = const_cast<std::byte *>(program->constants());
  size_t outputs = 0;
  for (const glyph::Entry *entry : Elements(program->tables().entries()))
    outputs = std::max(outputs, Elements(entry->outputs()).size());
  kept = Memory(outputs * kScalarBytes);
}

std::byte *Session::address(const glyph::Buffer &buffer) const {
  return bases[static_cast<size_t>(buffer.arena())] + buffer.offset();
}

Session::Step Session::makeLaunch(const glyph::Instruction &instruction, const glyph::Launch &launch) const {
  Step step{Step::Launch, &instruction, nullptr, launch.chunks(), launch.grain(), nullptr, nullptr};
  step.chunksPerBlock = launch.chunks_per_block();
  if (device)
    forNodes(instruction, [&] { step.deviceKernel = device->findKernel(launch.symbol()->c_str()); });
  else if (isShim)
    step.kernel = program->shimKernel(launch);
  else
    step.kernel = program->kernel(launch);
  if (isShim)
    step.grain = UINT64_MAX; // one block at a time
  return step;
}

Session::Step Session::makeCall(const glyph::Instruction &instruction, const glyph::LibraryCall &call) const {
  Step step{Step::Call, &instruction, nullptr, nullptr, 1, nullptr, nullptr};
  forNodes(instruction,
           [&] { step.routine = device ? device->makeRoutine(CallSite(call)) : makeRoutine(CallSite(call)); });
  if (device && call.workspace())
    step.workspace = address(*call.workspace());
  return step;
}

Session::Plan Session::makePlan(const glyph::Entry &entry) const {
  Plan plan;
  plan.entry = &entry;
  std::vector<size_t> begins;
  for (const glyph::Instruction *instruction : Elements(entry.instructions())) {
    begins.push_back(plan.pointers.size());
    Step &step = plan.steps.emplace_back(Step{Step::Copy, instruction, nullptr, nullptr, 1, nullptr, nullptr});
    if (auto *launch = instruction->action_as_Launch()) {
      step = makeLaunch(*instruction, *launch);
      for (const glyph::Buffer *buffer : Elements(launch->buffers()))
        plan.pointers.push_back(address(*buffer));
    } else if (auto *call = instruction->action_as_LibraryCall()) {
      step = makeCall(*instruction, *call);
      for (const glyph::Tensor *operand : Elements(call->operands()))
        plan.pointers.push_back(address(*operand->buffer()));
    } else {
      auto *copy = instruction->action_as_Copy();
      step.extent = &copy->source()->size();
      plan.pointers.insert(plan.pointers.end(), {address(*copy->source()), address(*copy->target())});
    }
  }
  for (size_t i = 0; i < begins.size(); ++i)
    plan.steps[i].buffers = plan.pointers.data() + begins[i];
  if (device)
    planFetches(plan);
  return plan;
}

Session::Plan &Session::findPlan(std::string_view entry) {
  for (Plan &plan : plans)
    if (view(plan.entry->name()) == entry)
      return plan;
  std::string names;
  for (const Plan &plan : plans)
    names += (names.empty() ? "" : ", ") + quoteName(view(plan.entry->name()));
  throw Error("the program has no entry " + quoteName(entry) + ", it has " + names);
}

/// Makes `entry` the one whose inputs are set, and returns which of them is called `name`.
size_t Session::bind(const glyph::Entry &entry, std::string_view name, size_t size) {
  Elements inputs(entry.inputs());
  size_t index = 0;
  while (index < inputs.size() && view(inputs[index]->name()) != name)
    ++index;
  if (index == inputs.size())
    throw Error("entry " + quoteName(view(entry.name())) + " has no input " + quoteName(name));
  if (uint64_t limit = bytesFor(*inputs[index], static_cast<int64_t>(program->tables().max_batch())); size > limit)
    throw Error("input " + quoteName(name) + " is given " + std::to_string(size) + " bytes, the largest batch has " +
                std::to_string(limit));
  if (bound != &entry) {
    inputSizes.assign(inputs.size(), std::nullopt);
    if (feed) {
      std::vector<std::byte *> targets;
      for (const glyph::Tensor *input : inputs)
        targets.push_back(address(*input->buffer()));
      feed->begin(entry, targets);
    }
  }
  bound = &entry;
  retireOutputs();
  inputSizes[index] = size;
  return index;
}

void Session::setInput(std::string_view entryName, std::string_view name, std::string_view bytes) {
  const glyph::Entry &entry = *findPlan(entryName).entry;
  size_t index = bind(entry, name, bytes.size());
  if (feed)
    feed->set(index, bytes);
  else if (!bytes.empty())
    std::memcpy(address(*Elements(entry.inputs())[index]->buffer()), bytes.data(), bytes.size());
}

/// Inputs may lie where outputs did.
void Session::retireOutputs() {
  if (!ran || std::exchange(outputsGone, true) || device)
    return;
  Elements outputs(ran->entry->outputs());
  for (size_t i = 0; i < outputs.size(); ++i)
    if (isScalar(*outputs[i]))
      std::memcpy(kept.data() + i * kScalarBytes, address(*outputs[i]->buffer()), sizeOf(outputs[i]->dtype()));
}

void Session::checkInputs(const glyph::Entry &entry, int64_t samples) const {
  Elements inputs(entry.inputs());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const glyph::Tensor *tensor = inputs[i];
    std::string_view name = view(tensor->name());
    std::optional<size_t> size = bound == &entry ? inputSizes[i] : std::nullopt;
    if (!size)
      throw Error("input " + quoteName(name) + " is not set");
    uint64_t expected = bytesFor(*tensor, samples);
    if (*size != expected)
      throw Error("input " + quoteName(name) + " holds " + std::to_string(*size) + " bytes, " +
                  std::to_string(samples) + " samples of it are " + std::to_string(expected));
    const std::byte *values = feed ? feed->find(i) : address(*tensor->buffer());
    for (const glyptic_range &range : program->ranges())
      if (values && name == range.tensor) // the caller vouches for what lies on a device
        checkRange(range, *tensor, samples, values);
  }
}

void Session::run(std::string_view entry, int64_t samples) {
  start(entry, samples);
  wait();
}

void Session::wait() {
  if (device)
    device->finish();
}

void Session::profile(std::string_view entry, int64_t samples, glyptic_instruction_time *times, size_t count) {
  Plan &plan = findPlan(entry);
  if (count != plan.steps.size())
    throw Error("entry " + quoteName(entry) + " has " + std::to_string(plan.steps.size()) +
                " instructions, there is room for " + std::to_string(count) + " times");
  start(plan, samples, times);
}

void Session::start(Plan &plan, int64_t samples, glyptic_instruction_time *times) {
  auto limit = static_cast<int64_t>(program->tables().max_batch());
  if (samples < 1 || samples > limit)
    throw Error("a run takes 1 to " + std::to_string(limit) + " samples, not " + std::to_string(samples));
  checkInputs(*plan.entry, samples);
  auto known = std::find(plan.prepared.begin(), plan.prepared.end(), samples);
  if (known == plan.prepared.end())
    executor->call([&] { prepare(plan, samples); });
  else
    std::rotate(plan.prepared.begin(), known, known + 1);
  if (bound != plan.entry)
    bound = nullptr;
  ran = &plan;
  ranSamples = samples;
  outputsGone = false;
  if (device)
    return startOnDevice(plan, samples, times);
  executor->call([&] {
    NoClock none;
    if (!times)
      return execute(plan, samples, none);
    InstructionClock clock(threadCount, times);
    execute(plan, samples, clock);
  });
}

/// Everything that allocates: primitives, and on this processor scratch memory that all calls share. That of a device
/// is planned.
void Session::prepare(Plan &plan, int64_t samples) {
  if (plan.prepared.size() == kPreparedSizes) {
    forget(plan, plan.prepared.back());
    plan.prepared.pop_back();
  }
  size_t need = scratch.size();
  try {
    for (Step &step : plan.steps)
      if (step.routine) {
        ThreadLimit limit(threadsFor(*step.instruction, samples, threadCount));
        size_t scratch = 0;
        forNodes(*step.instruction, [&] { scratch = step.routine->prepare(samples); });
        if (!device)
          need = std::max(need, scratch);
      }
  } catch (...) {
    forget(plan, samples);
    throw;
  }
  if (need > scratch.size()) {
    scratch = Memory(); // the old one first: they need not fit beside each other
    scratch = Memory(need);
  }
  plan.prepared.insert(plan.prepared.begin(), samples);
}

void Session::forget(Plan &plan, int64_t samples) {
  plan.recordings.erase(samples);
  for (Step &step : plan.steps)
    if (step.routine)
      step.routine->forget(samples);
}

template <typename Clock> void Session::execute(Plan &plan, int64_t samples, Clock &clock) {
  clock.begin();
  for (Step &step : plan.steps) {
    void *const *buffers = step.buffers;
    if (step.kind == Step::Call) {
      ThreadLimit limit(threadsFor(*step.instruction, samples, threadCount));
      step.routine->run(samples, buffers, scratch.data());
    } else if (step.kind == Step::Launch) {
      parallelRanges(threadCount, step.countBlocks(sizeFor(*step.extent, samples)), step.grain, [&](uint64_t lo, uint64_t hi) {
        clock.share([&] { step.kernel(buffers, samples, static_cast<int64_t>(lo), static_cast<int64_t>(hi)); });
      });
    } else {
      auto *source = static_cast<const std::byte *>(buffers[0]);
      auto *target = static_cast<std::byte *>(buffers[1]);
      // Buffers may lie over each other where one is moved; then only one thread keeps the order.
      uint64_t size = sizeFor(*step.extent, samples), distance = static_cast<uint64_t>(std::abs(target - source));
      parallelRanges(
          distance < size ? 1 : threadCount, size, /*grain=*/uint64_t(256) << 10,
          [&](uint64_t lo, uint64_t hi) { clock.share([&] { std::memmove(target + lo, source + lo, hi - lo); }); });
    }
    clock.end();
  }
}

bool Session::isScalar(const glyph::Tensor &tensor) { return bytesFor(tensor, 2) == sizeOf(tensor.dtype()); }

static std::string describeGone(std::string_view output) {
  return "output " + quoteName(output) + " is not there: no entry has run since inputs were set";
}

size_t Session::findOutput(std::string_view name) const {
  if (!ran)
    throw Error(describeGone(name));
  size_t index = 0;
  for (const glyph::Tensor *tensor : Elements(ran->entry->outputs())) {
    if (view(tensor->name()) == name)
      return index;
    ++index;
  }
  throw Error(outputsGone ? describeGone(name)
                          : "entry " + quoteName(view(ran->entry->name())) + ", which ran last, has no output " +
                                quoteName(name));
}

Session::Output Session::output(std::string_view name) const {
  const size_t index = findOutput(name);
  const glyph::Tensor &tensor = outputAt(index);
  const size_t size = bytesFor(tensor, ranSamples);
  const std::byte *memory = address(*tensor.buffer());
  if (device && ran->scalars[index]) {
    device->await(*runEnd);
    memory = ran->scalars[index];
  } else if (outputsGone && isScalar(tensor)) {
    memory = kept.data() + index * kScalarBytes;
  } else if (outputsGone) {
    throw Error(describeGone(name));
  } else if (device) {
    downloaded.resize(size);
    device->download(downloaded.data(), memory, size);
    memory = downloaded.data();
  }
  return {tensor.dtype(), {reinterpret_cast<const char *>(memory), size}};
}

void Session::clearAccumulators() {
  constexpr auto arena = static_cast<unsigned>(glyph::Arena::Accumulator);
  size_t size = program->tables().arena_sizes()->Get(arena);
  if (device)
    device->zero(bases[arena], size);
  else if (size)
    std::memset(bases[arena], 0, size);
}

} // namespace glyptic::runtime
