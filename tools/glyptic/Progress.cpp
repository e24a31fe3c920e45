//===- Progress.cpp -------------------------------------------------------===//
#include "tools/glyptic/Progress.h"

#include "tools/glyptic/Terminal.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace glyptic::tool {
namespace {

constexpr std::chrono::milliseconds kRedraw(100);
/// Runs of many short epochs show about this many lines.
constexpr int64_t kLines = 50;

std::string significant(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string bar(double done, int width) {
  int full = std::clamp(int(done * width + 0.5), 0, width);
  std::string text;
  for (int i = 0; i < width; ++i)
    text += i < full ? "━" : "─";
  return text;
}

std::string rateText(int64_t samples, double seconds) {
  return seconds > 0 ? countText(double(samples) / seconds) + " samples/s" : "";
}

} // namespace

std::string metricsText(double loss, const glyptic_metric *metrics, size_t count) {
  std::string text = "loss " + significant(loss);
  for (size_t i = 0; i < count; ++i) {
    bool share = std::strcmp(metrics[i].name, "accuracy") == 0;
    char value[32];
    std::snprintf(value, sizeof value, share ? "%.2f %%" : "%.4g", metrics[i].value * (share ? 100 : 1));
    text += std::string(", ") + escapeControls(metrics[i].name) + " " + value;
  }
  return text;
}

void Progress::step(const glyptic_train_progress &progress) {
  if (!firstStep)
    firstStep = progress.step;
  if (progress.epoch != epoch) {
    printLine();
    epoch = progress.epoch;
    lossSum = seconds = 0;
    samples = 0;
  }
  lossSum += progress.loss * double(progress.samples);
  samples += progress.samples;
  seconds += progress.seconds;
  latest = progress;
  if (isTerminal() && Clock::now() - drawn >= kRedraw && progress.step < progress.steps)
    draw(progress);
}

void Progress::draw(const glyptic_train_progress &progress) {
  drawn = Clock::now();
  barShown = true;
  double elapsed = std::chrono::duration<double>(drawn - started).count();
  int64_t done = progress.step - firstStep + 1, left = progress.steps - progress.step;
  std::string head = "epoch " + std::to_string(progress.epoch) + "/" + std::to_string(progress.epochs) + " ";
  std::string tail = "  loss " + significant(lossSum / double(samples)) + "  " + rateText(samples, seconds) + "  " +
                     durationText(elapsed / double(done) * double(left)) + " left";
  int width = std::min(40, terminalWidth() - 1 - int(head.size() + tail.size()));
  std::string line = head + (width > 4 ? bar(double(progress.step) / double(progress.steps), width) : "") + tail;
  if (width <= 4)
    line.resize(std::min(line.size(), size_t(std::max(0, terminalWidth() - 1))));
  std::printf("\r\033[K%s", line.c_str());
  std::fflush(stdout);
}

void Progress::evaluation(const glyptic_evaluation &evaluation) {
  evaluated = metricsText(evaluation.loss, evaluation.metrics, evaluation.metric_count);
  epochEvaluated = evaluated;
}

/// What there is to say of the epoch that has ended.
void Progress::printLine() {
  if (barShown)
    std::printf("\r\033[K");
  barShown = false;
  int64_t every = std::max<int64_t>(1, latest.epochs / kLines);
  bool last = latest.step == latest.steps;
  if (samples > 0 && (last || epoch == 1 || epoch % every == 0)) {
    std::string line = "epoch " + std::to_string(epoch) + "/" + std::to_string(latest.epochs) + "  loss " +
                       significant(lossSum / double(samples)) + "  " + rateText(samples, seconds);
    if (!epochEvaluated.empty())
      line += "  valid " + epochEvaluated;
    std::printf("%s\n", line.c_str());
  }
  epochEvaluated.clear();
  std::fflush(stdout);
}

void Progress::finish() { printLine(); }

} // namespace glyptic::tool
