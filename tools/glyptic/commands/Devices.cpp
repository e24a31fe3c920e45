//===- Devices.cpp - glyptic devices --------------------------------------===//
#include "support/Machine.h"
#include "tools/glyptic/Machine.h"
#include "tools/glyptic/Terminal.h"
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/commands/Commands.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace glyptic::tool {
namespace {

int showDevices(bool asJson) {
  CpuFacts cpu = describeCpu();
  Machine machine = Machine::measure(cpu.threads, /*cacheFolder=*/"");
  double bandwidth = machine.memoryBandwidth, flops = machine.flopsPerSecond;
  std::string gpu, reason = findGpu(gpu);
  if (asJson) {
    nlohmann::ordered_json json;
    json["devices"] = {{{"name", "cpu"},
                        {"model", cpu.name},
                        {"cores", cpu.cores},
                        {"threads", cpu.threads},
                        {"features", cpu.features},
                        {"memory", cpu.memory},
                        {"bandwidth", bandwidth},
                        {"flops", flops}}};
    json["gpu"] = {
        {"usable", false}, {"found", gpu}, {"reason", gpu.empty() ? reason : "this version has no CUDA target"}};
    std::printf("%s\n", json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    return kDone;
  }
  std::printf("%s  %s\n%s", bold("cpu").c_str(), escapeControls(cpu.name).c_str(),
              facts({{"cores", std::to_string(cpu.cores) + ", " + std::to_string(cpu.threads) + " threads"},
                     {"instruction sets", cpu.features},
                     {"memory", bytesText(cpu.memory)},
                     {"bandwidth", bytesText(uint64_t(bandwidth)) + "/s, measured"},
                     {"arithmetic", countText(flops) + "FLOP/s in FP32, measured"}})
                  .c_str());
  std::printf("%s  %s\n", bold("gpu").c_str(),
              gpu.empty() ? ("none: " + reason).c_str() : (gpu + ", which this version has no target for").c_str());
  return kDone;
}

} // namespace

void addDevices(CLI::App &app, Action &action) {
  struct Flags {
    bool json = false;
  };
  CLI::App *command = app.add_subcommand(
      "devices",
      "Shows what this machine can run on: processor, instruction sets, memory, and the bandwidth and arithmetic "
      "that short measurements reach. Takes a second.");
  auto flags = std::make_shared<Flags>();
  command->add_flag("--json", flags->json, "as JSON; bandwidth in bytes a second, flops in operations a second");
  command->footer("Example:\n  glyptic devices");
  command->callback([flags, &action] { action = [flags] { return showDevices(flags->json); }; });
}

} // namespace glyptic::tool
