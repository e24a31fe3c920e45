//===- Checkpoint.h - Where a run can go on ---------------------*- C++ -*-===//
//
// A checkpoint is one safetensors file, replaced by renaming, so that after any crash the folder holds the last whole
// one. Its metadata has the position of the loop and the fingerprint of what it belongs to.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "glyptic/runtime.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace glyptic::runtime {

struct Position {
  int64_t iteration = 0; ///< iterations done
  std::string log;       ///< the log's path and its size at that time
  uint64_t logSize = 0;
};

/// Keys of a fingerprint whose values are checksums, which tell people nothing.
inline constexpr char kDataKey[] = "data", kModelKey[] = "model";

class CheckpointFolder {
public:
  /// Makes `folder` if it is missing. `fingerprint` maps what a run depends on to its value; keys appear in messages.
  CheckpointFolder(const std::string &folder, nlohmann::ordered_json fingerprint);

  /// Throws if there is a checkpoint already, which a fresh run would replace.
  void requireEmpty() const;

  void save(const glyptic_program *program, const glyptic_session *session, const Position &position) const;

  /// "; the last checkpoint is 'ck/checkpoint.safetensors'", if there is one.
  std::string describe() const;

  /// Restores the session and returns the position; nothing where the folder has no checkpoint. Throws if it belongs to
  /// another run, naming the first difference.
  std::optional<Position> restore(glyptic_session *session) const;

private:
  void compare(const nlohmann::ordered_json &saved) const;

  std::string path;
  nlohmann::ordered_json fingerprint;
};

} // namespace glyptic::runtime
