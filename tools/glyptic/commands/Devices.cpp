//===- Devices.cpp - glyptic devices --------------------------------------===//
#include "support/Machine.h"
#include "tools/glyptic/Machine.h"
#include "tools/glyptic/Model.h"
#include "tools/glyptic/Terminal.h"
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/TrainingFlags.h"
#include "tools/glyptic/commands/Commands.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <tuple>

namespace glyptic::tool {
namespace {

using Json = nlohmann::ordered_json;

int showDevices(bool asJson) {
  CpuFacts cpu = describeCpu();
  Machine machine = Machine::measure(cpu.threads, /*cacheFolder=*/"");
  double bandwidth = machine.memoryBandwidth, flops = machine.flopsPerSecond[0];
  std::string gpu, reason = findGpu(gpu);
  if (asJson) {
    Json json;
    json["devices"] = {{{"name", "cpu"},
                        {"model", cpu.name},
                        {"cores", cpu.cores},
                        {"threads", cpu.threads},
                        {"features", cpu.features},
                        {"memory", cpu.memory},
                        {"bandwidth", bandwidth},
                        {"flops", flops}}};
    json["gpu"] = {{"usable", !gpu.empty()}, {"found", gpu}, {"reason", reason}};
    std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    return kDone;
  }
  std::printf("%s  %s\n%s", bold("cpu").c_str(), escapeControls(cpu.name).c_str(),
              facts({{"cores", std::to_string(cpu.cores) + ", " + std::to_string(cpu.threads) + " threads"},
                     {"instruction sets", cpu.features},
                     {"memory", bytesText(cpu.memory)},
                     {"bandwidth", bytesText(uint64_t(bandwidth)) + "/s, measured"},
                     {"arithmetic", countText(flops) + "FLOP/s in FP32, measured"}})
                  .c_str());
  std::printf("%s  %s\n", bold("gpu").c_str(),
              (gpu.empty() ? "none: " + reason : gpu).c_str());
  return kDone;
}

std::string percentOf(double part, double whole) {
  return std::to_string(whole > 0 ? int(100 * part / whole + 0.5) : 0) + " %";
}

/// "61 % traffic": what most of the time goes to.
std::string boundText(const Json &device) {
  std::string most = "arithmetic";
  double sum = 0;
  for (const auto &[what, seconds] : device["predicted"].items()) {
    sum += seconds.get<double>();
    if (seconds > device["predicted"][most])
      most = what;
  }
  return percentOf(device["predicted"][most], sum) +
         (most == "arithmetic" ? " compute" : most == "start" ? " starts" : " traffic");
}

std::string batchText(int64_t batch) { return batch < 100000 ? std::to_string(batch) : countText(double(batch)); }

/// Whether the batch fits, and up to which one does.
std::string fitText(const Json &device) {
  if (!device.contains("largest_batch"))
    return device["fits"] ? "yes" : "no";
  const int64_t largest = device["largest_batch"];
  return device["fits"] ? "to " + batchText(largest) : largest ? "no, to " + batchText(largest) : "no";
}

/// Whole gigabytes, as devices are sold.
std::string memoryText(uint64_t bytes) {
  return bytes < 1e9 ? bytesText(bytes) : std::to_string(int64_t(double(bytes) / 1e9 + 0.5)) + " GB";
}

std::string energyText(double joules) {
  if (joules >= 99.5)
    return countText(joules) + (joules < 999.5 ? " J" : "J");
  char text[32];
  std::snprintf(text, sizeof text, joules < 0.1 ? "%.2g mJ" : "%.2g J", joules < 0.1 ? joules * 1000 : joules);
  return text;
}

/// The fastest first; after them those that are too small.
std::string render(const Json &comparison) {
  std::vector<const Json *> devices;
  for (const Json &device : comparison["devices"])
    devices.push_back(&device);
  std::sort(devices.begin(), devices.end(), [](const Json *a, const Json *b) {
    auto rank = [](const Json &device) {
      return std::tuple(!device["fits"].get<bool>(), device["predicted_seconds"].get<double>(),
                        device["machine"].get<std::string>());
    };
    return rank(*a) < rank(*b);
  });
  std::vector<std::vector<std::string>> rows = {
      {"device", "memory", "fits", "step", "samples/s", "bound by", "watts", "energy"}};
  for (const Json *pointer : devices) {
    const Json &device = *pointer;
    rows.push_back({device["machine"], memoryText(device["memory"]), fitText(device)});
    if (device["fits"])
      rows.back().insert(rows.back().end(),
                         {durationText(device["predicted_seconds"]), countText(device["samples_per_second"]),
                          boundText(device), std::to_string(int64_t(device["watts"].get<double>())),
                          energyText(device["joules_per_1000_samples"])});
  }
  const std::string samples = comparison["batch"].dump();
  const std::string what =
      comparison["training"] ? "an update with " + samples + " samples" : "inference of " + samples + " samples";
  std::string text = wrapped(bold(comparison["model"].get<std::string>()) + ": " + what + ": " +
                                 bytesText(comparison["memory"]) + " of memory, " + countText(comparison["flops"]) +
                                 "FLOP, " + bytesText(uint64_t(comparison["bytes"].get<double>())) + " moved, " +
                                 countText(comparison["instructions"]) + " instructions",
                             pageWidth(), "  ") +
                     "\n\n";
  text += fittedTable(rows, pageWidth()) + "\n";
  const std::string batch = comparison["fixed_batch"] ? "" : " Batches fit up to the number beside it.";
  const std::string arithmetic = comparison["arithmetic"] == "tf32" ? "TF32" : "FP32";
  text += wrapped("Predicted, not measured: for each instruction the longer of arithmetic (" + arithmetic +
                      ") and memory traffic, and its start. Whatever the program needs must fit beside what is "
                      "reserved for libraries." +
                      batch + " Energy is for 1000 samples at the most that the device draws. machines/*.toml say "
                      "where each number is from; --machine takes such a file.",
                  pageWidth(), "") +
          "\n";
  return text;
}

class DevicesCommand {
public:
  explicit DevicesCommand(CLI::App &app) : flags(app) {
    app.add_option("model", model, "the model to compare known GPUs for: .onnx or .onnxtxt");
    app.add_flag("--json", asJson, "as JSON; in bytes, seconds, joules, and operations a second");
    app.add_option("--machine", machines, "compare these: names such as h100, or files in the form of machines/*.toml")
        ->delimiter(',');
    app.add_flag("--inference", inference, "compare inference rather than training");
    app.add_flag("--tf32", tf32, "predict as if matrix products might multiply in TF32");
    app.footer("Examples:\n"
               "  glyptic devices\n"
               "  glyptic devices resnet50.onnx --loss cross-entropy --batch 64\n"
               "  glyptic devices gpt.onnx --machine h100,h200,my-gpu.toml --tf32\n"
               "Without --loss any loss will do: what a step costs hardly depends on it.");
  }

