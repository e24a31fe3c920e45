//===- StepLog.cpp --------------------------------------------------------===//
#include "runtime/train/StepLog.h"

#include "support/Error.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace glyptic::runtime {
namespace {

void addMetrics(nlohmann::ordered_json &object, const glyptic_metric *metrics, size_t count) {
  for (size_t i = 0; i < count; ++i)
    object[metrics[i].name] = metrics[i].value;
}

/// What people wrote, 0.001, rather than the float beside it, 0.0010000000474974513: the shortest decimal that gives
/// the same float. A double that is no float stays as it is.
double shortestDecimal(double value) {
  float narrow = static_cast<float>(value);
  if (narrow != value)
    return value;
  char text[32] = {};
  std::to_chars(text, text + sizeof text - 1, narrow);
  return std::strtod(text, nullptr);
}

} // namespace

StepLog::StepLog(const std::string &path, uint64_t keep) : path(path) {
  file.reset(std::fopen(path.c_str(), keep ? "r+" : "w"));
  if (!file || (keep && (ftruncate(fileno(file.get()), off_t(keep)) != 0 || std::fseek(file.get(), 0, SEEK_END) != 0)))
    throwFileError("write the log", path);
}

void StepLog::write(const glyptic_train_progress &progress) {
  nlohmann::ordered_json object = {{"step", progress.step},
                                   {"epoch", progress.epoch},
                                   {"loss", progress.loss},
                                   {"lr", shortestDecimal(progress.learning_rate)},
                                   {"grad_norm", progress.gradient_norm},
                                   {"samples_per_s", double(progress.samples) / progress.seconds}};
  addMetrics(object, progress.metrics, progress.metric_count);
  writeLine(object.dump());
}

void StepLog::write(const glyptic_evaluation &evaluation) {
  nlohmann::ordered_json object = {{"event", "valid"}, {"epoch", evaluation.epoch}, {"loss", evaluation.loss}};
  addMetrics(object, evaluation.metrics, evaluation.metric_count);
  writeLine(object.dump());
}

void StepLog::writeLine(const std::string &text) {
  if (std::fputs((text + "\n").c_str(), file.get()) == EOF)
    throwFileError("write the log", path);
}

uint64_t StepLog::flush() {
  if (std::fflush(file.get()) != 0)
    throwFileError("write the log", path);
  return uint64_t(std::max(0L, std::ftell(file.get())));
}

} // namespace glyptic::runtime
