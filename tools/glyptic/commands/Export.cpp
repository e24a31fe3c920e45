//===- Export.cpp - glyptic export ----------------------------------------===//
#include "tools/glyptic/Model.h"
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/commands/Commands.h"

#include <cstdio>

namespace glyptic::tool {
namespace {

struct ExportCommand {
  std::string model, state, output;

  int run() const {
    requireApart({state}, {output});
    requireWritable(output);
    check(openCompiler().exportModel(model, state, output));
    return kDone;
  }
};

} // namespace

void addExport(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "export", "Writes the model with the parameters and running statistics of a saved state. Everything else in the "
                "file stays as it is. A checkpoint is a saved state, too.");
  auto state = std::make_shared<ExportCommand>();
  command->add_option("model", state->model, "the model that the state belongs to")->required();
  command->add_option("--state", state->state, "what train --save-state wrote (.safetensors)")->required();
  command->add_option("-o,--output-model", state->output, "the model with that state (.onnx)")->required();
  command->footer("Example:\n  glyptic export lenet.onnx --state runs/a/checkpoint.safetensors -o best.onnx");
  command->callback([state, &action] { action = [state] { return state->run(); }; });
}

} // namespace glyptic::tool
