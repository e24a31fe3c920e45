//===- Batch.cpp ----------------------------------------------------------===//
#include "runtime/train/Batch.h"
#include "support/glyph/Names.h"

#include "glyptic/runtime.hpp"

#include <algorithm>

namespace glyptic::runtime {

void BatchFeeder::feed(const char *entry, const DataSet &data, const uint64_t *samples, size_t count) {
  const glyptic_tensor *inputs = nullptr;
  size_t inputCount = glyptic_program_inputs(program, entry, &inputs);
  for (size_t i = 0; i < inputCount; ++i) {
    size_t index = data.indexOf(inputs[i].name);
    size_t size = data.bytes(index, count);
    buffer.resize(std::max(buffer.size(), size));
    data.gather(index, samples, count, buffer.data());
    check(glyptic_session_set_input(session, entry, inputs[i].name, buffer.data(), size));
  }
}

void BatchFeeder::start(const char *entry, size_t count) {
  check(glyptic_session_start(session, entry, runSize.batch(count)));
}

std::vector<const char *> listMetrics(const glyptic_program *program, const char *entry,
                                      std::initializer_list<std::string_view> known) {
  const glyptic_tensor *outputs = nullptr;
  size_t count = glyptic_program_outputs(program, entry, &outputs);
  std::vector<const char *> names;
  for (size_t i = 0; i < count; ++i)
    if (std::find(known.begin(), known.end(), outputs[i].name) == known.end())
      names.push_back(outputs[i].name);
  return names;
}

double readScalar(const glyptic_session *session, const char *name) {
  double value = 0;
  check(glyptic_session_get_scalar(session, name, &value));
  return value;
}

Evaluation evaluate(const glyptic_program *program, glyptic_session *session, const glyptic_dataset &data) {
  Evaluation result;
  for (const char *name : listMetrics(program, names::kEvaluate, {names::kLoss, names::kWeight}))
    result.metrics.push_back({name, 0});
  BatchFeeder feeder(program, session);
  double weight = 0;
  size_t largest = feeder.runSize.largest, total = data.samples.size();
  feeder.runSize.check(total, "the data to evaluate on");
  auto feed = [&](size_t done) {
    if (done < total)
      feeder.feed(names::kEvaluate, *data.arrays, data.samples.data() + done, std::min(largest, total - done));
  };
  feed(0);
  for (size_t done = 0; done < total;) {
    size_t count = std::min(largest, total - done);
    feeder.start(names::kEvaluate, count);
    feed(done + count); // on their way while a device computes
    result.loss += readScalar(session, names::kLoss);
    weight += readScalar(session, names::kWeight);
    for (glyptic_metric &metric : result.metrics)
      metric.value += readScalar(session, metric.name);
    done += count;
  }
  if (weight == 0)
    throw Error("no sample of the data to evaluate on counts: every label is the one that is ignored");
  result.loss /= weight;
  for (glyptic_metric &metric : result.metrics)
    metric.value /= weight;
  return result;
}

} // namespace glyptic::runtime
