//===- ArenaLayout.cpp - Where buffers lie in an arena ----------===//
//
// Optimal placement is NP-hard. Best fit in a good order comes within a few percent of the lower bound on the programs
// at hand; which order is good depends on the program (inference is a chain, a training step a mountain of
// activations), and placing takes milliseconds, so all are tried.
//
//===----------------------------------------------------------------------===//
#include "compiler/Planning/ArenaLayout.h"
#include "dialects/Plan/PlanDialect.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/MathExtras.h"

namespace glyptic::planning {

using Order = llvm::SmallVector<unsigned>;

static int64_t align(int64_t size) { return llvm::alignTo(size, plan::kAlignment); }

/// Takes buffers in `order`; each goes to the smallest gap that holds it among those placed before that live with it.
static ArenaLayout place(llvm::ArrayRef<Lifetime> buffers, const Order &order) {
  ArenaLayout layout;
  layout.offsets.assign(buffers.size(), 0);
  Order placed; // by offset
  for (unsigned index : order) {
    const int64_t size = align(buffers[index].size);
    int64_t best = -1, bestGap = std::numeric_limits<int64_t>::max(), end = 0;
    for (unsigned other : placed) {
      if (!buffers[other].overlaps(buffers[index]))
        continue;
      int64_t gap = layout.offsets[other] - end;
      if (gap >= size && gap < bestGap) {
        best = end;
        bestGap = gap;
      }
      end = std::max(end, layout.offsets[other] + align(buffers[other].size));
    }
    const int64_t offset = best >= 0 ? best : end;
    layout.offsets[index] = offset;
    layout.size = std::max(layout.size, offset + size);
    auto position = llvm::upper_bound(placed, offset, [&](int64_t o, unsigned b) { return o < layout.offsets[b]; });
    placed.insert(position, index);
  }
  return layout;
}

ArenaLayout layOut(llvm::ArrayRef<Lifetime> buffers) {
  // Ties go to the earlier buffer, so an order never depends on the sort.
  auto sortedBy = [&](auto key) {
    Order order = llvm::to_vector(llvm::seq<unsigned>(0, buffers.size()));
    llvm::sort(order, [&](unsigned a, unsigned b) {
      return std::make_tuple(key(buffers[a]), a) < std::make_tuple(key(buffers[b]), b);
    });
    return order;
  };
  auto length = [](const Lifetime &b) { return static_cast<int64_t>(b.end) - b.begin + 1; };
  const Order orders[] = {
      sortedBy([](const Lifetime &b) { return -b.size; }),
      sortedBy([&](const Lifetime &b) { return -length(b); }),
      sortedBy([&](const Lifetime &b) { return -static_cast<double>(b.size) * length(b); }),
      sortedBy([](const Lifetime &b) { return b.begin; }),
  };
  ArenaLayout best = place(buffers, orders[0]);
  for (const Order &order : llvm::drop_begin(orders)) {
    ArenaLayout layout = place(buffers, order);
    if (layout.size < best.size)
      best = std::move(layout);
  }
  return best;
}

} // namespace glyptic::planning
