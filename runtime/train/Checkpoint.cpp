//===- Checkpoint.cpp -----------------------------------------------------===//
#include "runtime/train/Checkpoint.h"

#include "glyptic/runtime.hpp"
#include "support/File.h"
#include "support/Safetensors.h"

#include <filesystem>
#include <zlib.h>

namespace glyptic::runtime {
namespace {

constexpr const char *kMetadataKey = "glyptic.checkpoint";

uint32_t getChecksum(std::string_view bytes) {
  return uint32_t(crc32_z(0, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size()));
}

} // namespace

CheckpointFolder::CheckpointFolder(const std::string &folder, nlohmann::ordered_json fingerprint)
    : path((std::filesystem::path(folder) / "checkpoint.safetensors").string()), fingerprint(std::move(fingerprint)) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw Error(ErrorCode::File, "cannot create the folder " + quoteName(folder) + ": " + error.message());
}

void CheckpointFolder::requireEmpty() const {
  if (std::filesystem::exists(path))
    throw Error(quoteName(path) +
                " is there already: --resume goes on from it; a fresh run takes another --checkpoint folder");
}

void CheckpointFolder::save(const glyptic_program *program, const glyptic_session *session,
                            const Position &position) const {
  nlohmann::ordered_json notes = {{"iteration", position.iteration},
                                  {"log", position.log},
                                  {"log_size", position.logSize},
                                  {"fingerprint", fingerprint}};
  const glyptic_tensor *state = nullptr;
  size_t count = glyptic_program_state(program, &state);
  std::vector<SafetensorsEntry> entries;
  for (size_t i = 0; i < count; ++i)
    entries.push_back({state[i].name, DType(state[i].dtype), {state[i].dims, state[i].dims + state[i].rank}});
  // Read twice, for the header comes before the data and is to vouch for it.
  std::string bytes;
  auto read = [&](const SafetensorsEntry &entry) -> std::string_view {
    bytes.resize(tensorBytes(entry.type, entry.shape).value());
    check(glyptic_session_read_state(session, entry.name.c_str(), bytes.data(), bytes.size()));
    return bytes;
  };
  notes["checksums"] = nlohmann::ordered_json::object();
  for (const SafetensorsEntry &entry : entries)
    notes["checksums"][entry.name] = getChecksum(read(entry));
  // Paths and options come from the command line: what is not UTF-8 must not throw.
  std::string text = notes.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  SafetensorsLayout layout(std::move(entries), {{kMetadataKey, text}});
  OutputFile file(path);
  layout.write([&](std::string_view piece) { file.write(piece); }, read);
  file.commit();
}

std::optional<Position> CheckpointFolder::restore(glyptic_session *session) const {
  if (!std::filesystem::exists(path))
    return std::nullopt;
  return withSubject("checkpoint " + quoteName(path), [&]() -> std::optional<Position> {
    MappedFile file(path);
    SafetensorsReader reader(file.bytes());
    auto found = reader.metadata().find(kMetadataKey);
    std::string text = found == reader.metadata().end() ? "" : found->second;
    auto notes = nlohmann::ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
    using Json = nlohmann::ordered_json;
    auto has = [&](const char *key, auto isType) {
      return notes.is_object() && notes.contains(key) && (notes[key].*isType)();
    };
    if (!has("fingerprint", &Json::is_object) || !has("iteration", &Json::is_number_unsigned) ||
        !has("checksums", &Json::is_object) || !has("log", &Json::is_string) ||
        !has("log_size", &Json::is_number_unsigned))
      throw Error(ErrorCode::Format, "is not a checkpoint of a training run");
    compare(notes["fingerprint"]);
    for (const SafetensorsEntry &entry : reader.entries())
      if (auto sum = notes["checksums"].find(entry.name);
          sum == notes["checksums"].end() || *sum != getChecksum(entry.data))
        throw Error(ErrorCode::Format, "is damaged: " + quoteName(entry.name) + " is not what was written");
    Position position{notes["iteration"], notes["log"], notes["log_size"]};
    if (position.iteration < 0)
      throw Error(ErrorCode::Format, "counts more iterations than there can be");
    check(glyptic_session_load_state(session, path.c_str()));
    return position;
  });
}

std::string CheckpointFolder::describe() const {
  return std::filesystem::exists(path) ? "; the last checkpoint is " + quoteName(path) : "";
}

/// What a person has chosen, in the words of the command line.
static std::string describeValue(const nlohmann::ordered_json &value) {
  if (value.is_null())
    return "its default";
  using Json = nlohmann::ordered_json;
  return value.is_string() ? quoteName(value.get<std::string>())
                           : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void CheckpointFolder::compare(const nlohmann::ordered_json &saved) const {
  const std::string advice = "; give what it was made with, or another --checkpoint folder";
  for (const auto &[key, value] : fingerprint.items()) {
    auto found = saved.find(key);
    if (found != saved.end() && *found == value)
      continue;
    if (key == kDataKey || key == kModelKey) // of which only checksums are kept
      throw Error("belongs to a run " + std::string(key == kDataKey ? "on other data (or another --valid-split)" :
                  "of another model, or of this one with other weights") + advice);
    throw Error("belongs to a run with " + key + " " + (found == saved.end() ? "unknown" : describeValue(*found)) +
                ", this one has " + describeValue(value) + advice);
  }
}

} // namespace glyptic::runtime
