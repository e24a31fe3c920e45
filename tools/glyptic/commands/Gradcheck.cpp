//===- Gradcheck.cpp - glyptic gradcheck ----------------------------------===//
#include "support/File.h"
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

constexpr size_t kMaxParameters = 24, kShownOfMany = 10;

std::string number(const char *pattern, double value) {
  char text[32];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

double errorOf(const Json &direction) { return direction["error"].get<double>(); }

std::vector<std::string> row(const Json &direction, const std::string &along) {
  return {along, number("%.8g", direction["derivative"].get<double>()),
          number("%.8g", direction["difference"].get<double>()), number("%.1e", errorOf(direction)),
          direction["verdict"]};
}

/// Directions in all parameters, then each parameter; of many, those with the largest errors.
std::string directionTable(const Json &directions) {
  std::vector<std::vector<std::string>> rows = {{"along", "derivative", "difference", "error", "verdict"}};
  std::vector<const Json *> single;
  for (const Json &direction : directions)
    if (direction["parameter"].is_null())
      rows.push_back(row(direction, "all parameters, direction " + std::to_string(rows.size())));
    else
      single.push_back(&direction);
  std::string rest;
  if (single.size() > kMaxParameters) {
    std::sort(single.begin(), single.end(), [](const Json *a, const Json *b) { // equal ones in their order
      return errorOf(*a) != errorOf(*b) ? errorOf(*a) > errorOf(*b) : a < b;
    });
    rest = "  and " + std::to_string(single.size() - kShownOfMany) + " more parameters with errors of at most " +
           number("%.1e", errorOf(*single[kShownOfMany])) + "\n";
    single.resize(kShownOfMany);
  }
  for (const Json *direction : single)
    rows.push_back(row(*direction, (*direction)["parameter"]));
  return fittedTable(rows, pageWidth()) + rest;
}

std::string render(const Json &certificate) {
  const std::string verdict = certificate["verdict"];
  std::string text = bold(certificate["model"]["file"].get<std::string>()) + "  ";
  text += verdict == "disagrees" ? "the gradient is wrong\n\n" : "the gradient agrees with differences of the loss\n\n";
  const Json &data = certificate["data"];
  text +=
      wrapped("  " + certificate["samples"].dump() +
                  (data.is_null() ? " random samples" : " samples of " + data["file"].get<std::string>()) + ", loss '" +
                  certificate["training"]["loss"].get<std::string>() + "', seed " + certificate["seed"].dump() +
                  ", in FP64; the derivative along random directions against central differences.",
              pageWidth(), "  ") +
      "\n\n";
  text += directionTable(certificate["directions"]);
  for (const Json &node : certificate["nodes"])
    if (node["verdict"] == "kink")
      text +=
          wrapped("  " + bold("kink: ") + node["place"].get<std::string>() + ": " + node["kinks"].dump() + " of " +
                      node["elements"].dump() + " elements have one derivative to the left and another to the right",
                  pageWidth(), "    ") +
          "\n";
    else
      text += wrapped("  " + bold("wrong: ") + node["place"].get<std::string>() + ": its derivative gives " +
                          number("%.8g", node["derivative"].get<double>()) + ", differences give " +
                          number("%.8g", node["difference"].get<double>()),
                      pageWidth(), "    ") +
              "\n";
  return text;
}

class GradcheckCommand {
public:
  explicit GradcheckCommand(CLI::App &app) : flags(app) {
    app.add_option("model", model, "the model: .onnx or .onnxtxt")->required();
    app.add_option("--certificate", certificate, "where to write what was checked and what came out (JSON)");
    app.add_option("--samples", check.samples, "samples of the batch")
        ->capture_default_str()
        ->check(CLI::Range(1, 1 << 20));
    app.add_option("--directions", check.directions, "directions in all parameters at once")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    app.add_option("--tolerance", check.tolerance, "relative error that is allowed")
        ->capture_default_str()
        ->check(CLI::Range(1e-12, 0.1));
    app.add_flag("--json", asJson, "as JSON");
    app.footer("Examples:\n  glyptic gradcheck lenet.onnx\n"
               "  glyptic gradcheck bert.onnx --loss cross-entropy --data train.npz --certificate bert.gradient.json");
  }

  int run() {
    CompileOptions options = flags.compileOptions();
    if (!flags.anyStepFlag())
      options.training.reset();
    if (!certificate.empty())
      requireWritable(certificate);
    check.data = flags.loop.data;
    check.seed = flags.loop.seed;
    std::string text;
    Outcome outcome = openCompiler().checkGradient(model, options, check, text);
    if (!text.empty())
      publish(text);
    tool::check(outcome);
    return kDone;
  }

private:
  void publish(const std::string &text) const {
    Json json = Json::parse(text);
    json["versions"]["glyptic"] = GLYPTIC_VERSION;
    const std::string whole = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    if (!certificate.empty()) {
      OutputFile file(certificate);
      file.write(whole);
      file.commit();
    }
    const std::string shown = asJson ? whole : render(escapeStrings(json));
    std::fwrite(shown.data(), 1, shown.size(), stdout);
  }

  TrainingFlags flags;
  std::string model, certificate;
  GradientCheckOptions check;
  bool asJson = false;
};

} // namespace

void addGradcheck(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "gradcheck",
      "Checks the gradient that training would use: on your graph and data, in FP64, against differences of the loss. "
      "Where they differ it says which node is wrong; kinks (ReLU at 0, equal maxima) are told apart. It takes the "
      "flags of train.");
  auto state = std::make_shared<GradcheckCommand>(*command);
  command->callback([state, &action] { action = [state] { return state->run(); }; });
}

} // namespace glyptic::tool
