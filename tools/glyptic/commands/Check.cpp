//===- Check.cpp - glyptic check ------------------------------------------===//
#include "glyptic/train.h"
#include "tools/glyptic/Machine.h"
#include "tools/glyptic/Model.h"
#include "tools/glyptic/Terminal.h"
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/TrainingFlags.h"
#include "tools/glyptic/commands/Commands.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace glyptic::tool {
namespace {

using Json = nlohmann::ordered_json;

std::string costText(const Json &cost, const char *key, const std::function<std::string(double)> &text) {
  return cost.contains(key) ? text(cost[key].get<double>()) : "-";
}

std::string shapeText(const Json &shape) {
  std::string text;
  for (const Json &extent : shape)
    text += (text.empty() ? "" : " x ") + extent.dump();
  return text.empty() ? "scalar" : text;
}

/// What many weights have in common: they are the "weight of Conv".
std::string reasonKind(const Json &weight) {
  const std::string use = weight["use"], op = weight["op"];
  return use.empty() ? weight["reason"].get<std::string>() : use + " of " + op;
}

constexpr size_t kMaxWeights = 24;

/// One row for each weight, or for each kind of them where there are many.
std::string weightTable(const Json &weights) {
  std::vector<std::vector<std::string>> rows = {{"weight", "shape", "trained", "because"}};
  auto isTrained = [](const Json &weight) { return std::string(weight["trained"].get<bool>() ? "yes" : "no"); };
  if (weights.size() <= kMaxWeights) {
    for (const Json &weight : weights)
      rows.push_back({weight["name"], shapeText(weight["shape"]), isTrained(weight), weight["reason"]});
    return fittedTable(rows, pageWidth());
  }
  struct Kind {
    std::string first, trained, reason;
    int64_t count = 0;
    double elements = 0;
  };
  std::vector<Kind> kinds;
  for (const Json &weight : weights) {
    std::string trained = isTrained(weight), reason = reasonKind(weight);
    auto kind = std::find_if(kinds.begin(), kinds.end(),
                             [&](const Kind &k) { return k.trained == trained && k.reason == reason; });
    if (kind == kinds.end())
      kind = kinds.insert(kind, {weight["name"], trained, reason});
    ++kind->count;
    kind->elements += weight["count"].get<double>();
  }
  rows[0] = {"weights", "elements", "trained", "because", "the first"};
  for (const Kind &kind : kinds)
    rows.push_back({std::to_string(kind.count), countText(kind.elements), kind.trained, kind.reason, kind.first});
  return fittedTable(rows, pageWidth()) + "  --json lists each of them.\n";
}

std::string costTable(const Json &check) {
  std::vector<std::vector<std::string>> rows = {
      {"batch", "to run: memory", "FLOP", "time", "to train: memory", "FLOP", "time"}};
  auto bytes = [](double value) { return bytesText(uint64_t(value)); };
  for (size_t i = 0; i < check["inference"].size(); ++i) {
    std::vector<std::string> row = {check["inference"][i]["batch"].dump()};
    for (const char *list : {"inference", "training"}) {
      const Json cost = i < check[list].size() ? check[list][i] : Json::object();
      row.push_back(costText(cost, "memory", bytes));
      row.push_back(costText(cost, "flops", countText));
      row.push_back(costText(cost, "predicted_seconds", durationText));
    }
    rows.push_back(std::move(row));
  }
  return fittedTable(rows, pageWidth()) +
         "  Memory is all that a program needs; times are predicted for " +
         check["machine"].get<std::string>() + ".\n";
}

/// A paragraph for each message; nodes that it is said of alike are counted.
std::string itemText(const Json &items, const std::string &list) {
  const std::string heading = list == "blocked" ? "blocked: " : list == "modes" ? "changes: " : "note: ";
  std::vector<std::pair<const Json *, size_t>> distinct;
  for (const Json &item : items) {
    auto known = std::find_if(distinct.begin(), distinct.end(),
                              [&](const auto &entry) { return (*entry.first)["message"] == item["message"]; });
    if (known == distinct.end())
      known = distinct.insert(known, {&item, 0});
    ++known->second;
  }
  std::string text;
  for (auto [item, count] : distinct) {
    const std::string place = (*item)["place"],
                      others = std::to_string(count - 1) + (count == 2 ? " other" : " others");
    std::string line = "  " + bold(heading) + place + (count > 1 ? " and " + others : "") + (place.empty() ? "" : ": ");
    text += wrapped(line + (*item)["message"].get<std::string>(), pageWidth(), "    ") + "\n";
  }
  return text;
}

/// `attention 4, layer_norm 9`: what is one operator, whether the model has it so or spells it out.
std::string compositeText(const Json &composites) {
  std::string text;
  for (const auto &[name, count] : composites.items())
    text += (text.empty() ? "  " + bold("composites: ") : ", ") + name + " " + count.dump();
  return text.empty() ? "" : wrapped(text, pageWidth(), "    ") + "\n";
}

std::string render(const Json &check) {
  std::string text = bold(check["model"].get<std::string>()) + "  ";
  text += check["trains"].get<bool>() ? "trains: " + countText(check["trained_parameters"]) + " of " +
                                            countText(check["parameters"]) + " parameters\n"
                                      : "does not train\n";
  for (const char *list : {"blocked", "modes", "remarks"})
    text += itemText(check[list], list);
  text += compositeText(check["composites"]);
  text += "\n" + weightTable(check["weights"]) + "\n" + costTable(check);
  for (auto [list, what] : {std::pair("inference", "to run"), std::pair("training", "to train")})
    for (const Json &cost : check[list])
      if (cost.contains("error"))
        text += wrapped("  " + std::string(what) + " batches of " + cost["batch"].dump() + ": " +
                            cost["error"].get<std::string>(),
                        pageWidth(), "    ") +
                "\n";
  return text;
}

class CheckCommand {
public:
  explicit CheckCommand(CLI::App &app) : flags(app) {
    app.add_option("model", model, "the model: .onnx or .onnxtxt")->required();
    app.add_option("--machine", machine, "times and memory of a GPU: h100, or a file (default: this processor)");
    app.add_flag("--json", asJson, "as JSON");
    app.footer("Examples:\n  glyptic check lenet.onnx\n"
               "  glyptic check bert.onnx --loss cross-entropy --freeze 'embeddings.*'");
  }

