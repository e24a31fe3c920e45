//===- Commands.h - One function per command --------------------*- C++ -*-===//
//
// Each adds a subcommand with its flags and, if that subcommand is chosen, sets `action` to what it does.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace glyptic::tool {

using Action = std::function<int()>;

void addNew(CLI::App &app, Action &action);
void addCheck(CLI::App &app, Action &action);
void addGradcheck(CLI::App &app, Action &action);
void addTrain(CLI::App &app, Action &action);
void addRun(CLI::App &app, Action &action);
void addCompile(CLI::App &app, Action &action);
void addInspect(CLI::App &app, Action &action);
void addExport(CLI::App &app, Action &action);
void addDevices(CLI::App &app, Action &action);
void addBench(CLI::App &app, Action &action);

inline void addCommands(CLI::App &app, Action &action) {
  for (auto *add : {addNew, addCheck, addGradcheck, addTrain, addRun, addCompile, addInspect, addExport, addDevices,
                    addBench})
    add(app, action);
}

} // namespace glyptic::tool
