//===- CompareMachines.cpp - How a model would do on known GPUs -===//
//
// Plans the program once, as for a GPU, and asks the bill for each machine: whether it fits, how long it takes and what
// of, and the largest batch that fits. No machine code is made, so none of the GPUs need be there.
//
//===----------------------------------------------------------------------===//
#include "compiler/Pipeline/CompareMachines.h"
#include "compiler/Pipeline/Compilation.h"
#include "compiler/Program.h"
#include "support/glyph/Glyph.h"
#include "llvm/ADT/STLExtras.h"
#include <map>
#include <nlohmann/json.hpp>

using namespace mlir;

namespace glyptic {
namespace {

using Json = nlohmann::ordered_json;
using Named = std::pair<std::string, Machine>;

/// The batch that a model fixes, or 0 where it takes any.
int64_t findFixedBatch(plan::ProgramOp program) {
  int64_t batch = 0;
  for (auto entry : program.getBody().getOps<plan::EntryOp>())
    for (auto input : entry.getBody().getOps<plan::InputOp>()) {
      auto type = cast<RankedTensorType>(input.getTensor());
      if (!type.hasStaticShape())
        return 0;
      if (batch == 0 && type.getRank() > 0)
        batch = type.getDimSize(0);
    }
  return batch;
}

constexpr int64_t kLimit = int64_t(glyph::kMaxBatch);

class Comparison {
public:
  Comparison(const std::string &model, const CompileOptions &options, bool allowsTf32)
      : options(options), allowsTf32(allowsTf32), compilation(model, options, "", report),
        result({{"model", model}}) {}

  Outcome run(const std::vector<Named> &machines) {
    if (Outcome outcome = compilation.run(); !outcome)
      return outcome;
    OwningOpRef<ModuleOp> plan;
    if (Outcome outcome = compilation.planAt(options.maxBatch, plan); !outcome)
      return outcome;
    program = getPlan(*plan);
    fixedBatch = findFixedBatch(program);
    bytesAt[options.maxBatch] = planning::makeBill(program).total;
    describeProgram();
    for (const auto &[key, machine] : machines)
      if (Outcome outcome = addMachine(key, machine); !outcome)
        return outcome;
    return {};
  }

