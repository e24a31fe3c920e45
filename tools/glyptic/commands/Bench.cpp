//===- Bench.cpp - glyptic bench ------------------------------------------===//
#include "support/glyph/Glyph.h"
#include "support/glyph/Names.h"
#include "tools/glyptic/Machine.h"
#include "tools/glyptic/Measurement.h"
#include "tools/glyptic/Terminal.h"
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/TrainingFlags.h"
#include "tools/glyptic/commands/Commands.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

namespace glyptic::tool {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char *kFooter = "Examples:\n"
                                "  glyptic bench lenet.onnx --batch 1\n"
                                "  glyptic bench step.glyph --data digits.npz --profile\n"
                                "Times include copying a batch in and reading the loss. Library calls are also timed "
                                "alone: no way to run the rest can\n"
                                "be faster than they are. Without --data, inputs are random numbers.";

double at(const glyptic_amount &amount, int64_t samples) {
  return double(amount.fixed) + double(amount.per_sample) * double(samples);
}

class BenchCommand {
public:
  explicit BenchCommand(CLI::App &app) : flags(app) {
    app.add_option("model", model, "what to time: .onnx, .onnxtxt or .glyph")->required();
    app.add_option("--entry", entry, "entry of the program (default: step, else infer)");
    app.add_option("--warm-up", warmUp, "runs before those that count")
        ->capture_default_str()
        ->check(CLI::Range(1, INT32_MAX));
    app.add_flag("--profile", profiled, "where the time goes, by node of the model");
    app.add_option("--machine", machineName, "GPU to predict times for: h100, or a file (machines/*.toml)");
    app.add_flag("--json", asJson, "as JSON, times in seconds");
    app.footer(kFooter);
  }

  int run();

private:
  void open();
  Machine chooseMachine() const;
  Json measure();
  Json describeInstruction(size_t index, const Profile &profile, const Machine &machine) const;

