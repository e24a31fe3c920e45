//===- Inspect.cpp - glyptic inspect --------------------------------------===//
#include "support/Cubin.h"
#include "support/DataType.h"
#include "support/File.h"
#include "support/Zip.h"
#include "support/glyph/Glyph.h"
#include "tools/glyptic/Machine.h"
#include "tools/glyptic/Model.h"
#include "tools/glyptic/Terminal.h"
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/commands/Commands.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace glyptic::tool {
namespace {

using Json = nlohmann::ordered_json;

std::string textOf(const flatbuffers::String *text) { return text ? text->str() : ""; }

Json shapeOf(const glyph::Tensor &tensor) {
  Json shape = Json::array();
  if (tensor.dims())
    for (const glyph::Dim *dim : *tensor.dims())
      shape.push_back(!dim->batched()       ? Json(dim->scale())
                      : dim->scale() == 1 ? Json("N")
                                          : Json(std::to_string(dim->scale()) + "*N"));
  return shape;
}

Json describe(const glyph::Tensor &tensor) {
  return {{"name", tensor.name()->str()},
          {"role", textOf(tensor.role())},
          {"type", nameOf(tensor.dtype())},
          {"shape", shapeOf(tensor)}};
}

template <typename Tensors> Json describeAll(const Tensors *tensors) {
  Json list = Json::array();
  if (tensors)
    for (const glyph::Tensor *tensor : *tensors)
      list.push_back(describe(*tensor));
  return list;
}

/// A size of the largest batch.
uint64_t at(const glyph::Size *size, uint64_t batch) { return size->constant() + size->per_batch() * batch; }

/// As the bill of the compiler predicts it.
Cost predict(const glyph::Instruction &instruction, uint64_t batch, const Machine &machine) {
  Work work = instruction.action_as_Launch() ? Work::Kernel : Work::Copy;
  Arithmetic arithmetic = Arithmetic::FP32;
  if (const auto *call = instruction.action_as_LibraryCall()) {
    work = Work::LibraryCall;
    if (call->operands() && call->operands()->size())
      arithmetic = getArithmetic(call->operands()->Get(0)->dtype());
  }
  return machine.predict(work, arithmetic, double(at(instruction.flops(), batch)),
                         double(at(instruction.bytes(), batch)));
}

Json describe(const glyph::Instruction &instruction, uint64_t batch, const std::optional<Machine> &machine) {
  Json object;
  if (const auto *launch = instruction.action_as_Launch())
    object = {{"kind", "kernel"}, {"name", launch->symbol()->str()}};
  else if (const auto *call = instruction.action_as_LibraryCall())
    object = {{"kind", "library call"},
              {"name", call->routine()->str()},
              {"workspace", call->workspace() ? at(&call->workspace()->size(), batch) : 0}};
  else
    object = {{"kind", "copy"}, {"name", "copy"}};
  object["nodes"] = textOf(instruction.label());
  object["flops"] = at(instruction.flops(), batch);
  object["bytes"] = at(instruction.bytes(), batch);
  if (machine)
    object["predicted_seconds"] = predict(instruction, batch, *machine).seconds();
  if (const auto *apart = instruction.apart())
    for (const glyph::Boundary *boundary : *apart)
      object["apart"].push_back({{"producer", boundary->producer()},
                                 {"bytes", at(boundary->bytes(), batch)},
                                 {"reason", boundary->reason()->str()}});
  return object;
}

Json describe(const glyph::Entry &entry, uint64_t batch, const std::optional<Machine> &machine) {
  Json instructions = Json::array();
  Cost cost;
  if (entry.instructions())
    for (const glyph::Instruction *instruction : *entry.instructions()) {
      instructions.push_back(describe(*instruction, batch, machine));
      cost += machine ? predict(*instruction, batch, *machine) : Cost();
    }
  Json json = {{"name", entry.name()->str()},
               {"inputs", describeAll(entry.inputs())},
               {"outputs", describeAll(entry.outputs())},
               {"instructions", std::move(instructions)}};
  if (machine) {
    json["predicted_seconds"] = cost.seconds();
    json["predicted"] = {{"arithmetic", cost.arithmetic}, {"traffic", cost.traffic}, {"start", cost.start}};
  }
  return json;
}

Json describe(const glyph::Program &program, const std::string &machineName) {
  const std::optional<Machine> machine = findMachineFor(program.target()->str(), machineName);
  uint64_t batch = program.max_batch();
  Json json = {{"target", program.target()->str()}, {"threads", program.threads()}, {"max_batch", batch}};
  json["arenas"] = Json::object();
  if (const auto *sizes = program.arena_sizes())
    for (unsigned i = 0; i < sizes->size() && i <= unsigned(glyph::Arena::MAX); ++i)
      json["arenas"][glyph::EnumNameArena(glyph::Arena(i))] = sizes->Get(i);
  json["state"] = Json::array();
  if (program.state())
    for (const glyph::StateEntry *entry : *program.state())
      json["state"].push_back(describe(*entry->tensor()));
  json["entries"] = Json::array();
  if (program.entries())
    for (const glyph::Entry *entry : *program.entries())
      json["entries"].push_back(describe(*entry, batch, machine));
  if (machine)
    json["machine"] = machine->name;
  json["options"] = Json::parse(textOf(program.options()), nullptr, /*allow_exceptions=*/false);
  if (json["options"].is_discarded())
    json["options"] = nullptr;
  json["bill"] = textOf(program.bill());
  return json;
}

std::string shapeText(const Json &tensor) {
  std::string text = tensor["type"].get<std::string>() + " [";
  for (const Json &extent : tensor["shape"])
    text += (text.back() == '[' ? "" : ", ") + (extent.is_string() ? extent.get<std::string>() : extent.dump());
  return text + "]";
}

std::string list(const Json &tensors) {
  std::string text;
  for (const Json &tensor : tensors)
    text += (text.empty() ? "" : ", ") + tensor["name"].get<std::string>() + " " + shapeText(tensor);
  return text.empty() ? "nothing" : text;
}

std::string number(const Json &value) { return countText(double(value.get<uint64_t>())); }

std::string nameWithWorkspace(const Json &instruction) {
  uint64_t workspace = instruction.value("workspace", uint64_t(0));
  std::string name = instruction["name"];
  return workspace ? name + ", " + bytesText(workspace) + " workspace" : name;
}

/// What kept kernels from being one with those that they read from, the most bytes first.
std::string renderBoundaries(const Json &instructions) {
  struct Boundary {
    uint64_t bytes;
    std::vector<std::string> row;
  };
  std::vector<Boundary> boundaries;
  for (size_t consumer = 0; consumer < instructions.size(); ++consumer)
    for (const Json &each : instructions[consumer].value("apart", Json::array()))
      boundaries.push_back({each["bytes"],
                            {std::to_string(consumer + 1), std::to_string(each["producer"].get<uint64_t>() + 1),
                             number(each["bytes"]), each["reason"]}});
  if (boundaries.empty())
    return "";
  std::stable_sort(boundaries.begin(), boundaries.end(),
                   [](const Boundary &a, const Boundary &b) { return a.bytes > b.bytes; });
  std::vector<std::vector<std::string>> rows = {{"", "reads from", "bytes", "and is no part of it because"}};
  for (Boundary &boundary : boundaries)
    rows.push_back(std::move(boundary.row));
  return table(rows);
}

std::string render(const Json &json) {
  std::string text = facts({{"target", json["target"].get<std::string>() + ", " + json["threads"].dump() + " threads"},
                            {"largest batch", json["max_batch"].dump() + " samples"}});
  for (const Json &entry : json["entries"]) {
    text += "\n" + bold(entry["name"].get<std::string>()) + "  " + list(entry["inputs"]) + " -> " +
            list(entry["outputs"]) + "\n";
    const bool isPredicted = entry.contains("predicted_seconds");
    std::vector<std::vector<std::string>> rows = {{"", "kind", "name", "FLOP", "bytes"}};
    if (isPredicted)
      rows[0].push_back("predicted");
    rows[0].push_back("nodes");
    for (const Json &instruction : entry["instructions"]) {
      rows.push_back({std::to_string(rows.size()), instruction["kind"], nameWithWorkspace(instruction),
                      number(instruction["flops"]), number(instruction["bytes"])});
      if (isPredicted)
        rows.back().push_back(durationText(instruction["predicted_seconds"]));
      rows.back().push_back(instruction["nodes"]);
    }
    text += table(rows) + renderBoundaries(entry["instructions"]);
    if (isPredicted)
      text += "  predicted for batches of " + json["max_batch"].dump() + " on " + json["machine"].get<std::string>() +
              ": " + durationText(entry["predicted_seconds"]) + "\n";
  }
  std::vector<std::vector<std::string>> rows = {{"state", "role", "shape"}};
  for (const Json &tensor : json["state"])
    rows.push_back({tensor["name"], tensor["role"], shapeText(tensor)});
  text += "\n" + table(rows);
  rows = {{"arena", "size"}};
  for (const auto &[name, size] : json["arenas"].items())
    rows.push_back({name, bytesText(size)});
  text += "\n" + table(rows);
  if (!json["gpu_kernels"].empty()) {
    rows = {{"kernel", "for", "registers", "shared memory", "local memory"}};
    for (const Json &kernel : json["gpu_kernels"])
      rows.push_back({kernel["name"], kernel["architecture"], kernel["registers"].dump(),
                      bytesText(kernel["shared_bytes"]), bytesText(kernel["local_bytes"])});
    text += "\n" + table(rows);
  }
  return text + "\n" + json["bill"].get<std::string>() + "\n";
}

/// What kernels take of a GPU, for each architecture that the glyph has machine code for.
Json describeGpuCode(const ZipReader &archive) {
  Json list = Json::array();
  const std::string prefix = glyph::kCudaCodePrefix, suffix = glyph::kCubinSuffix;
  for (const ZipEntry &entry : archive.entries()) {
    if (entry.name.rfind(prefix, 0) != 0 || entry.name.size() < prefix.size() + suffix.size() ||
        entry.name.substr(entry.name.size() - suffix.size()) != suffix)
      continue;
    std::string architecture = entry.name.substr(prefix.size(), entry.name.find('-') - prefix.size());
    for (const CubinKernel &kernel : withSubject(entry.name, [&] { return readCubin(ZipReader::stored(entry)); }))
      list.push_back({{"name", kernel.name},
                      {"architecture", architecture},
                      {"registers", kernel.registers},
                      {"shared_bytes", kernel.sharedBytes},
                      {"local_bytes", kernel.localBytes}});
  }
  return list;
}

/// The program part of a glyph, its structure checked, and that every entry is what was written.
std::vector<std::byte> readProgram(const ZipReader &archive) {
  const ZipEntry *entry = archive.find(glyph::kProgramEntry);
  if (!entry)
    throw Error(ErrorCode::Format, "is not a glyph: it has no program.fb");
  std::vector<std::byte> bytes = ZipReader::inflated(*entry);
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
  if (!glyph::VerifyProgramBuffer(verifier))
    throw Error(ErrorCode::Format, "its program.fb is damaged");
  for (const ZipEntry &other : archive.entries())
    if (other.deflated)
      ZipReader::inflated(other);
    else
      ZipReader::stored(other);
  return bytes;
}

void printSource(const ZipReader &archive) {
  const ZipEntry *source = archive.find(glyph::kCudaSourceEntry);
  if (!source)
    throw Error(ErrorCode::Argument, "holds no source of kernels: only programs for GPUs do (--target cuda:sm_90)");
  std::string_view text = ZipReader::stored(*source);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int inspect(const std::string &path, bool asJson, bool wantsSource, const std::string &machine) {
  // Says what is wrong with a file that is no glyph, or a damaged one.
  if (!isGlyph(path))
    throw Error(ErrorCode::Format, path + ": is not a glyph; compile the model first, or use glyptic check for models");
  MappedFile file(path);
  Json json = withSubject(path, [&] {
    ZipReader archive(file.bytes());
    std::vector<std::byte> bytes = readProgram(archive);
    if (wantsSource)
      printSource(archive);
    Json program = describe(*glyph::GetProgram(bytes.data()), machine);
    program["gpu_kernels"] = describeGpuCode(archive);
    return program;
  });
  if (wantsSource)
    return kDone;
  std::string text =
      asJson ? json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n" : render(escapeStrings(json));
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kDone;
}

} // namespace

void addInspect(CLI::App &app, Action &action) {
  struct Flags {
    std::string glyph, machine;
    bool json = false, source = false;
  };
  CLI::App *command = app.add_subcommand(
      "inspect",
      "Shows what a glyph holds: its entry points with every kernel and library call, its state, its memory, and "
      "the bill. Works for glyphs of other machines, too.");
  auto flags = std::make_shared<Flags>();
  command->add_option("glyph", flags->glyph, "the glyph")->required();
  command->add_flag("--json", flags->json, "as JSON");
  command->add_flag("--source", flags->source, "only the kernels, as CUDA C++ (of a program for GPUs)");
  command->add_option("--machine", flags->machine,
                      "GPU to predict times for: h100, or a file (default: typical of the glyph's target)");
  command->footer("Example:\n  glyptic inspect step.glyph --json | jq '.entries[].name'");
  command->callback([flags, &action] {
    action = [flags] { return inspect(flags->glyph, flags->json, flags->source, flags->machine); };
  });
}

} // namespace glyptic::tool
