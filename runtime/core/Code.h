//===- Code.h - Machine code of a glyph -------------------------*- C++ -*-===//
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace glyptic::runtime {

/// Computes chunks [lo, hi) for `batch` samples.
using Kernel = void (*)(void *const *buffers, int64_t batch, int64_t lo, int64_t hi);

/// A shared object that was never a file: loaded from sealed memory.
class Code {
public:
  /// `name` serves messages. Runs the object's initialisers: everything must have been verified before.
  Code(const std::string &name, std::string_view bytes);
  Code(Code &&other) noexcept;
  Code &operator=(Code &&) = delete;
  ~Code();

  /// Null if there is no such symbol.
  Kernel find(const char *symbol) const;

private:
  void *handle = nullptr;
  int fd = -1;
};

} // namespace glyptic::runtime
