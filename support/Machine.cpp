//===- Machine.cpp - The machine that a program will run on -----===//
#include "support/Machine.h"
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>
#include <unistd.h>
#include <vector>

namespace glyptic {

int64_t getMemoryLimit() {
  int64_t limit = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  int64_t group = 0; // "max" does not parse, and counts as no limit
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> group && group > 0)
    limit = std::min(limit, group);
  return limit;
}

namespace {

/// 16 floats; the compiler splits it where registers are narrower.
using Vector = float __attribute__((vector_size(64)));

#if defined(__x86_64__) && defined(__clang__)
#define GLYPTIC_WIDEST __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define GLYPTIC_WIDEST __attribute__((noinline))
#endif

constexpr int kChains = 12; // independent sums, to cover the latency of two multiply-add units

GLYPTIC_WIDEST float multiplyAdd(int64_t rounds) {
  Vector sums[kChains] = {}, factor = Vector{} + 0.999f, addend = Vector{} + 0.001f;
  for (int64_t round = 0; round < rounds; ++round)
#pragma GCC unroll 12
    for (int chain = 0; chain < kChains; ++chain)
      sums[chain] = sums[chain] * factor + addend;
  Vector total = {};
  for (Vector sum : sums)
    total += sum;
  return total[0];
}

GLYPTIC_WIDEST void scale(float *target, const float *source, int64_t count, float factor) {
  for (int64_t i = 0; i < count; ++i)
    target[i] = source[i] * factor;
}

/// Units of work per second when every thread repeats `body`, which returns the units it did, for `seconds`.
double getRateOnce(int threads, double seconds, const std::function<double(int)> &body) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> rates(threads);
  auto run = [&](int thread) {
    double done = 0, elapsed = 0;
    auto start = Clock::now();
    do {
      done += body(thread);
      elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    } while (elapsed < seconds);
    rates[thread] = done / elapsed;
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread)
    others.emplace_back(run, thread);
  run(0);
  for (std::thread &other : others)
    other.join();
  double total = 0;
  for (double rate : rates)
    total += rate;
  return total;
}

/// The best of a few: others can only slow one down.
double getRate(int threads, const std::function<double(int)> &body) {
  double best = 0;
  for (int i = 0; i < 4; ++i)
    best = std::max(best, getRateOnce(threads, 0.003, body));
  return best;
}

double measureFlops(int threads) {
  volatile float sink = 0;
  return getRate(threads, [&](int) {
    constexpr int64_t kRounds = 20000;
    sink = multiplyAdd(kRounds);
    return 2.0 * 16 * kChains * kRounds;
  });
}

/// With `bytes` of data for each thread.
double measureBandwidth(int threads, int64_t bytes) {
  const int64_t count = bytes / 2 / sizeof(float);
  std::vector<std::vector<float>> data(threads);
  for (auto &part : data)
    part.assign(2 * count, 1.0f);
  return getRate(threads, [&](int thread) {
    scale(data[thread].data(), data[thread].data() + count, count, 0.999f);
    return static_cast<double>(bytes);
  });
}

std::string getProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0)
      return line.substr(std::min(line.size(), line.find(": ") + 2));
  return "unknown processor";
}

bool load(Machine &machine, const std::string &path) {
  auto json = nlohmann::json::parse(std::ifstream(path), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("name", "") != machine.name)
    return false;
  for (auto [key, field] : {std::pair("flops_per_second", &machine.flopsPerSecond[0]),
                            {"cache_bandwidth", &machine.cacheBandwidth},
                            {"memory_bandwidth", &machine.memoryBandwidth}}) {
    if (!json.contains(key) || !json[key].is_number() || json[key].get<double>() <= 0)
      return false;
    *field = json[key].get<double>();
  }
  return true;
}

/// Appears by rename, as several processes may measure at once. Failing costs the next process its measurement only.
void save(const Machine &machine, const std::string &path) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  const std::string temporary = path + "." + std::to_string(getpid());
  std::ofstream(temporary) << nlohmann::json{{"name", machine.name},
                                             {"flops_per_second", machine.flopsPerSecond[0]},
                                             {"cache_bandwidth", machine.cacheBandwidth},
                                             {"memory_bandwidth", machine.memoryBandwidth}}
                                  .dump(2)
                           << '\n';
  std::filesystem::rename(temporary, path, error);
}

} // namespace

Machine Machine::measure(int threads, const std::string &cacheFolder) {
  Machine machine;
  machine.name = getProcessorName();
  machine.architecture = "cpu";
  machine.origin = "measured";
  machine.memoryBytes = getMemoryLimit();
  machine.threads = threads;
  machine.cacheBytes = threads * std::max<int64_t>(sysconf(_SC_LEVEL2_CACHE_SIZE), 1 << 18);
  const std::string path = cacheFolder + "/machine-" + std::to_string(threads) + ".json";
  if (cacheFolder.empty() || !load(machine, path)) {
    machine.flopsPerSecond[0] = measureFlops(threads);
    machine.cacheBandwidth = measureBandwidth(threads, 256 << 10);
    machine.memoryBandwidth = measureBandwidth(threads, (128 << 20) / threads);
    if (!cacheFolder.empty())
      save(machine, path);
  }
  // FP32 alone is measured, which is what programs compute in; FP64 has half as many lanes.
  const double fp32 = machine.flopsPerSecond[0];
  machine.flopsPerSecond = {fp32, fp32, fp32, fp32 / 2};
  return machine;
}

Arithmetic getArithmetic(DType operands) {
  return operands == DType::F64                               ? Arithmetic::FP64
         : operands == DType::F16 || operands == DType::BF16 ? Arithmetic::FP16
                                                              : Arithmetic::FP32;
}

Cost &Cost::operator+=(const Cost &other) {
  arithmetic += other.arithmetic;
  traffic += other.traffic;
  start += other.start;
  return *this;
}

Cost Machine::predict(Work work, Arithmetic arithmetic, double flops, double bytes) const {
  const double bandwidth = bytes <= static_cast<double>(cacheBytes) ? cacheBandwidth : memoryBandwidth;
  const double compute = flops / flopsPerSecond[static_cast<size_t>(arithmetic)], move = bytes / bandwidth;
  double shared = std::max(compute, move), alone = shared * threads;
  Cost cost;
  cost.start = work == Work::LibraryCall ? callStart : kernelStart;
  if (alone > shared + threadStart)
    cost.start += threadStart;
  else
    shared = alone;
  (compute > move ? cost.arithmetic : cost.traffic) = shared;
  return cost;
}

} // namespace glyptic
