//===- MachineFile.cpp - Machines as files describe them --------===//
#include "support/Error.h"
#include "support/File.h"
#include "support/Machine.h"
#include <algorithm>
#include <toml++/toml.h>

namespace glyptic {
namespace {

/// "machines/h100.toml:12: what is wrong".
[[noreturn]] void fail(const std::string &file, const toml::source_region &where, const std::string &message) {
  const std::string line = where.begin ? ":" + std::to_string(where.begin.line) : "";
  throw Error(ErrorCode::Format, file + line + ": " + message);
}

/// One table of a file. What nobody has asked for when it ends is an error: a misspelt key must not be ignored.
class Section {
public:
  Section(const std::string &file, std::string name, const toml::table &table)
      : file(file), name(std::move(name)), table(table) {}

  std::string getText(const char *key) {
    const toml::node &node = get(key);
    const auto *text = node.as_string();
    if (!text || text->get().empty())
      fail(file, node.source(), describe(key) + " must be text");
    return text->get();
  }

  bool getFlag(const char *key) {
    if (!has(key))
      return false;
    const toml::node &node = get(key);
    if (!node.is_boolean())
      fail(file, node.source(), describe(key) + " must be true or false");
    return node.as_boolean()->get();
  }

  /// A positive number with its source: `[80e9, "sheet"]`.
  double getNumber(const char *key, double atMost = HUGE_VAL) {
    const toml::node &node = get(key);
    const toml::array *pair = node.as_array();
    const bool hasSource = pair && pair->size() == 2 && pair->get(0)->is_number() && pair->get(1)->is_string() &&
                           !pair->get(1)->as_string()->get().empty();
    if (!hasSource)
      fail(file, node.source(), describe(key) + " must be a number and where it is from: [80e9, \"data sheet\"]");
    const double value = *pair->get(0)->value<double>();
    if (!(value > 0) || !(value <= atMost) || std::isinf(value))
      fail(file, node.source(),
           describe(key) + " must be above 0" + (atMost == 1 ? ", and at most 1" : ", and not without end"));
    return value;
  }

  bool has(const char *key) const { return table.contains(key); }

  Section getSection(const char *key) {
    const toml::node &node = get(key);
    if (!node.is_table())
      fail(file, node.source(), describe(key) + " must be a table: [" + std::string(key) + "]");
    return Section(file, std::string(key) + ".", *node.as_table());
  }

  /// What programs reach of a peak.
  static double getReached(Section section) {
    const double reached = section.getNumber("peak") * section.getNumber("share", /*atMost=*/1);
    section.finish();
    return reached;
  }

  void finish() const {
    for (const auto &[key, node] : table)
      if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
        std::string list;
        for (const char *one : known)
          list += (list.empty() ? "" : ", ") + name + one;
        fail(file, key.source(), "there is no key " + quoteName(name + std::string(key.str())) + "; keys are " + list);
      }
  }

private:
  std::string describe(const char *key) const { return quoteName(name + key); }

  const toml::node &get(const char *key) {
    known.push_back(key);
    const toml::node *node = table.get(key);
    if (!node)
      fail(file, table.source(), describe(key) + " is missing");
    return *node;
  }

  const std::string &file;
  std::string name; ///< with the dot that ends it
  const toml::table &table;
  std::vector<const char *> known;
};

constexpr std::pair<const char *, Arithmetic> kArithmeticKeys[] = {
    {"fp32", Arithmetic::FP32}, {"tf32", Arithmetic::TF32}, {"fp16", Arithmetic::FP16}, {"fp64", Arithmetic::FP64}};

Machine read(const std::string &file, const toml::table &table, bool *isTypical = nullptr) {
  Section top(file, "", table);
  Machine machine;
  machine.origin = file;
  machine.name = top.getText("name");
  machine.architecture = top.getText("architecture");
  if (machine.architecture.rfind("sm_", 0) != 0)
    fail(file, table.get("architecture")->source(), "'architecture' must be that of a GPU, such as sm_90");
  top.getText("sheet");
  const bool typical = top.getFlag("default");
  if (isTypical)
    *isTypical = typical;
  machine.memoryBytes = static_cast<int64_t>(top.getNumber("memory", 1e18));
  machine.reservedBytes = static_cast<int64_t>(top.getNumber("reserve", double(machine.memoryBytes)));
  machine.watts = top.getNumber("power");
  // A library's kernels start as ours do, and threads are the GPU's own business.
  machine.kernelStart = machine.callStart = top.getNumber("launch");
  machine.threadStart = 0;
  machine.memoryBandwidth = machine.cacheBandwidth = Section::getReached(top.getSection("bandwidth"));
  for (auto [key, arithmetic] : kArithmeticKeys)
    // Before TF32 there was FP32.
    machine.flopsPerSecond[static_cast<size_t>(arithmetic)] =
        arithmetic == Arithmetic::TF32 && !top.has(key) ? machine.flopsPerSecond[static_cast<size_t>(Arithmetic::FP32)]
                                                        : Section::getReached(top.getSection(key));
  Section link = top.getSection("link");
  machine.linkBandwidth = link.getNumber("bandwidth");
  machine.linkLatency = link.getNumber("latency");
  link.finish();
  top.finish();
  return machine;
}

toml::table parse(const std::string &file, std::string_view text) {
  try {
    return toml::parse(text, file);
  } catch (const toml::parse_error &error) {
    fail(file, error.source(), std::string(error.description()));
  }
}

/// The files of machines/ are a part of the program, which so needs none of them where it is copied to.
struct File {
  const char *key, *text;
};
constexpr File kFiles[] = {
#include "machines.inc"
};

struct Known {
  std::vector<std::pair<std::string, Machine>> machines;
  std::vector<bool> isTypical;

  Known() {
    for (const File &file : kFiles) {
      const std::string name = "machines/" + std::string(file.key) + ".toml";
      bool typical = false;
      Machine machine = read(name, parse(name, file.text), &typical);
      machines.push_back({file.key, std::move(machine)});
      isTypical.push_back(typical);
    }
  }
};

const Known &getKnown() {
  static const Known known;
  return known;
}

} // namespace

const std::vector<std::pair<std::string, Machine>> &getKnownMachines() { return getKnown().machines; }

Machine findMachine(const std::string &nameOrFile) {
  std::string names;
  for (const auto &[key, machine] : getKnownMachines()) {
    if (key == nameOrFile)
      return machine;
    names += (names.empty() ? "" : ", ") + key;
  }
  const bool isFile = nameOrFile.find_first_of("/.") != std::string::npos;
  if (!isFile)
    throw Error("there is no machine " + quoteName(nameOrFile) + "; known are " + names +
                ", and any file in the form of machines/h100.toml");
  MappedFile file(nameOrFile);
  return read(nameOrFile, parse(nameOrFile, file.bytes()));
}

const Machine *findTypicalMachine(const std::string &architecture) {
  const Known &known = getKnown();
  for (size_t i = 0; i < known.machines.size(); ++i)
    if (known.isTypical[i] && known.machines[i].second.architecture == architecture)
      return &known.machines[i].second;
  return nullptr;
}

std::optional<Machine> chooseMachine(const std::string &nameOrFile, const std::vector<std::string> &architectures) {
  if (!nameOrFile.empty())
    return findMachine(nameOrFile);
  for (const std::string &architecture : architectures)
    if (const Machine *typical = findTypicalMachine(architecture))
      return *typical;
  return std::nullopt;
}

} // namespace glyptic
