//===- Machine.cpp --------------------------------------------------------===//
#include "tools/glyptic/Machine.h"

#include "support/CpuFeatures.h"

#include <algorithm>
#include <chrono>
#include <dlfcn.h>
#include <fstream>
#include <functional>
#include <sched.h>
#include <set>
#include <sstream>
#include <thread>
#include <unistd.h>
#include <vector>

namespace glyptic::tool {
namespace {

/// Seconds until `work(thread)` is done on all threads.
double timeThreads(int threads, const std::function<void(int)> &work) {
  auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> pool;
  for (int i = 1; i < threads; ++i)
    pool.emplace_back(work, i);
  work(0);
  for (std::thread &thread : pool)
    thread.join();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

constexpr int kLanes = 16, kChains = 12;
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));

/// Enough independent chains to hide the latency of a multiply-add; the sum keeps them alive.
__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) float multiplyAdd(int64_t rounds, float factor) {
  Vector chains[kChains];
  for (int i = 0; i < kChains; ++i)
    for (int lane = 0; lane < kLanes; ++lane)
      chains[i][lane] = float(i + lane);
  Vector scale = Vector{} + factor, add = Vector{} + 1.0f;
  for (int64_t round = 0; round < rounds; ++round) {
#pragma clang fp contract(fast)
#pragma clang loop unroll(full)
    for (int i = 0; i < kChains; ++i)
      chains[i] = chains[i] * scale + add;
  }
  float sum = 0;
  for (const Vector &chain : chains)
    for (int lane = 0; lane < kLanes; ++lane)
      sum += chain[lane];
  return sum;
}

/// The smallest of several runs: others can only slow one down.
template <typename Run> double best(int runs, Run run) {
  double seconds = run();
  for (int i = 1; i < runs; ++i)
    seconds = std::min(seconds, run());
  return seconds;
}

std::string firstLine(const char *path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

} // namespace

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
  facts.threads = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : int(std::thread::hardware_concurrency());
  facts.cores = cores.empty() ? facts.threads : std::min(int(cores.size()), facts.threads);
  facts.memory = uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE));
  uint64_t limit = 0;
  if (std::istringstream(firstLine("/sys/fs/cgroup/memory.max")) >> limit && limit > 0)
    facts.memory = std::min(facts.memory, limit);
  return facts;
}

double measureBandwidth(int threads) {
  // Per thread three arrays of 32 MB, beyond any cache of one core's share.
  constexpr size_t kCount = size_t(8) << 20;
  std::vector<std::vector<float>> arrays(size_t(threads) * 3);
  timeThreads(threads, [&](int thread) { // first touched by the thread that uses it
    for (int i = 0; i < 3; ++i)
      arrays[size_t(thread * 3 + i)].assign(kCount, 1.0f);
  });
  double seconds = best(5, [&] {
    return timeThreads(threads, [&](int thread) {
      float *out = arrays[size_t(thread) * 3].data();
      const float *a = arrays[size_t(thread) * 3 + 1].data(), *b = arrays[size_t(thread) * 3 + 2].data();
      for (size_t i = 0; i < kCount; ++i)
        out[i] = a[i] + 3.0f * b[i];
      asm volatile("" : : "r"(out) : "memory"); // the stores are wanted
    });
  });
  return double(threads) * kCount * sizeof(float) * 3 / seconds;
}

double measureFlops(int threads) {
  constexpr int64_t kRounds = 4'000'000;
  volatile float sink = 0;
  double seconds = best(3, [&] {
    return timeThreads(threads, [&](int) { sink = multiplyAdd(kRounds, 0.5f); });
  });
  return 2.0 * threads * kRounds * kLanes * kChains / seconds;
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