  int run() const {
    if (model.empty()) {
      if (!machines.empty() || inference || tf32 || flags.anyStepFlag())
        throw UsageError("without a model, devices shows this machine; name a model to compare GPUs for");
      return showDevices(asJson);
    }
    if (isGlyph(model))
      throw Error(ErrorCode::Format, model + ": is a glyph, which is planned for one target; give the model");
    CompileOptions options = flags.compileOptions();
    if (inference)
      options.training.reset();
    else if (!flags.anyStepFlag())
      options.training->loss = "mse"; // takes any output
    std::string json;
    check(openCompiler().compareMachines(model, options, machines, tf32, json));
    Json comparison = Json::parse(json);
    std::string text = json;
    if (!asJson)
      text = render(escapeStrings(comparison)) + "\n" + notes(comparison["remarks"]);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kDone;
  }

private:
  TrainingFlags flags;
  std::string model;
  std::vector<std::string> machines;
  bool asJson = false, inference = false, tf32 = false;
};

} // namespace

void addDevices(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "devices",
      "Shows what this machine can run on: processor, instruction sets, memory, and the bandwidth and arithmetic "
      "that short measurements reach. With a model it helps to choose a GPU: which of those known have the memory, the "
      "largest batch, predicted time of a training step and what bounds it, energy. None of them need be there. It "
      "takes the flags of train.");
  auto state = std::make_shared<DevicesCommand>(*command);
  command->callback([state, &action] { action = [state] { return state->run(); }; });
}

} // namespace glyptic::tool
