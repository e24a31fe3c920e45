//===- Contraction.cpp - Contractions as matrix products ------------------===//
#include "runtime/core/Contraction.h"
#include "support/glyph/Names.h"

#include <algorithm>
#include <numeric>

namespace glyptic::runtime {

/// Whether `outer` and `inner` can be walked as one dimension.
static bool mergeable(const Extent &outer, const Extent &inner) {
  return outer.size == 1 || inner.size == 1 || outer.stride == inner.stride * inner.size;
}

static Extent merged(const Extent &outer, const Extent &inner) {
  return {outer.size * inner.size, inner.size == 1 ? outer.stride : inner.stride};
}

/// Merges `group` from the inside out as far as possible into one dimension; what remains outside stays in `group`.
static Extent takeInner(Extents &group) {
  Extent inner{1, 1};
  while (!group.empty() && mergeable(group.back(), inner)) {
    inner = merged(group.back(), inner);
    group.pop_back();
  }
  return inner;
}

bool Factor::isMatrix() const {
  Extents rows = free, columns = contracting;
  Extent row = takeInner(rows), column = takeInner(columns);
  return columns.empty() && (row.size == 1 || column.size == 1 || row.stride == 1 || column.stride == 1);
}

Extents Factor::all() const {
  Extents list = batch;
  list.insert(list.end(), free.begin(), free.end());
  list.insert(list.end(), contracting.begin(), contracting.end());
  return list;
}

Factor Factor::packed() const {
  Factor dense = *this;
  int64_t stride = 1;
  for (Extents *group : {&dense.contracting, &dense.free, &dense.batch})
    for (size_t i = group->size(); i-- > 0;) {
      (*group)[i].stride = stride;
      stride *= (*group)[i].size;
    }
  return dense;
}

Contraction::Contraction(const CallSite &site) : site(site) {
  site.expectOperands(2, 1, DType::F32);
  lhsBatch = site.parameter(names::kLhsBatch);
  rhsBatch = site.parameter(names::kRhsBatch, static_cast<int64_t>(lhsBatch.size()));
  lhsContracting = site.parameter(names::kLhsContracting);
  rhsContracting = site.parameter(names::kRhsContracting, static_cast<int64_t>(lhsContracting.size()));
  checkDims(0, lhsBatch, lhsContracting);
  checkDims(1, rhsBatch, rhsContracting);
  // One and two samples tell batched extents from fixed ones.
  for (int64_t batch : {int64_t(1), int64_t(2)})
    checkShapes(batch);
}

void Contraction::checkDims(size_t operand, const std::vector<int64_t> &batch,
                            const std::vector<int64_t> &contracting) const {
  std::vector<bool> used(site.rank(operand), false);
  for (const auto *list : {&batch, &contracting})
    for (int64_t dim : *list) {
      if (dim < 0 || dim >= static_cast<int64_t>(used.size()) || used[static_cast<size_t>(dim)])
        site.fail("its dimensions do not fit operand " + std::to_string(operand));
      used[static_cast<size_t>(dim)] = true;
    }
}

void Contraction::checkShapes(int64_t batch) const {
  Factor lhs = factor(0, lhsBatch, lhsContracting, batch), rhs = factor(1, rhsBatch, rhsContracting, batch);
  auto sizesOf = [](const Extents &extents) {
    std::vector<int64_t> sizes;
    for (const Extent &extent : extents)
      sizes.push_back(extent.size);
    return sizes;
  };
  std::vector<int64_t> expected = sizesOf(lhs.batch);
  for (const Extents *group : {&lhs.free, &rhs.free})
    for (const Extent &extent : *group)
      expected.push_back(extent.size);
  if (sizesOf(lhs.batch) != sizesOf(rhs.batch) || sizesOf(lhs.contracting) != sizesOf(rhs.contracting) ||
      expected != site.shape(2, batch))
    site.fail("its shapes do not fit each other");
}

Factor Contraction::factor(size_t operand, const std::vector<int64_t> &batchDims,
                           const std::vector<int64_t> &contracting, int64_t batch) const {
  std::vector<int64_t> shape = site.shape(operand, batch), strides = site.strides(operand, batch);
  auto pick = [&](const std::vector<int64_t> &dims) {
    Extents extents;
    for (int64_t dim : dims)
      extents.push_back({shape[static_cast<size_t>(dim)], strides[static_cast<size_t>(dim)]});
    return extents;
  };
  std::vector<int64_t> free;
  for (int64_t dim = 0; dim < static_cast<int64_t>(shape.size()); ++dim)
    if (std::count(batchDims.begin(), batchDims.end(), dim) + std::count(contracting.begin(), contracting.end(), dim) ==
        0)
      free.push_back(dim);
  return {pick(batchDims), pick(free), pick(contracting)};
}

static void sortContracting(Factor &lhs, Factor &rhs) {
  std::vector<size_t> order(lhs.contracting.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::make_pair(-lhs.contracting[a].stride, a) < std::make_pair(-lhs.contracting[b].stride, b);
  });
  Extents left, right;
  for (size_t i : order) {
    left.push_back(lhs.contracting[i]);
    right.push_back(rhs.contracting[i]);
  }
  lhs.contracting = left;
  rhs.contracting = right;
}

