//===- Memory.h - Memory that arenas are made of ----------------*- C++ -*-===//
#pragma once

#include <cstddef>
#include <utility>

namespace glyptic::runtime {

/// Zeroed pages of its own, in huge pages where they pay. Throws an Error where the machine has too few.
class Memory {
public:
  Memory() = default;
  explicit Memory(size_t size);
  Memory(Memory &&other) noexcept { swap(other); }
  Memory &operator=(Memory &&other) noexcept {
    swap(other);
    return *this;
  }
  ~Memory();

  std::byte *data() const { return address; }
  size_t size() const { return bytes; }
  /// From now on writes fault.
  void protect();

private:
  void swap(Memory &other) {
    std::swap(address, other.address);
    std::swap(bytes, other.bytes);
    std::swap(mapped, other.mapped);
    std::swap(mappedBytes, other.mappedBytes);
  }

  std::byte *address = nullptr;
  size_t bytes = 0;
  void *mapped = nullptr; ///< what was mapped to find an aligned piece in it
  size_t mappedBytes = 0;
};

} // namespace glyptic::runtime
