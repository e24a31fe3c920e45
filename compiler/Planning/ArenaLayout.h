//===- ArenaLayout.h - Where buffers lie in an arena ------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace glyptic::planning {

/// Memory of `size` bytes that must keep its content from instruction `begin` to instruction `end`, both included.
struct Lifetime {
  int64_t size = 0;
  unsigned begin = 0, end = 0;

  bool overlaps(const Lifetime &o) const { return begin <= o.end && o.begin <= end; }
};

struct ArenaLayout {
  llvm::SmallVector<int64_t> offsets; ///< multiples of plan::kAlignment
  int64_t size = 0;
};

/// Places every buffer such that no two that live at the same time overlap. Depends on the arguments alone.
ArenaLayout layOut(llvm::ArrayRef<Lifetime> buffers);

} // namespace glyptic::planning
