//===- Safetensors.h - Named tensors in one file ----------------*- C++ -*-===//
//
// The format of Hugging Face's safetensors: eight bytes with the header's length, a JSON header, dense little-endian
// data. Used for weights in glyphs, saved states and checkpoints.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "support/DataType.h"
#include "support/Error.h"

#include <functional>
#include <map>

namespace glyptic {

struct SafetensorsEntry {
  std::string name;
  DType type;
  std::vector<int64_t> shape;
  std::string_view data = {}; ///< in place; the layout of a file to be written leaves it empty
};

/// Tensors in place. The header must describe every byte of the data once: gaps, overlaps, duplicate names and sizes
/// that disagree with the shapes are refused.
class SafetensorsReader {
public:
  /// `bytes` must outlive the reader.
  explicit SafetensorsReader(std::string_view bytes);

  const std::vector<SafetensorsEntry> &entries() const { return tensors; } ///< in the order of their data
  const SafetensorsEntry *find(std::string_view name) const;
  const std::map<std::string, std::string> &metadata() const { return notes; }

private:
  std::vector<SafetensorsEntry> tensors;
  std::map<std::string, size_t, std::less<>> index;
  std::map<std::string, std::string> notes;
};

/// Lays a file out before the first tensor is there, so that tensors can be streamed one by one.
class SafetensorsLayout {
public:
  /// Sorts `entries` as the format's own library does (wide types first, so that all are aligned; then by name).
  explicit SafetensorsLayout(std::vector<SafetensorsEntry> entries,
                             const std::map<std::string, std::string> &metadata = {});

  const std::string &header() const { return text; }
  uint64_t fileSize() const { return text.size() + dataSize; }
  /// Header and data to `sink`, a file or an entry of an archive; `provide` gives a tensor's bytes, valid until the
  /// next call.
  void write(const std::function<void(std::string_view bytes)> &sink,
             const std::function<std::string_view(const SafetensorsEntry &)> &provide) const;

private:
  std::vector<SafetensorsEntry> tensors;
  std::string text;
  uint64_t dataSize = 0;
};

} // namespace glyptic
