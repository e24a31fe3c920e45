//===- Safetensors.cpp - Named tensors in one file ------------------------===//
#include "support/Safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

namespace glyptic {

using Json = nlohmann::json;

[[noreturn]] static void fail(const std::string &why) { throw Error(ErrorCode::Format, why); }

/// The limit of the format's own library; keeps a hostile length from being allocated.
static constexpr uint64_t kMaxHeader = 100'000'000;

/// JSON forbids nothing about repeated keys and the parser keeps the last, so they are caught while parsing.
static Json parseHeader(std::string_view text) {
  std::set<std::string> names;
  std::string duplicate;
  auto watch = [&](int depth, Json::parse_event_t event, Json &value) {
    if (depth == 1 && event == Json::parse_event_t::key && !names.insert(value.get<std::string>()).second)
      duplicate = value.get<std::string>();
    return true;
  };
  Json header = Json::parse(text.begin(), text.end(), watch, /*allow_exceptions=*/false);
  if (!duplicate.empty())
    fail("tensor " + quoteName(duplicate) + " occurs twice in the safetensors header");
  if (!header.is_object())
    fail("the safetensors header is not a JSON object");
  return header;
}

static bool isUnsignedList(const Json &value) {
  return value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const Json &item) { return item.is_number_unsigned(); });
}

static SafetensorsEntry parseEntry(const std::string &name, const Json &value, std::string_view data) {
  std::string label = "tensor " + quoteName(name);
  auto field = [&](const char *key) { return value.is_object() && value.contains(key) ? value[key] : Json(); };
  Json type = field("dtype"), shape = field("shape"), offsets = field("data_offsets");
  if (!type.is_string() || !isUnsignedList(shape) || !isUnsignedList(offsets) || offsets.size() != 2)
    fail(label + " is described incompletely in the safetensors header");
  std::optional<DType> known = fromSafetensorsName(type.get<std::string>());
  if (!known)
    fail(label + " has element type " + quoteName(type.get<std::string>()) + ", which is not supported");
  SafetensorsEntry entry{name, *known, shape.get<std::vector<int64_t>>()};
  uint64_t begin = offsets[0].get<uint64_t>(), end = offsets[1].get<uint64_t>();
  if (begin > end || end > data.size())
    fail(label + " reaches beyond the end of the file");
  if (tensorBytes(entry.type, entry.shape) != end - begin)
    fail(label + " occupies " + std::to_string(end - begin) + " bytes, which is not the size of " +
         describe(entry.type, entry.shape));
  entry.data = data.substr(begin, end - begin);
  return entry;
}

SafetensorsReader::SafetensorsReader(std::string_view bytes) {
  uint64_t length = 0;
  if (bytes.size() < sizeof length)
    fail("too short for a safetensors file");
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kMaxHeader || length > bytes.size() - sizeof length)
    fail("the safetensors header reaches beyond the end of the file: cut short, or of another kind");
  Json header = parseHeader(bytes.substr(sizeof length, length));
  std::string_view data = bytes.substr(sizeof length + length);
  for (const auto &[name, value] : header.items()) {
    if (name != "__metadata__") {
      tensors.push_back(parseEntry(name, value, data));
      continue;
    }
    for (const auto &[key, note] : value.items())
      if (note.is_string())
        notes[key] = note.get<std::string>();
  }
  // Empty tensors begin where another does and go before it.
  std::sort(tensors.begin(), tensors.end(), [](const SafetensorsEntry &a, const SafetensorsEntry &b) {
    return std::make_tuple(a.data.data(), a.data.size(), a.name) <
           std::make_tuple(b.data.data(), b.data.size(), b.name);
  });
  const char *end = data.data();
  for (const SafetensorsEntry &entry : tensors) {
    if (entry.data.data() != end)
      fail("tensor " + quoteName(entry.name) +
           (entry.data.data() < end ? " overlaps another" : " leaves a gap before it"));
    end += entry.data.size();
    index[entry.name] = static_cast<size_t>(&entry - tensors.data());
  }
  if (end != data.data() + data.size())
    fail("the safetensors file holds bytes that no tensor uses");
}

const SafetensorsEntry *SafetensorsReader::find(std::string_view name) const {
  auto found = index.find(name);
  return found == index.end() ? nullptr : &tensors[found->second];
}

SafetensorsLayout::SafetensorsLayout(std::vector<SafetensorsEntry> entries,
                                     const std::map<std::string, std::string> &metadata)
    : tensors(std::move(entries)) {
  std::sort(tensors.begin(), tensors.end(), [](const SafetensorsEntry &a, const SafetensorsEntry &b) {
    return std::make_pair(-static_cast<int>(sizeOf(a.type)), a.name) <
           std::make_pair(-static_cast<int>(sizeOf(b.type)), b.name);
  });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty())
    header["__metadata__"] = metadata;
  for (const SafetensorsEntry &entry : tensors) {
    uint64_t end = dataSize + tensorBytes(entry.type, entry.shape).value_or(0);
    header[entry.name] = {
        {"dtype", safetensorsName(entry.type)}, {"shape", entry.shape}, {"data_offsets", {dataSize, end}}};
    dataSize = end;
  }
  // Names are arbitrary bytes; what is not UTF-8 is replaced rather than thrown over.
  std::string json = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  json.append((8 - json.size() % 8) % 8, ' ');
  uint64_t length = json.size();
  text.assign(reinterpret_cast<const char *>(&length), sizeof length);
  text += json;
}

void SafetensorsLayout::write(const std::function<void(std::string_view)> &sink,
                              const std::function<std::string_view(const SafetensorsEntry &)> &provide) const {
  sink(text);
  for (const SafetensorsEntry &entry : tensors) {
    std::string_view data = provide(entry);
    if (data.size() != tensorBytes(entry.type, entry.shape))
      throw Error(ErrorCode::Internal, "tensor " + quoteName(entry.name) + " is given " + std::to_string(data.size()) +
                                           " bytes, which is not the size of " + describe(entry.type, entry.shape));
    sink(data);
  }
}

} // namespace glyptic
