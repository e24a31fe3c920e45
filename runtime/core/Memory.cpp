//===- Memory.cpp - Memory that arenas are made of ------------------------===//
#include "runtime/core/Memory.h"
#include "support/Error.h"

#include <cstdint>
#include <string>
#include <sys/mman.h>

namespace glyptic::runtime {

Memory::Memory(size_t size) : bytes(size) {
  if (size == 0)
    return;
  // A huge page needs an aligned begin; address space that is never touched costs nothing.
  constexpr size_t hugePage = size_t(2) << 20;
  bool huge = size >= 2 * hugePage;
  mappedBytes = size + (huge ? hugePage : 0);
  mapped = mappedBytes < size
               ? MAP_FAILED
               : ::mmap(nullptr, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    throw Error(ErrorCode::Memory, "this machine cannot give " + std::to_string(size >> 20) +
                                       " MiB of memory; compile for a smaller largest batch");
  auto begin = reinterpret_cast<uintptr_t>(mapped);
  if (huge) {
    begin = (begin + hugePage - 1) / hugePage * hugePage;
    ::madvise(reinterpret_cast<void *>(begin), size, MADV_HUGEPAGE);
  }
  address = reinterpret_cast<std::byte *>(begin);
}

Memory::~Memory() {
  if (mappedBytes)
    ::munmap(mapped, mappedBytes);
}

void Memory::protect() {
  if (mappedBytes)
    ::mprotect(mapped, mappedBytes, PROT_READ);
}

} // namespace glyptic::runtime
