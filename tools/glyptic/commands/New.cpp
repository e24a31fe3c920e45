//===- New.cpp - glyptic new ----------------------------------------------===//
#include "tools/glyptic/Model.h"
#include "tools/glyptic/Terminal.h"
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/Validators.h"
#include "tools/glyptic/commands/Commands.h"

#include <algorithm>
#include <cstdio>

namespace glyptic::tool {
namespace {

class NewCommand {
public:
  std::string name, output;
  uint64_t seed = 0;
  CLI::App *command = nullptr;

  int run() const;

private:
  std::map<std::string, int64_t> sizes(const ArchitectureInfo &architecture) const;
};

int list() {
  for (const ArchitectureInfo &architecture : openCompiler().getArchitectures()) {
    std::printf("%s  %s\n", bold(architecture.name).c_str(), architecture.summary.c_str());
    std::vector<std::vector<std::string>> rows;
    for (const SizeInfo &flag : architecture.sizes)
      rows.push_back({"--" + flag.name, flag.help + " (default " + std::to_string(flag.initial) + ")"});
    std::printf("%s", facts(rows).c_str());
  }
  return kDone;
}

/// The flags that the parser left over: which there are depends on the architecture.
std::map<std::string, int64_t> NewCommand::sizes(const ArchitectureInfo &architecture) const {
  std::map<std::string, int64_t> sizes;
  std::vector<std::string> rest = command->remaining();
  for (size_t i = 0; i < rest.size(); ++i) {
    std::string flag = rest[i], value;
    if (size_t equals = flag.find('='); equals != std::string::npos) {
      value = flag.substr(equals + 1);
      flag.resize(equals);
    } else if (i + 1 < rest.size()) {
      value = rest[++i];
    }
    auto known = std::find_if(architecture.sizes.begin(), architecture.sizes.end(),
                              [&](const SizeInfo &info) { return "--" + info.name == flag; });
    if (known == architecture.sizes.end())
      throw UsageError("'" + flag + "' is not a flag of " + architecture.name + "; 'glyptic new' lists them");
    int64_t size = 0;
    if (!CLI::detail::lexical_cast(value, size) || size <= 0)
      throw UsageError(flag + " takes a positive number, not '" + value + "'");
    sizes[known->name] = size;
  }
  return sizes;
}

int NewCommand::run() const {
  if (name.empty())
    return list();
  std::vector<ArchitectureInfo> known = openCompiler().getArchitectures();
  auto found =
      std::find_if(known.begin(), known.end(), [&](const ArchitectureInfo &info) { return info.name == name; });
  if (found == known.end())
    throw UsageError("there is no architecture '" + name + "'; 'glyptic new' lists them");
  if (output.empty())
    throw UsageError("new needs -o");
  auto chosen = sizes(*found);
  requireWritable(output);
  check(openCompiler().createModel(name, chosen, seed, output));
  return kDone;
}

} // namespace

void addNew(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "new",
      "Writes a well-known architecture with fresh weights as an ONNX file: something to train at once. Without a name "
      "it lists the architectures and their size flags.");
  auto state = std::make_shared<NewCommand>();
  state->command = command;
  command->add_option("name", state->name, "mlp, linear, lenet, gpt, ...");
  command->add_option("-o,--output-model", state->output, "the model (.onnx)");
  command->add_option("--seed", state->seed, "of the weights")->check(seed())->capture_default_str();
  command->allow_extras();
  command->footer("Examples:\n  glyptic new\n  glyptic new lenet -o lenet.onnx --seed 7");
  command->callback([state, &action] { action = [state] { return state->run(); }; });
}

} // namespace glyptic::tool
