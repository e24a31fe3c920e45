//===- Machine.cpp --------------------------------------------------------===//
#include "tools/glyptic/Machine.h"

#include "support/CpuFeatures.h"
#include "support/CudaTarget.h"
#include "support/Error.h"

#include <algorithm>
#include <dlfcn.h>
#include <fstream>
#include <sched.h>
#include <set>
#include <thread>

namespace glyptic::tool {

CpuFacts describeCpu() {
  CpuFacts facts;
  std::ifstream file("/proc/cpuinfo");
  std::set<std::pair<std::string, std::string>> cores;
  std::string line, socket;
  while (std::getline(file, line)) {
    size_t colon = line.find(": ");
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 2);
    if (line.rfind("model name", 0) == 0)
      facts.name = value;
    else if (line.rfind("physical id", 0) == 0)
      socket = value;
    else if (line.rfind("core id", 0) == 0)
      cores.insert({socket, value});
  }
  facts.features = getHostCpuFeatures();
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  facts.threads = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed)
                                                                      : int(std::thread::hardware_concurrency());
  facts.cores = cores.empty() ? facts.threads : std::min(int(cores.size()), facts.threads);
  facts.memory = uint64_t(getMemoryLimit());
  return facts;
}

std::optional<Machine> findMachineFor(const std::string &target, const std::string &name) {
  if (!name.empty() && !isCudaTarget(target))
    throw Error("machine " + quoteName(name) + " is a GPU, and the program is compiled for a processor");
  return chooseMachine(name, splitCudaTarget(target));
}

std::string findGpu(std::string &name) {
  void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!driver)
    return "no NVIDIA driver is installed (libcuda.so.1 is missing)";
  auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  auto count = reinterpret_cast<int (*)(int *)>(dlsym(driver, "cuDeviceGetCount"));
  auto getName = reinterpret_cast<int (*)(char *, int, int)>(dlsym(driver, "cuDeviceGetName"));
  int code = init ? init(0) : -1, devices = 0;
  if (code != 0)
    return "the NVIDIA driver does not start (cuInit returns " + std::to_string(code) + ")";
  char text[256] = "";
  if (!count || count(&devices) != 0 || devices == 0 || !getName || getName(text, sizeof text, 0) != 0)
    return "the NVIDIA driver sees no GPU";
  name = std::to_string(devices) + " x " + text;
  return "";
}

} // namespace glyptic::tool
