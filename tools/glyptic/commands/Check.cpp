//===- Check.cpp - glyptic check ------------------------------------------===//
#include "tools/glyptic/Model.h"
#include "tools/glyptic/Terminal.h"
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/TrainingFlags.h"
#include "tools/glyptic/commands/Commands.h"

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

std::string weightTable(const Json &weights) {
  std::vector<std::vector<std::string>> rows = {{"weight", "shape", "trained", "because"}};
  for (const Json &weight : weights)
    rows.push_back({weight["name"], shapeText(weight["shape"]), weight["trained"].get<bool>() ? "yes" : "no", weight["reason"]});
  return table(rows);
}

std::string costTable(const Json &check) {
  std::vector<std::vector<std::string>> rows = {{"batch", "memory to run", "memory to train", "FLOP a step", "predicted"}};
  auto bytes = [](double value) { return bytesText(uint64_t(value)); };
  for (size_t i = 0; i < check["inference"].size(); ++i) {
    const Json &inference = check["inference"][i], training = i < check["training"].size() ? check["training"][i] : Json::object();
    rows.push_back({inference["batch"].dump(), costText(inference, "memory", bytes), costText(training, "memory", bytes),
                    costText(training, "flops", countText), costText(training, "predicted_seconds", durationText)});
  }
  return table(rows);
}

std::string render(const Json &check) {
  std::string text = bold(check["model"].get<std::string>()) + "  ";
  text += check["trains"].get<bool>() ? "trains: " + countText(check["trained_parameters"]) + " of " +
                                            countText(check["parameters"]) + " parameters\n\n"
                                      : "does not train\n\n";
  for (const char *list : {"blocked", "remarks"})
    for (const Json &item : check[list]) {
      std::string node = item["node"];
      text += std::string(*list == 'b' ? "  blocked: " : "  note: ") + (node.empty() ? "" : "node '" + node + "': ") +
              item["message"].get<std::string>() + "\n";
    }
  text += weightTable(check["weights"]) + "\n" + costTable(check);
  for (const char *list : {"inference", "training"})
    for (const Json &cost : check[list])
      if (cost.contains("error"))
        text += "  batch " + cost["batch"].dump() + ": " + cost["error"].get<std::string>() + "\n";
  return text;
}

class CheckCommand {
public:
  explicit CheckCommand(CLI::App &app) : flags(app) {
    app.add_option("model", model, "the model: .onnx or .onnxtxt")->required();
    app.add_flag("--json", asJson, "as JSON");
    app.footer("Examples:\n  glyptic check lenet.onnx\n  glyptic check bert.onnx --loss cross-entropy --freeze 'embeddings.*'");
  }

  int run() const {
    CompileOptions options = flags.compileOptions();
    if (!flags.anyStepFlag())
      options.training.reset();
    std::string json;
    check(openCompiler().check(model, options, json));
    std::string text = asJson ? json : escapeControls(render(Json::parse(json)));
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kDone;
  }

private:
  TrainingFlags flags;
  std::string model;
  bool asJson = false;
};

} // namespace

void addCheck(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "check", "Looks at a model before any training: which weights train and why, which nodes stand in the way, and what a step "
               "costs in memory and time at several batch sizes. It takes the flags of train.");
  auto state = std::make_shared<CheckCommand>(*command);
  command->callback([state, &action] { action = [state] { return state->run(); }; });
}

} // namespace glyptic::tool
