//===- BillText.cpp - The bill for people and for scripts -------===//
#include "compiler/Planning/Bill.h"
#include "compiler/Planning/Units.h"
#include "llvm/Support/FormatVariadic.h"
#include <nlohmann/json.hpp>

namespace glyptic::planning {

static constexpr size_t kColumns = 80;

/// Breaks after commas and spaces; further lines are indented.
static std::string wrap(llvm::StringRef text) {
  std::string result;
  size_t column = 0;
  while (!text.empty()) {
    size_t end = text.find_first_of(", ");
    llvm::StringRef word = text.take_front(end == llvm::StringRef::npos ? text.size() : end + 1);
    if (column + word.rtrim().size() > kColumns) {
      result += "\n  ";
      column = 2;
    }
    result += word.str();
    column += word.size();
    text = text.drop_front(word.size());
  }
  return result + "\n";
}

static void writeMemory(llvm::raw_ostream &out, const Bill &bill) {
  out << "\nMemory\n";
  auto line = [&](llvm::StringRef what, int64_t bytes, llvm::StringRef note = "") {
    if (bytes > 0)
      out << llvm::formatv("  {0,-44}{1,10}{2}\n", what, formatBytes(bytes), note);
  };
  line("parameters", bill.parameters);
  line("frozen weights and statistics", bill.buffers);
  line("optimizer slots", bill.slots);
  line("counters", bill.counters);
  line("gradients and other sums", bill.accumulators);
  line("constants", bill.constants);
  line("weights again, as the library reads them", bill.packed);
  line("activations and other work memory", bill.work);
  line("  of which inputs", bill.inputs);
  line("  of which workspace of libraries", bill.workspace);
  line("total", bill.total);
  line("total without computing activations again", bill.unlimited);
  if (bill.machine)
    line("beside it, for driver and libraries", bill.machine->reservedBytes);
}

static void writeEntries(llvm::raw_ostream &out, const Bill &bill) {
  auto row = [&](auto &&...cells) {
    out << llvm::formatv("{0,-10}{1,8}{2,8}{3,7}{4,9}{5,10}{6,10}{7,9}{8,9}\n", cells...);
  };
  out << "\n";
  row("Entry", "kernels", "library", "copies", "FLOPs", "traffic", "work", "at least", bill.machine ? "time" : "");
  for (const EntryBill &entry : bill.entries)
    row(entry.name, entry.kernels, entry.libraryCalls, entry.copies, formatCount(entry.flops), formatBytes(entry.bytes),
        formatBytes(entry.work), formatBytes(entry.lowerBound), entry.cost ? formatSeconds(entry.cost->seconds()) : "");
}

/// At most `size` bytes: the beginning, and an ellipsis where something is missing. Never ends within a character.
static std::string shorten(llvm::StringRef text, size_t size) {
  if (text.size() <= size)
    return text.str();
  size -= 3;
  while (size > 0 && (text[size] & 0xC0) == 0x80)
    --size;
  return (text.take_front(size) + "...").str();
}

/// The entry with the most traffic: the step, where there is one.
static std::vector<EntryBill>::const_iterator getHeaviest(const Bill &bill) {
  return llvm::max_element(bill.entries, [](auto &a, auto &b) { return a.bytes < b.bytes; });
}

static void writeHeaviest(llvm::raw_ostream &out, const Bill &bill) {
  const auto entry = getHeaviest(bill);
  if (entry == bill.entries.end() || entry->heaviest.empty())
    return;
  auto row = [&](auto &&...cells) { out << llvm::formatv("{0,-51}{1,9}{2,10}{3,9}\n", cells...); };
  out << "\n";
  row("Heaviest nodes of " + entry->name, "FLOPs", "traffic", bill.machine ? "time" : "");
  for (const NodeBill &nodes : entry->heaviest)
    row(shorten(nodes.nodes, 50), formatCount(nodes.flops), formatBytes(nodes.bytes),
        bill.machine ? formatSeconds(nodes.cost.seconds()) : "");
}

/// Why, and of which nodes; there may be hundreds.
static void writeFallbacks(llvm::raw_ostream &out, const Bill &bill) {
  constexpr size_t kMaxNodes = 4;
  if (!bill.fallbacks.empty())
    out << "\nNot done by a library\n";
  for (const Fallback &fallback : bill.fallbacks) {
    llvm::ArrayRef<std::string> nodes = fallback.nodes;
    std::string text = "  " + fallback.reason + ": " + llvm::join(nodes.take_front(kMaxNodes), ", ");
    if (nodes.size() > kMaxNodes)
      text += llvm::formatv(" and {0} more", nodes.size() - kMaxNodes);
    out << wrap(text);
  }
}

/// `formatv` cells keep trailing spaces in a last empty column.
static std::string trimLines(llvm::StringRef text) {
  std::string result;
  llvm::SmallVector<llvm::StringRef> lines;
  text.split(lines, '\n');
  for (llvm::StringRef line : llvm::ArrayRef(lines).drop_back())
    result += line.rtrim().str() + "\n";
  return result;
}

/// Where predicted times come from, and what they go to.
static std::string describeTime(const Bill &bill) {
  const Machine &machine = *bill.machine;
  const std::string flops = formatCount(machine.flopsPerSecond[static_cast<size_t>(Arithmetic::FP32)]);
  std::string text;
  llvm::raw_string_ostream out(text);
  if (machine.architecture == "cpu")
    out << llvm::formatv("Time is a roofline of this machine: {0}FLOP/s, {1}/s within {2} of cache, {3}/s beyond, as "
                         "measured on {4} thread{5} of {6}; plus what it takes to start kernels, calls and threads.",
                         flops, formatBytes(machine.cacheBandwidth), formatBytes(machine.cacheBytes),
                         formatBytes(machine.memoryBandwidth), machine.threads, machine.threads == 1 ? "" : "s",
                         machine.name);
  else
    out << llvm::formatv("Time is a roofline of {0} ({1}, {2}): {3}FLOP/s in FP32 and {4}/s reached, {5} to start an "
                         "instruction. Predicted, not measured.",
                         machine.name, machine.architecture, machine.origin, flops,
                         formatBytes(machine.memoryBandwidth), formatSeconds(machine.kernelStart));
  const auto entry = getHeaviest(bill);
  if (entry == bill.entries.end() || !(entry->cost->seconds() > 0))
    return text;
  auto percent = [&](double part) { return llvm::formatv("{0:F0} %", 100 * part / entry->cost->seconds()).str(); };
  out << llvm::formatv(" Of {0}, {1} is arithmetic, {2} memory traffic and {3} starting.", entry->name,
                       percent(entry->cost->arithmetic), percent(entry->cost->traffic), percent(entry->cost->start));
  return text;
}

std::string toText(const Bill &bill) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << wrap(llvm::formatv("Batches of up to {0}, {1} thread{2}, for {3}", bill.maxBatch, bill.threads,
                            bill.threads == 1 ? "" : "s", bill.target)
                  .str());
  writeMemory(out, bill);
  writeEntries(out, bill);
  writeHeaviest(out, bill);
  writeFallbacks(out, bill);
  out << "\n"
      << wrap("Per run with the largest batch. Traffic counts what each kernel and call reads and writes; work is the "
              "memory planned between them, and no plan could do with less than the column beside it.");
  if (bill.machine)
    out << wrap(describeTime(bill));
  return trimLines(text);
}

