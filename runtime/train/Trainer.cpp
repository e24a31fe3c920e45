//===- Trainer.cpp --------------------------------------------------------===//
#include "runtime/train/Trainer.h"

#include "glyptic/runtime.hpp"
#include "runtime/data/SampleOrder.h"
#include "support/glyph/Names.h"

#include <chrono>
#include <cmath>
#include <filesystem>
#include <utility>
#include <zlib.h>

namespace glyptic::runtime {
namespace {

size_t divideUp(size_t a, size_t b) { return (a + b - 1) / b; }

bool hasEntry(const glyptic_program *program, std::string_view name) {
  const char *const *names = nullptr;
  size_t count = glyptic_program_entries(program, &names);
  return std::find(names, names + count, name) != names + count;
}

std::string numberText(double value) { return nlohmann::json(value).dump(); }

} // namespace

Trainer::Trainer(const glyptic_program *program, glyptic_session *session, const glyptic_dataset &data,
                 const glyptic_dataset *valid, const glyptic_train_options &options)
    : program(program), session(session), data(data), valid(valid), options(options), feeder(program, session),
      lastLoss(NAN) {
  checkOptions();
  writeSeed();
  divideBatch();
  hasStep = hasEntry(program, names::kStep);
  if (!hasStep && !hasEntry(program, names::kApply))
    throw Error("the glyph holds no training step; compile it with --loss");
  batchesPerEpoch = int64_t(divideUp(data.samples.size(), batch));
  if (options.steps)
    lastStep = options.steps;
  else if (__builtin_mul_overflow(options.epochs, batchesPerEpoch, &lastStep))
    throw Error(std::to_string(options.epochs) + " epochs are more steps than can be counted");
  epochs = options.steps ? int64_t(divideUp(size_t(lastStep), size_t(batchesPerEpoch))) : options.epochs;
  const char *entry = microbatches > 1 || !hasStep ? names::kApply : names::kStep;
  for (const char *name :
       listMetrics(program, entry, {names::kLoss, names::kLearningRate, names::kGradientNorm, names::kFinite}))
    metrics.push_back({name, 0});
  if (options.checkpoint)
    openCheckpoint();
  if (options.log) {
    // What was logged after the checkpoint happens again.
    std::error_code error;
    bool same = position.iteration && position.log == options.log &&
                std::filesystem::file_size(options.log, error) >= position.logSize && !error;
    log.emplace(options.log, same ? position.logSize : 0);
  }
}

void Trainer::divideBatch() {
  const RunSize &runSize = feeder.runSize;
  batch = options.batch ? size_t(options.batch) : runSize.largest;
  microbatches = options.accumulate ? size_t(options.accumulate) : divideUp(batch, runSize.largest);
  if (runSize.isFixed) {
    runSize.check(batch, "a batch");
    runSize.check(data.samples.size(), "the training data");
    if (valid)
      runSize.check(valid->samples.size(), "the data to evaluate on");
    if (microbatches > 1 && microbatches != batch / runSize.largest)
      throw Error("the model's batch is fixed at " + std::to_string(runSize.largest) + ", so a batch of " +
                  std::to_string(batch) + " is " + std::to_string(batch / runSize.largest) + " microbatches, not " +
                  std::to_string(microbatches));
    microbatches = batch / runSize.largest;
  }
  if (divideUp(batch, microbatches) > runSize.largest)
    throw Error("a batch of " + std::to_string(batch) + " in " + std::to_string(microbatches) +
                " microbatches is more than the " + std::to_string(runSize.largest) +
                " samples that the glyph was compiled for; compile it again with this --batch, or accumulate " +
                std::to_string(divideUp(batch, runSize.largest)));
}

void Trainer::checkOptions() const {
  if (options.batch < 0 || options.accumulate < 0 || options.checkpoint_every < 0 || options.epochs < 0 ||
      options.steps < 0)
    throw Error("training options must not be negative");
  if ((options.epochs > 0) == (options.steps > 0))
    throw Error("training takes either epochs or steps");
}

/// Programs that draw random numbers hold the seed in their state.
void Trainer::writeSeed() {
  const glyptic_tensor *state = nullptr;
  size_t count = glyptic_program_state(program, &state);
  bool isRandom = std::any_of(state, state + count,
                              [](const glyptic_tensor &entry) { return std::string_view(entry.name) == names::kSeed; });
  if (isRandom)
    check(glyptic_session_write_state(session, names::kSeed, &options.seed, sizeof options.seed));
}

void Trainer::openCheckpoint() {
  checkpoint.emplace(options.checkpoint, fingerprint());
  if (!options.resume) {
    checkpoint->requireEmpty();
    return;
  }
  if (auto restored = checkpoint->restore(session))
    position = *restored;
}

/// Everything that the bits of the run depend on. How long it runs is not among them, so that it can be prolonged.
nlohmann::ordered_json Trainer::fingerprint() const {
  auto parsed = nlohmann::ordered_json::parse(glyptic_program_options(program), nullptr, /*allow_exceptions=*/false);
  nlohmann::ordered_json print = {{"--seed", options.seed},
                                  {"--shuffle", options.sequential ? "off" : "on"},
                                  {"--batch", batch},
                                  {"--accumulate", microbatches}};
  if (parsed.is_object())
    for (const auto &[key, value] : parsed.items())
      if (key != "batch" && key != "accumulate") // this run's own stand above
        print["--" + key] = value;
  uLong samples = crc32_z(data.arrays->checksum(), reinterpret_cast<const Bytef *>(data.samples.data()),
                          data.samples.size() * sizeof(uint64_t));
  print[kDataKey] = uint32_t(samples);
  print[kModelKey] = stateChecksum();
  print["target"] = glyptic_program_target(program);
  print["--threads"] = glyptic_session_threads(session);
  return print;
}

/// Of names, types and initial values: another model differs in one of them.
uint32_t Trainer::stateChecksum() const {
  const glyptic_tensor *state = nullptr;
  size_t count = glyptic_program_state(program, &state);
  uLong sum = crc32(0, nullptr, 0);
  std::string bytes;
  for (size_t i = 0; i < count; ++i) {
    std::vector<int64_t> shape(state[i].dims, state[i].dims + state[i].rank);
    bytes = state[i].name + describe(DType(state[i].dtype), shape);
    sum = crc32_z(sum, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size());
    bytes.resize(tensorBytes(DType(state[i].dtype), shape).value());
    check(glyptic_session_read_state(session, state[i].name, bytes.data(), bytes.size()));
    sum = crc32_z(sum, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size());
  }
  return uint32_t(sum);
}

void Trainer::arrange(int64_t epoch) {
  if (orderEpoch == epoch)
    return;
  orderEpoch = epoch;
  order = data.samples;
  if (!options.sequential)
    shuffle(order, options.seed, uint64_t(epoch));
}

void Trainer::trainBatch(const uint64_t *samples, size_t count) {
  if (isOneRun()) {
    if (!std::exchange(isFed, false))
      feeder.feed(names::kStep, *data.arrays, samples, count);
    return feeder.start(names::kStep, count);
  }
  check(glyptic_session_clear_accumulators(session));
  size_t size = feeder.runSize.isFixed ? feeder.runSize.largest : divideUp(count, microbatches);
  for (size_t done = 0; done < count; done += size) {
    size_t part = std::min(size, count - done);
    feeder.feed(names::kGrad, *data.arrays, samples + done, part);
    feeder.start(names::kGrad, part);
  }
  check(glyptic_session_start(session, names::kApply, 1)); // sums know their weight; no sample takes part
}

/// Sets the inputs of the epoch's next batch, which begins at sample `next`, while a device is at work on this one. It
/// is not started before this one's numbers are there: it would go on from a step that must be the last.
void Trainer::feedNext(size_t next) {
  if (!isOneRun() || next >= order.size() || position.iteration + 1 == lastStep)
    return;
  feeder.feed(names::kStep, *data.arrays, order.data() + next, std::min(batch, order.size() - next));
  isFed = true;
}

/// Whether every label of these samples is the one that does not count.
bool Trainer::isIgnored(const uint64_t *samples, size_t count) const {
  const glyptic_range *ranges = nullptr;
  size_t size = glyptic_program_ranges(program, &ranges);
  return std::any_of(ranges, ranges + size, [&](const glyptic_range &range) {
    if (!range.has_ignored)
      return false;
    const DataSet &arrays = *data.arrays;
    size_t index = arrays.indexOf(range.tensor);
    if (arrays.specs()[index].type != DType::I64)
      return false;
    std::vector<int64_t> labels(arrays.bytes(index, count) / sizeof(int64_t));
    arrays.gather(index, samples, count, labels.data());
    return std::all_of(labels.begin(), labels.end(), [&](int64_t label) { return label == range.ignored; });
  });
}

void Trainer::checkFinite(double loss, const uint64_t *samples, size_t count) const {
  if (readScalar(session, names::kFinite) != 0)
    return;
  if (isIgnored(samples, count))
    throw Error("step " + std::to_string(position.iteration + 1) +
                ": no sample of its batch counts, because every label is "
                "the one that is ignored; check the labels and --ignore-index, or give a larger --batch");
  std::string what = std::isfinite(loss) ? "the gradients are no longer finite (the loss is " + numberText(loss) + ")"
                                         : std::string("the loss is no longer finite");
  std::string last = std::isfinite(lastLoss) ? "; the loss of the step before was " + numberText(lastLoss) : "";
  throw Error("step " + std::to_string(position.iteration + 1) + ": " + what + last +
              ". The parameters are those before this step" + (checkpoint ? checkpoint->describe() : "") +
              ". Try a smaller --lr, --clip-norm 1, --warmup, and look for "
              "extreme values in the data");
}

void Trainer::evaluateValid(int64_t epoch) {
  Evaluation exact = evaluate(program, session, *valid);
  glyptic_evaluation event{epoch, valid->samples.size(), exact.loss, exact.metrics.data(), exact.metrics.size()};
  if (log)
    log->write(event);
  if (options.on_evaluation)
    options.on_evaluation(options.user, &event);
}

void Trainer::saveCheckpoint() {
  if (log) {
    position.log = options.log;
    position.logSize = log->flush();
  }
  checkpoint->save(program, session, position);
}

void Trainer::run(glyptic_train_result &result) {
  using Clock = std::chrono::steady_clock;
  result = {position.iteration + 1, position.iteration, 0, 0, NAN, 0, 0};
  while (position.iteration < lastStep && !result.stopped) {
    int64_t epoch = position.iteration / batchesPerEpoch + 1;
    size_t first = size_t(position.iteration % batchesPerEpoch) * batch;
    size_t count = std::min(batch, data.samples.size() - first);
    arrange(epoch);
    Clock::time_point start = Clock::now();
    trainBatch(order.data() + first, count);
    feedNext(first + count);
    double loss = readScalar(session, names::kLoss);
    double seconds = std::chrono::duration<double>(Clock::now() - start).count();

    glyptic_train_progress progress{position.iteration + 1, lastStep, epoch, epochs, int64_t(count), loss,
                                    readScalar(session, names::kLearningRate),
                                    readScalar(session, names::kGradientNorm), seconds, metrics.data(), metrics.size()};
    checkFinite(progress.loss, order.data() + first, count);
    for (glyptic_metric &metric : metrics)
      metric.value = readScalar(session, metric.name);
    ++position.iteration;
    result.last_step = position.iteration;
    result.loss = lastLoss = progress.loss;
    result.seconds += seconds;
    result.samples += count;
    if (log)
      log->write(progress);
    if (options.on_step)
      options.on_step(options.user, &progress);

    result.stopped = options.should_stop && options.should_stop(options.user) ? 1 : 0;
    bool epochEnds = position.iteration % batchesPerEpoch == 0, ends = position.iteration == lastStep;
    // Also where the run is stopped: a resumed one begins behind it, and would never report this epoch.
    if (valid && (epochEnds || ends))
      evaluateValid(epoch);
    bool due = options.checkpoint_every && position.iteration % options.checkpoint_every == 0;
    if (checkpoint && (epochEnds || ends || due || result.stopped))
      saveCheckpoint();
  }
  result.epochs = position.iteration / batchesPerEpoch;
  if (log)
    log->flush();
}

} // namespace glyptic::runtime
