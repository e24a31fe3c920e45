//===- Measurement.cpp - Times of a program's runs ------------------------===//
#include "tools/glyptic/Measurement.h"
#include "support/Error.h"
#include "support/Philox.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace glyptic::tool {
namespace {

size_t bytesOf(const glyptic_tensor &tensor, int64_t samples) {
  size_t bytes = sizeOf(DType(tensor.dtype));
  for (size_t i = 0; i < tensor.rank; ++i)
    bytes *= size_t(tensor.dims[i] * (tensor.batched[i] ? samples : 1));
  return bytes;
}

template <typename T> void fillIntegers(std::vector<std::byte> &bytes, int64_t low, int64_t high) {
  for (size_t i = 0; i < bytes.size() / sizeof(T); ++i) {
    T value = T(low + int64_t(philox({uint32_t(i), 0, 0, 0}, {1, 0})[0] % uint64_t(high - low)));
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
}

/// Numbers in [0, 1), which any loss takes; integers within the range that the program states, else zeros.
std::vector<std::byte> makeRandom(const glyptic_program *program, const glyptic_tensor &tensor, int64_t samples) {
  std::vector<std::byte> bytes(bytesOf(tensor, samples));
  if (DType(tensor.dtype) == DType::F32)
    for (size_t i = 0; i < bytes.size() / sizeof(float); ++i) {
      float value = float(philox({uint32_t(i), 0, 0, 0}, {0, 0})[0] >> 8) * 0x1p-24f;
      std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
    }
  const glyptic_range *ranges = nullptr;
  for (size_t n = glyptic_program_ranges(program, &ranges); n-- > 0;)
    if (std::strcmp(ranges[n].tensor, tensor.name) == 0) {
      if (DType(tensor.dtype) == DType::I64)
        fillIntegers<int64_t>(bytes, ranges[n].low, ranges[n].high);
      else if (DType(tensor.dtype) == DType::I32)
        fillIntegers<int32_t>(bytes, ranges[n].low, ranges[n].high);
    }
  return bytes;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

} // namespace

Feed::Feed(const ProgramHandle &program, const std::string &entry, const std::string &data, int64_t samples)
    : entry(entry) {
  std::vector<NpzArray> arrays = data.empty() ? std::vector<NpzArray>() : readNpz(data);
  const glyptic_tensor *inputs = nullptr;
  size_t count = glyptic_program_inputs(program.get(), entry.c_str(), &inputs);
  for (size_t i = 0; i < count; ++i) {
    Source &source = sources.emplace_back(Source{inputs[i].name, {}, bytesOf(inputs[i], samples)});
    if (data.empty()) {
      source.bytes = makeRandom(program.get(), inputs[i], samples);
      continue;
    }
    auto found =
        std::find_if(arrays.begin(), arrays.end(), [&](const NpzArray &array) { return array.name == source.name; });
    if (found == arrays.end())
      throw Error(data + ": has no array " + quoteName(source.name));
    if (found->type != DType(inputs[i].dtype) || found->bytes.size() < source.batchBytes)
      throw Error(data + ": array " + quoteName(source.name) + " is " + describe(found->type, found->shape) +
                  ", which is not " + std::to_string(samples) + " samples of " + nameOf(DType(inputs[i].dtype)));
    source.bytes = std::move(found->bytes);
  }
}

void Feed::next(glyptic_session *session) {
  for (const Source &source : sources) {
    size_t batches = source.batchBytes ? source.bytes.size() / source.batchBytes : 1;
    const std::byte *batch = source.bytes.data() + position % batches * source.batchBytes;
    glyptic::check(glyptic_session_set_input(session, entry.c_str(), source.name.c_str(), batch, source.batchBytes));
  }
  ++position;
}

Quantiles::Quantiles(std::vector<double> values) : sorted(std::move(values)) {
  std::sort(sorted.begin(), sorted.end());
}

double Quantiles::at(double fraction) const { return sorted[size_t(fraction * double(sorted.size() - 1) + 0.5)]; }

Measurement::Measurement(const ProgramHandle &program, const std::string &entry, Feed feed, int64_t samples,
                         int threads, const std::string &device, bool debugSync)
    : program(program), entry(entry), feed(std::move(feed)), samples(samples), device(device),
      session(openSession(program, threads, device, debugSync)) {
  const glyptic_tensor *outputs = nullptr;
  size_t count = glyptic_program_outputs(program.get(), entry.c_str(), &outputs);
  for (size_t i = count; i-- > 0;)
    if (outputs[i].rank == 0)
      scalarName = outputs[i].name;
}

void Measurement::run(glyptic_instruction_time *times) {
  feed.next(session.get());
  const glyptic_instruction *instructions = nullptr;
  if (times)
    glyptic::check(glyptic_session_profile(session.get(), entry.c_str(), samples, times,
                                           glyptic_program_instructions(program.get(), entry.c_str(), &instructions)));
  else
    startAndWait();
  if (!scalarName.empty())
    glyptic::check(glyptic_session_get_scalar(session.get(), scalarName.c_str(), &scalar));
}

void Measurement::startAndWait() {
  double start = now();
  glyptic::check(glyptic_session_start(session.get(), entry.c_str(), samples));
  queueing.push_back(now() - start);
  glyptic::check(glyptic_session_wait(session.get()));
}

double Measurement::queued() const {
  bool queues = std::string_view(glyptic_session_device(session.get())).substr(0, 4) == "cuda";
  return queues && !queueing.empty() ? Quantiles(queueing).median() : 0;
}

std::vector<double> Measurement::timeRuns(int64_t runs) {
  queueing.clear();
  std::vector<double> seconds;
  for (int64_t i = 0; i < runs; ++i) {
    double start = now();
    run(nullptr);
    seconds.push_back(now() - start);
  }
  return seconds;
}

Profile Measurement::profile(int64_t runs) {
  const glyptic_instruction *instructions = nullptr;
  size_t count = glyptic_program_instructions(program.get(), entry.c_str(), &instructions);
  std::vector<std::vector<glyptic_instruction_time>> times{size_t(runs), std::vector<glyptic_instruction_time>(count)};
  for (auto &one : times)
    run(one.data());
  auto median = [&](auto value) {
    std::vector<double> values;
    for (const auto &one : times)
      values.push_back(value(one));
    return Quantiles(std::move(values)).median();
  };
  auto sum = [&](bool library, auto value) {
    return median([&](const auto &one) {
      double total = 0;
      for (size_t i = 0; i < count; ++i)
        if ((instructions[i].action == GLYPTIC_LIBRARY_CALL) == library)
          total += value(one[i]);
      return total;
    });
  };
  Profile result;
  for (size_t i = 0; i < count; ++i)
    result.instructions.push_back({median([&](const auto &one) { return one[i].total; }),
                                   median([&](const auto &one) { return one[i].busy; }),
                                   median([&](const auto &one) { return one[i].longest; })});
  result.library = sum(true, [](const glyptic_instruction_time &time) { return time.total; });
  result.kernels = sum(false, [](const glyptic_instruction_time &time) { return time.busy; });
  result.waiting = sum(false, [](const glyptic_instruction_time &time) { return time.longest - time.busy; });
  result.alone.resize(count);
  constexpr int kRepeats = 5;
  glyptic::check(glyptic_program_time_library_calls(program.get(), entry.c_str(), samples, device.c_str(),
                                                    glyptic_session_threads(session.get()), kRepeats,
                                                    result.alone.data(), count));
  for (double seconds : result.alone)
    result.libraryAlone += seconds;
  return result;
}

} // namespace glyptic::tool
