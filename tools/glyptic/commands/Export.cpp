//===- Export.cpp - glyptic export ----------------------------------------===//
#include "tools/glyptic/Model.h"
#include "tools/glyptic/Terminal.h"
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/commands/Commands.h"

#include <cstdio>

namespace glyptic::tool {
namespace {

struct ExportCommand {
  std::string model, state, output;
  bool inferenceForm = false;

  int run() const {
    if (state.empty() && !inferenceForm)
      throw UsageError("export needs --state, or --inference-form to turn the model with the weights that it has");
    requireApart({state}, {output});
    requireWritable(output);
    std::string form;
    check(openCompiler().exportModel(model, state, output, inferenceForm, form));
    if (!form.empty())
      std::printf("%s", notes({trainingFormNote(output, form)}).c_str());
    return kDone;
  }
};

} // namespace

void addExport(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "export", "Writes the model with the parameters and running statistics of a saved state, or its own. Everything "
                "else in the file stays as it is, unless nodes in training form are to be turned. A checkpoint is a "
                "saved state, too.");
  auto state = std::make_shared<ExportCommand>();
  command->add_option("model", state->model, "the model that the state belongs to")->required();
  command->add_option("--state", state->state, "what train --save-state wrote (.safetensors)");
  command->add_option("-o,--output-model", state->output, "the model with that state (.onnx)")->required();
  command->add_flag("--inference-form", state->inferenceForm,
                    "turn nodes in training form: batches are normalised by the running statistics, nothing is "
                    "dropped");
  command->footer("Examples:\n  glyptic export lenet.onnx --state runs/a/checkpoint.safetensors -o best.onnx\n"
                  "  glyptic export trained.onnx --inference-form -o deployed.onnx");
  command->callback([state, &action] { action = [state] { return state->run(); }; });
}

} // namespace glyptic::tool