std::array<Factor, 2> Contraction::factors(int64_t batch) const {
  std::array<Factor, 2> pair = {factor(0, lhsBatch, lhsContracting, batch), factor(1, rhsBatch, rhsContracting, batch)};
  sortContracting(pair[0], pair[1]);
  return pair;
}

MatrixProduct Contraction::product(Factor lhs, Factor rhs, int64_t batch) const {
  Extents result;
  std::vector<int64_t> shape = site.shape(2, batch), strides = site.strides(2, batch);
  for (size_t i = 0; i < shape.size(); ++i)
    result.push_back({shape[i], strides[i]});
  auto split = result.begin() + static_cast<ptrdiff_t>(lhs.batch.size()),
       middle = split + static_cast<ptrdiff_t>(lhs.free.size());
  Extents outBatch(result.begin(), split), outRows(split, middle), outColumns(middle, result.end());

  Extent m = takeInner(lhs.free), n = takeInner(rhs.free), k = takeInner(lhs.contracting),
         kRhs = takeInner(rhs.contracting);
  Extents left, right, out;
  auto push = [&](Extent a, Extent b, Extent c) {
    // Merge with the dimension before it where all three tensors can.
    if (!out.empty() && mergeable(left.back(), a) && mergeable(right.back(), b) && mergeable(out.back(), c) &&
        (left.back().size == 1) == (a.size == 1) && (right.back().size == 1) == (b.size == 1)) {
      left.back() = merged(left.back(), a);
      right.back() = merged(right.back(), b);
      out.back() = merged(out.back(), c);
    } else if (c.size != 1) {
      left.push_back(a);
      right.push_back(b);
      out.push_back(c);
    }
  };
  for (size_t i = 0; i < outBatch.size(); ++i)
    push(lhs.batch[i], rhs.batch[i], outBatch[i]);
  for (size_t i = 0; i < lhs.free.size(); ++i)
    push(lhs.free[i], {1, 1}, outRows[i]);
  for (size_t i = 0; i < rhs.free.size(); ++i)
    push({1, 1}, rhs.free[i], outColumns[i]);
  Extents rows(outRows.begin() + static_cast<ptrdiff_t>(lhs.free.size()), outRows.end());
  Extents columns(outColumns.begin() + static_cast<ptrdiff_t>(rhs.free.size()), outColumns.end());
  left.insert(left.end(), {m, k});
  right.insert(right.end(), {kRhs, n});
  out.insert(out.end(), {takeInner(rows), takeInner(columns)});
  return {left, right, out};
}

} // namespace glyptic::runtime
