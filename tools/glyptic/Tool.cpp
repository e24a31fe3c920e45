//===- Tool.cpp -----------------------------------------------------------===//
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/Terminal.h"
#include "tools/glyptic/commands/Commands.h"
#include <cerrno>
#include <cstdio>
#include <functional>
#include <iostream>
#include <new>

namespace glyptic::tool {
namespace {

int report(const std::string &message, const std::string &hint, ExitCode code) {
  std::fflush(stdout);
  std::cerr << "error: " << escapeControls(message) << "\n" << hint;
  return code;
}

/// The command that was named, for the hint of a usage error.
std::string helpHint(const CLI::App &app) {
  std::string name = "glyptic";
  for (const CLI::App *command : app.get_subcommands())
    name += " " + command->get_name();
  return "Run '" + name + " --help' for what it takes.\n";
}

/// CLI11 would only miss a command, without a word about the one that it does not know.
void refuseUnknownCommand(const CLI::App &app, int argc, char **argv) {
  if (argc < 2 || argv[1][0] == '-')
    return;
  std::string known;
  for (const CLI::App *command : app.get_subcommands([](const CLI::App *) { return true; })) {
    if (command->get_name() == argv[1])
      return;
    known += (known.empty() ? "" : ", ") + command->get_name();
  }
  throw UsageError("there is no command '" + std::string(argv[1]) + "'; there are " + known);
}

/// A full disk behind a redirection is found out when the last of the text leaves.
void requirePrinted() {
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout))
    throwFileError("write to", "standard output");
}

} // namespace

int run(int argc, char **argv) {
  CLI::App app("Compiles ONNX models into glyphs - a whole inference or training step in one file - and runs them.",
               "glyptic");
  app.require_subcommand(1);
  app.set_version_flag("--version", GLYPTIC_VERSION);
  app.footer("Start with: glyptic new lenet -o lenet.onnx && glyptic check lenet.onnx");
  std::function<int()> action;
  addCommands(app, action);
  try {
    refuseUnknownCommand(app, argc, argv);
    app.parse(argc, argv);
    int code = action();
    requirePrinted();
    return code;
  } catch (const CLI::Success &success) { // --help, --version
    int code = app.exit(success);
    std::cout.flush();
    return std::cout ? code : report("cannot write to standard output", "", kFailed);
  } catch (const CLI::ParseError &error) {
    return report(error.what(), helpHint(app), kUsage);
  } catch (const UsageError &error) {
    return report(error.what(), helpHint(app), kUsage);
  } catch (const Error &error) {
    return report(error.what(), "", error.code() == ErrorCode::Internal ? kDefect : kFailed);
  } catch (const std::bad_alloc &) {
    return report("out of memory; try a smaller --batch", "", kFailed);
  } catch (const std::exception &error) {
    return report(std::string("a defect in glyptic: ") + error.what(),
                  "Please report it with the command and the model.\n", kDefect);
  }
}

} // namespace glyptic::tool