  int run() const {
    CompileOptions options = flags.compileOptions();
    if (!flags.anyStepFlag())
      options.training.reset();
    if (!machine.empty())
      options.targets = {"cuda:" + findMachine(machine).architecture};
    options.machine = machine;
    std::string json;
    Outcome outcome = openCompiler().check(model, options, json);
    // A model that cannot be read has a report, too, which says which nodes are at fault.
    Json report = Json::parse(json);
    std::string text = outcome ? render(escapeStrings(report)) : "";
    if (outcome && !flags.loop.data.empty())
      outcome = checkData(report, text);
    if (asJson)
      text = report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    check(outcome);
    return kDone;
  }

private:
  /// Loads the data as train would.
  Outcome checkData(Json &report, std::string &text) const {
    try {
      ProgramHandle program = openProgram(model, [&] { return flags.compileOptions(); });
      for (const std::string &path : {flags.loop.data, flags.loop.valid}) {
        if (path.empty())
          continue;
        uint64_t samples = glyptic_dataset_samples(loadData(path, program).get());
        report["data"].push_back({{"file", path}, {"samples", samples}});
        text += "  " + escapeControls(path) + " fits: " + std::to_string(samples) + " samples\n";
      }
      return {};
    } catch (const Error &error) {
      return {false, error.code(), error.what()};
    }
  }

  TrainingFlags flags;
  std::string model, machine;
  bool asJson = false;
};

} // namespace

void addCheck(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "check",
      "Looks at a model before any training: which weights train and why, which nodes stand in the way, and "
      "what a step costs in memory and time at several batch sizes. With --data, whether the data fits. It takes the "
      "flags of train.");
  auto state = std::make_shared<CheckCommand>(*command);
  command->callback([state, &action] { action = [state] { return state->run(); }; });
}

} // namespace glyptic::tool