  std::string getJson() const { return result.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

private:
  int64_t getMicrobatches() const { return options.training ? options.training->accumulate : 1; }
  int64_t getSamples() const { return (fixedBatch ? fixedBatch : options.maxBatch) * getMicrobatches(); }

  /// What one update, or one inference, sums up to: `field` of each entry that it runs, as often as it does.
  template <typename Value> Value addUp(const planning::Bill &bill, Value (*field)(const planning::EntryBill &)) const {
    Value sum{};
    for (const planning::EntryBill &entry : bill.entries) {
      const StringRef name = entry.name;
      const StringRef whole = getMicrobatches() == 1 ? entry::Step : entry::Apply;
      if (name == (options.training ? whole : StringRef(entry::Infer)))
        sum += field(entry);
      else if (options.training && getMicrobatches() > 1 && name == entry::Grad)
        sum += static_cast<double>(getMicrobatches()) * field(entry);
    }
    return sum;
  }

  void describeProgram() {
    const planning::Bill bill = planning::makeBill(program);
    auto count = [&](double (*field)(const planning::EntryBill &)) { return addUp<double>(bill, field); };
    result["training"] = bool(options.training);
    result["batch"] = getSamples();
    result["microbatches"] = getMicrobatches();
    result["fixed_batch"] = fixedBatch > 0;
    result["arithmetic"] = allowsTf32 ? "tf32" : "fp32";
    result["memory"] = bill.total;
    result["flops"] = count([](const planning::EntryBill &entry) { return entry.flops; });
    result["bytes"] = count([](const planning::EntryBill &entry) { return entry.bytes; });
    result["instructions"] = count([](const planning::EntryBill &entry) {
      return static_cast<double>(entry.kernels + entry.libraryCalls + entry.copies);
    });
    result["remarks"] = report.remarks;
    result["devices"] = Json::array();
  }

  Outcome addMachine(const std::string &key, const Machine &machine) {
    const planning::Bill bill = planning::makeBill(program, machine, allowsTf32);
    const Cost cost = addUp<Cost>(bill, [](const planning::EntryBill &entry) { return *entry.cost; });
    const double seconds = cost.seconds();
    Json json = {{"machine", key},
                 {"name", machine.name},
                 {"architecture", machine.architecture},
                 {"origin", machine.origin},
                 {"memory", machine.memoryBytes},
                 {"reserved", machine.reservedBytes},
                 {"watts", machine.watts},
                 {"fits", machine.fits(bill.total)},
                 {"predicted_seconds", seconds},
                 {"predicted", {{"arithmetic", cost.arithmetic}, {"traffic", cost.traffic}, {"start", cost.start}}},
                 {"samples_per_second", seconds > 0 ? static_cast<double>(getSamples()) / seconds : 0},
                 {"joules_per_1000_samples", machine.watts * seconds * 1000 / static_cast<double>(getSamples())}};
    if (!fixedBatch) {
      int64_t largest = 0;
      if (Outcome outcome = findLargestBatch(machine, largest); !outcome)
        return outcome;
      // All that the microbatches of an update may have; one whose size is no multiple of it takes a smaller last one.
      json["largest_batch"] = std::min(largest, kLimit / getMicrobatches()) * getMicrobatches();
    }
    result["devices"].push_back(std::move(json));
    return {};
  }

  /// Memory of the program for batches of up to `batch`; each is planned once.
  Outcome getBytesAt(int64_t batch, int64_t &bytes) {
    auto [known, isNew] = bytesAt.try_emplace(batch, 0);
    if (isNew) {
      OwningOpRef<ModuleOp> plan;
      if (Outcome outcome = compilation.planAt(batch, plan); !outcome)
        return outcome;
      for (int64_t arena : getPlan(*plan).getArenas())
        known->second += arena;
    }
    bytes = known->second;
    return {};
  }

  /// Memory grows with the batch all but evenly, so a line through what is known leads to the limit in a few plans,
  /// which serve all machines; the middle is taken now and then, for where it does not.
  Outcome findLargestBatch(const Machine &machine, int64_t &fits) {
    const int64_t room = machine.memoryBytes - machine.reservedBytes, second = std::max<int64_t>(2, options.maxBatch);
    int64_t one = 0, more = 0;
    for (auto [batch, bytes] : {std::pair(int64_t(1), &one), {second, &more}})
      if (Outcome outcome = getBytesAt(batch, *bytes); !outcome)
        return outcome;
    double slope = static_cast<double>(more - one) / static_cast<double>(second - 1);
    int64_t fitting = 0, tooLarge = kLimit + 1, excess = 0;
    for (auto [batch, bytes] : bytesAt) {
      if (bytes > room) {
        tooLarge = batch;
        excess = bytes;
        break;
      }
      fits = batch;
      fitting = bytes;
    }
    for (int round = 1; tooLarge - fits > 1; ++round) {
      if (excess > 0)
        slope = static_cast<double>(excess - fitting) / static_cast<double>(tooLarge - fits);
      const double step = slope > 0 ? std::min(static_cast<double>(room - fitting) / slope, double(kLimit)) : kLimit;
      int64_t guess = fits + (round % 8 == 0 ? (tooLarge - fits) / 2 : static_cast<int64_t>(step)), bytes = 0;
      guess = std::clamp(guess, fits + 1, tooLarge - 1);
      if (Outcome outcome = getBytesAt(guess, bytes); !outcome)
        return outcome;
      (bytes <= room ? fits : tooLarge) = guess;
      (bytes <= room ? fitting : excess) = bytes;
    }
    return {};
  }

  const CompileOptions &options;
  const bool allowsTf32;
  CompileReport report;
  Compilation compilation;
  plan::ProgramOp program;
  int64_t fixedBatch = 0;
  std::map<int64_t, int64_t> bytesAt; ///< by batch
  Json result;
};

} // namespace

Outcome compareMachines(const std::string &model, CompileOptions options, const std::vector<std::string> &machines,
                        bool allowsTf32, std::string &json) {
  std::vector<Named> compared;
  for (const std::string &name : machines)
    compared.push_back({name, findMachine(name)});
  if (compared.empty())
    compared = getKnownMachines();
  // Instructions are the same for all, and so is memory but for the workspace of libraries, of which sm_90 has most.
  options.targets = {"cuda:sm_90"};
  options.stopAfter = "kernels";
  options.machine.clear();
  Comparison comparison(model, options, allowsTf32);
  Outcome outcome = comparison.run(compared);
  json = comparison.getJson();
  return outcome;
}

} // namespace glyptic
