//===- Compile.cpp - glyptic compile --------------------------------------===//
#include "tools/glyptic/Model.h"
#include "tools/glyptic/Terminal.h"
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/TrainingFlags.h"
#include "tools/glyptic/commands/Commands.h"

#include <cstdio>
#include <filesystem>

namespace glyptic::tool {
namespace {

constexpr const char *kFooter =
    "Examples:\n"
    "  glyptic compile lenet.onnx -o infer.glyph\n"
    "  glyptic compile lenet.onnx --loss cross-entropy --optimizer adam --batch 64 -o step.glyph\n"
    "  glyptic compile lenet.onnx --loss mse --print-after fusion --stop-after fusion\n"
    "Flags of the step make it a training program; without any it is for inference.";

class CompileCommand {
public:
  explicit CompileCommand(CLI::App &app) : flags(app) {
    app.add_option("model", model, "the model: .onnx or .onnxtxt")->required();
    app.add_option("-o,--output-glyph", output, "the glyph");
    app.add_option("--target", targets,
                   "cpu (the default), or GPUs: cuda:sm_90,sm_100; may be given again; with no-cudnn convolutions are "
                   "matrix products of copies")
        ->group("Compilation");
    app.add_option("--machine", machine, "GPU to predict times for: h100, or a file (default: typical of the target)")
        ->group("Compilation");
    app.add_option("--stop-after", stopAfter, "phase to end with; writes no glyph")->group("Compilation");
    app.add_option("--print-after", printAfter, "phase whose result to print, on standard error")->group("Compilation");
    app.add_flag("--phases", listPhases, "list the phases while at it")->group("Compilation");
    app.footer([] { return TrainingFlags::describeChoices() + kFooter; });
  }

  int run();

private:
  TrainingFlags flags;
  std::string model, output, machine, stopAfter, printAfter;
  std::vector<std::string> targets;
  bool listPhases = false;
};

int CompileCommand::run() {
  if (output.empty() && stopAfter.empty())
    throw UsageError("compile needs -o, or --stop-after to write nothing");
  if (!output.empty()) {
    requireApart({model}, {output});
    requireWritable(output);
  }
  CompileOptions options = flags.compileOptions();
  if (!flags.anyStepFlag())
    options.training.reset();
  if (!targets.empty())
    options.targets = targets;
  options.machine = machine;
  options.stopAfter = stopAfter;
  options.printAfter = printAfter;
  Compiler &compiler = openCompiler();
  if (listPhases)
    std::printf("%s\n", compiler.describePhases().c_str());
  CompileReport report;
  check(compiler.compile(model, options, output, &report));
  if (!stopAfter.empty())
    return kDone;
  std::printf("%s", notes(report.remarks).c_str());
  std::printf("%s\n", escapeControls(report.bill).c_str());
  double seconds = 0;
  for (const auto &phase : report.phases)
    seconds += phase.second;
  std::error_code hasNoSize; // such as /dev/null
  auto size = std::filesystem::file_size(output, hasNoSize);
  std::printf("%s", escapeControls(facts({{"compiled in", durationText(seconds)},
                                          {"glyph", hasNoSize ? output : output + ", " + bytesText(size)}}))
                        .c_str());
  return kDone;
}

} // namespace

void addCompile(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "compile",
      "Compiles a model ahead of time into a glyph: one file that the runtime executes without the compiler. "
      "It prints what the program will cost in memory and time.");
  auto state = std::make_shared<CompileCommand>(*command);
  command->callback([state, &action] { action = [state] { return state->run(); }; });
}

} // namespace glyptic::tool