  TrainingFlags flags;
  std::string model, entry, machineName;
  int64_t warmUp = 3, samples = 0;
  bool profiled = false, asJson = false;
  ProgramHandle program;
  const glyptic_instruction *instructions = nullptr;
  size_t count = 0;
};

void BenchCommand::open() {
  program = openProgram(model, [&] {
    CompileOptions options = flags.compileOptions();
    if (!flags.anyStepFlag())
      options.training.reset();
    return options;
  });
  samples = glyptic_program_max_batch(program.get());
  const char *const *names = nullptr;
  size_t entries = glyptic_program_entries(program.get(), &names);
  auto has = [&](const std::string &name) { return std::find(names, names + entries, name) != names + entries; };
  if (entry.empty())
    entry = has(names::kStep) ? names::kStep : names::kInfer;
  if (!has(entry))
    throw Error(model + ": has no entry " + quoteName(entry) + "; glyptic inspect lists them");
  count = glyptic_program_instructions(program.get(), entry.c_str(), &instructions);
}

Json BenchCommand::describeInstruction(size_t index, const Profile &profile, const Machine &machine) const {
  const glyptic_instruction &instruction = instructions[index];
  constexpr Work kWork[] = {Work::Kernel, Work::LibraryCall, Work::Copy};
  constexpr const char *kKinds[] = {"kernel", "library call", "copy"};
  const glyptic_instruction_time &time = profile.instructions[index];
  double flops = at(instruction.flops, samples), bytes = at(instruction.bytes, samples);
  Json json = {{"nodes", instruction.nodes}, {"kind", kKinds[instruction.action]}, {"name", instruction.name},
               {"seconds", time.total},      {"busy", time.busy},                  {"longest", time.longest},
               {"predicted", machine.predict(kWork[instruction.action], Arithmetic::FP32, flops, bytes).seconds()},
               {"flops", flops},             {"bytes", bytes}};
  if (instruction.action == GLYPTIC_LIBRARY_CALL)
    json["alone"] = profile.alone[index];
  return json;
}

Machine BenchCommand::chooseMachine() const {
  const std::string target = glyptic_program_target(program.get());
  if (std::optional<Machine> known = findMachineFor(target, machineName))
    return *known;
  if (target.rfind(glyph::kCpuTarget, 0) != 0)
    throw Error(ErrorCode::Unsupported, model + ": nothing is known of GPUs for " + target +
                                            "; describe one in the form of machines/h100.toml, and give --machine");
  return Machine::measure(glyptic_program_threads(program.get()), /*cacheFolder=*/"");
}

Json BenchCommand::measure() {
  Measurement measurement(program, entry, Feed(program, entry, flags.loop.data, samples), samples, flags.threads(),
                          flags.device(), flags.debugSync());
  double seconds = Quantiles(measurement.timeRuns(warmUp)).median(), first = measurement.firstScalar();
  // About two seconds' worth, and what a median needs.
  int64_t runs = flags.loop.steps ? flags.loop.steps : std::clamp<int64_t>(int64_t(2 / seconds), 5, 5000);
  Quantiles times(measurement.timeRuns(runs));
  double last = measurement.firstScalar();
  Profile profile = measurement.profile(std::clamp<int64_t>(runs / 4, 3, 500));
  Machine machine = chooseMachine();
  double predicted = 0, flops = 0, bytes = 0;
  size_t calls = 0;
  Json list = Json::array();
  for (size_t i = 0; i < count; ++i) {
    list.push_back(describeInstruction(i, profile, machine));
    predicted += list.back()["predicted"].get<double>();
    flops += list.back()["flops"].get<double>();
    bytes += list.back()["bytes"].get<double>();
    calls += instructions[i].action == GLYPTIC_LIBRARY_CALL;
  }
  double dispatch = times.median() - profile.library - profile.kernels - profile.waiting;
  Json json = {
      {"entry", entry}, {"samples", samples}, {"runs", runs}, {"threads", glyptic_program_threads(program.get())}};
  json["seconds"] = {
      {"median", times.median()}, {"p10", times.at(0.1)}, {"p90", times.at(0.9)}, {"least", times.at(0)}};
  if (double queued = measurement.queued(); queued > 0)
    json["queued"] = queued;
  json["output"] = {{"first", first}, {"last", last}};
  json["predicted"] = predicted;
  json["machine"] = machine.name;
  json["library_alone"] = profile.libraryAlone;
  json["split"] = {
      {"library", profile.library}, {"kernels", profile.kernels}, {"waiting", profile.waiting}, {"dispatch", dispatch}};
  json["kernels"] = count - calls;
  json["library_calls"] = calls;
  json["flops"] = flops;
  json["bytes"] = bytes;
  json["dispatch_per_instruction"] = count ? dispatch / double(count) : 0;
  json["session_bytes"] = glyptic_program_session_bytes(program.get());
  json["instructions"] = std::move(list);
  return json;
}

std::string duration(const Json &seconds) { return durationText(seconds.get<double>()); }

std::string percent(double part, double whole) { return std::to_string(int(100 * part / whole + 0.5)) + " %"; }

std::string summary(const Json &json) {
  double median = json["seconds"]["median"];
  auto share = [&](const Json &seconds) { return duration(seconds) + ", " + percent(seconds, median); };
  const Json &split = json["split"];
  std::vector<std::vector<std::string>> rows = {
      {"entry", json["entry"].get<std::string>() + ", " + json["samples"].dump() + " samples on " +
                    json["threads"].dump() + " threads, " + json["runs"].dump() + " runs"},
      {"time", duration(json["seconds"]["median"]) + " (10 % below " + duration(json["seconds"]["p10"]) +
                   ", 90 % below " + duration(json["seconds"]["p90"]) + ")"},
      {"predicted", duration(json["predicted"]) + " on " + json["machine"].get<std::string>()},
      {"library calls alone", share(json["library_alone"])},
      {"in library calls", share(split["library"])},
      {"in kernels", share(split["kernels"])},
      {"waiting", share(split["waiting"]) + ", for the slower of the threads"},
      {"dispatch", share(split["dispatch"]) + ", " + duration(json["dispatch_per_instruction"]) + " for each of " +
                       std::to_string(json["instructions"].size()) + " instructions"}};
  if (json.contains("queued"))
    rows.push_back({"queued", "in " + duration(json["queued"]) + " by this processor, once inputs are set"});
  return facts(rows);
}

/// The instructions that take longest. What a node costs may be spread over several.
std::string profileTable(const Json &json) {
  constexpr size_t kMost = 30;
  std::multimap<double, const Json *> sorted;
  for (const Json &item : json["instructions"])
    sorted.emplace(-item["seconds"].get<double>(), &item);
  std::vector<std::vector<std::string>> rows = {
      {"time", "share", "alone", "predicted", "GFLOP/s", "GB/s", "kind", "nodes"}};
  for (auto [negated, pointer] : sorted) {
    if (rows.size() > kMost)
      break;
    const Json &item = *pointer;
    double seconds = -negated;
    auto rate = [&](const char *what) { return countText(item[what].get<double>() / seconds / 1e9); };
    rows.push_back({duration(item["seconds"]), percent(seconds, json["seconds"]["median"]),
                    item.contains("alone") ? duration(item["alone"]) : "", duration(item["predicted"]), rate("flops"),
                    rate("bytes"), item["kind"] == "library call" ? item["name"] : item["kind"], item["nodes"]});
  }
  return table(rows);
}

int BenchCommand::run() {
  open();
  Json json = measure();
  if (!profiled && asJson)
    json.erase("instructions");
  std::string text = asJson ? json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                            : escapeControls(summary(json) + (profiled ? "\n" + profileTable(json) : ""));
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kDone;
}

} // namespace

void addBench(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "bench",
      "Times a training step or an inference, tells how much of it the library calls, the generated kernels and "
      "everything around them take, and what was predicted.");
  auto state = std::make_shared<BenchCommand>(*command);
  command->callback([state, &action] { action = [state] { return state->run(); }; });
}

} // namespace glyptic::tool