std::string toJson(const Bill &bill) {
  using Json = nlohmann::ordered_json;
  Json json = {{"target", bill.target}, {"threads", bill.threads}, {"max_batch", bill.maxBatch}};
  json["memory"] = {{"parameters", bill.parameters},     {"buffers", bill.buffers}, {"slots", bill.slots},
                    {"counters", bill.counters},         {"accumulators", bill.accumulators},
                    {"constants", bill.constants},       {"packed", bill.packed},   {"work", bill.work},
                    {"inputs", bill.inputs},             {"workspace", bill.workspace}, {"total", bill.total}};
  if (bill.unlimited)
    json["memory"]["total_without_recomputation"] = bill.unlimited;
  for (const EntryBill &entry : bill.entries) {
    Json &item = json["entries"][entry.name];
    item = {{"kernels", entry.kernels}, {"library_calls", entry.libraryCalls}, {"copies", entry.copies},
            {"flops", entry.flops},     {"bytes", entry.bytes},                {"work", entry.work},
            {"work_lower_bound", entry.lowerBound}};
    if (entry.cost) {
      item["predicted_seconds"] = entry.cost->seconds();
      item["predicted"] = {{"arithmetic", entry.cost->arithmetic},
                           {"traffic", entry.cost->traffic},
                           {"start", entry.cost->start}};
    }
    item["heaviest"] = Json::array();
    for (const NodeBill &nodes : entry.heaviest) {
      item["heaviest"].push_back({{"nodes", nodes.nodes}, {"flops", nodes.flops}, {"bytes", nodes.bytes}});
      if (entry.cost)
        item["heaviest"].back()["predicted_seconds"] = nodes.cost.seconds();
    }
  }
  if (const auto &machine = bill.machine)
    json["machine"] = {{"name", machine->name},
                       {"architecture", machine->architecture},
                       {"origin", machine->origin},
                       {"threads", machine->threads},
                       {"memory", machine->memoryBytes},
                       {"reserved", machine->reservedBytes},
                       {"flops_per_second", machine->flopsPerSecond[static_cast<size_t>(Arithmetic::FP32)]},
                       {"cache_bandwidth", machine->cacheBandwidth},
                       {"memory_bandwidth", machine->memoryBandwidth},
                       {"cache_bytes", machine->cacheBytes}};
  for (const Fallback &fallback : bill.fallbacks)
    json["fallbacks"].push_back({{"reason", fallback.reason}, {"nodes", fallback.nodes}});
  // Names come from models: what is not UTF-8 must not throw.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace glyptic::planning
