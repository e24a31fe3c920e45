//===- Matmul.cpp - General contractions as matrix products ---------------===//
//
// A contraction of two tensors over any dimensions in any order becomes oneDNN's product [batch..., M, K] x
// [batch..., K, N] by strides alone, wherever a group of dimensions is one dimension in memory:
//   - neighbouring free dimensions merge; what does not merge with the rest becomes a batch dimension, in which the
//     other operand has extent 1 and is broadcast;
//   - contracted dimensions must merge in both operands; where they do not, that operand is copied to scratch first.
//
//===----------------------------------------------------------------------===//
#include "runtime/cpu/Primitives.h"
#include "runtime/cpu/Routines.h"
#include "support/glyph/Names.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

namespace glyptic::runtime {
namespace {

/// A dimension with its step in memory.
struct Extent {
  int64_t size, stride;
};
using Extents = std::vector<Extent>;

/// Whether `outer` and `inner` can be walked as one dimension.
bool mergeable(const Extent &outer, const Extent &inner) {
  return outer.size == 1 || inner.size == 1 || outer.stride == inner.stride * inner.size;
}

Extent merged(const Extent &outer, const Extent &inner) {
  return {outer.size * inner.size, inner.size == 1 ? outer.stride : inner.stride};
}

/// Merges `group` from the inside out as far as possible into one dimension; what remains outside stays in `group`.
Extent takeInner(Extents &group) {
  Extent inner{1, 1};
  while (!group.empty() && mergeable(group.back(), inner)) {
    inner = merged(group.back(), inner);
    group.pop_back();
  }
  return inner;
}

/// One factor with its dimensions sorted into groups, each in the order of the result's or the contraction's.
struct Factor {
  Extents batch, free, contracting;

  /// Matrix dimensions need a unit stride somewhere, or no fast kernel takes them.
  bool isMatrix() const {
    Extents rows = free, columns = contracting;
    Extent row = takeInner(rows), column = takeInner(columns);
    return columns.empty() && (row.size == 1 || column.size == 1 || row.stride == 1 || column.stride == 1);
  }

  Extents all() const {
    Extents list = batch;
    list.insert(list.end(), free.begin(), free.end());
    list.insert(list.end(), contracting.begin(), contracting.end());
    return list;
  }

  /// The same tensor, dense in the order batch, free, contracting.
  Factor packed() const {
    Factor dense = *this;
    int64_t stride = 1;
    for (Extents *group : {&dense.contracting, &dense.free, &dense.batch})
      for (size_t i = group->size(); i-- > 0;) {
        (*group)[i].stride = stride;
        stride *= (*group)[i].size;
      }
    return dense;
  }
};

memory::desc descOf(const Extents &extents) {
  // The stride of an extent of one means nothing, yet kernels judge a layout by it: give it that of a dense tensor.
  int64_t span = 1;
  for (const Extent &extent : extents)
    if (extent.size > 1)
      span = std::max(span, extent.size * extent.stride);
  Dims sizes, strides;
  for (const Extent &extent : extents) {
    sizes.push_back(extent.size);
    strides.push_back(extent.size == 1 ? span : extent.stride);
  }
  return plainDesc(sizes, strides);
}

/// A product that is over before a library has looked at its arguments: a call of oneDNN costs 0.5 to 7 microseconds.
class TinyProduct {
public:
  static bool suits(const Factor &lhs, const Factor &rhs) {
    int64_t products = 1;
    for (const Extents *extents : {&lhs.batch, &lhs.free, &lhs.contracting, &rhs.free})
      for (const Extent &extent : *extents)
        products *= extent.size;
    return products <= kProducts;
  }

  TinyProduct(const Factor &lhs, const Factor &rhs)
      : lhsBatch(offsetsOf(lhs.batch)), rhsBatch(offsetsOf(rhs.batch)), rows(offsetsOf(lhs.free)),
        columns(offsetsOf(rhs.free)), lhsTerms(offsetsOf(lhs.contracting)), rhsTerms(offsetsOf(rhs.contracting)) {}

  void run(const float *lhs, const float *rhs, float *result) const {
    for (size_t batch = 0; batch < lhsBatch.size(); ++batch)
      for (int64_t row : rows)
        for (int64_t column : columns)
          *result++ = sum(lhs + lhsBatch[batch] + row, rhs + rhsBatch[batch] + column);
  }

private:
  static constexpr int64_t kProducts = 1024;

  /// Where the elements along `extents` lie, in row-major order.
  static std::vector<int64_t> offsetsOf(const Extents &extents) {
    std::vector<int64_t> offsets = {0};
    for (const Extent &extent : extents) {
      std::vector<int64_t> next;
      for (int64_t offset : offsets)
        for (int64_t i = 0; i < extent.size; ++i)
          next.push_back(offset + i * extent.stride);
      offsets = std::move(next);
    }
    return offsets;
  }

  float sum(const float *lhs, const float *rhs) const {
    float total = 0;
    for (size_t i = 0; i < lhsTerms.size(); ++i)
      total += lhs[lhsTerms[i]] * rhs[rhsTerms[i]];
    return total;
  }

  std::vector<int64_t> lhsBatch, rhsBatch, rows, columns, lhsTerms, rhsTerms;
};

class Matmul : public PrimitiveRoutine {
public:
  explicit Matmul(const CallSite &site) : PrimitiveRoutine(site) {
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

  std::optional<TinyProduct> asTiny(int64_t batch) const {
    Factor lhs = factor(0, lhsBatch, lhsContracting, batch), rhs = factor(1, rhsBatch, rhsContracting, batch);
    return TinyProduct::suits(lhs, rhs) ? std::optional<TinyProduct>(std::in_place, lhs, rhs) : std::nullopt;
  }

private:
  void checkDims(size_t operand, const std::vector<int64_t> &batch, const std::vector<int64_t> &contracting) const {
    std::vector<bool> used(site.rank(operand), false);
    for (const auto *list : {&batch, &contracting})
      for (int64_t dim : *list) {
        if (dim < 0 || dim >= static_cast<int64_t>(used.size()) || used[static_cast<size_t>(dim)])
          site.fail("its dimensions do not fit operand " + std::to_string(operand));
        used[static_cast<size_t>(dim)] = true;
      }
  }

  void checkShapes(int64_t batch) const {
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

  Factor factor(size_t operand, const std::vector<int64_t> &batchDims, const std::vector<int64_t> &contracting,
                int64_t batch) const {
    Dims shape = site.shape(operand, batch), strides = rowMajor(shape);
    auto pick = [&](const std::vector<int64_t> &dims) {
      Extents extents;
      for (int64_t dim : dims)
        extents.push_back({shape[static_cast<size_t>(dim)], strides[static_cast<size_t>(dim)]});
      return extents;
    };
    std::vector<int64_t> free;
    for (int64_t dim = 0; dim < static_cast<int64_t>(shape.size()); ++dim)
      if (std::count(batchDims.begin(), batchDims.end(), dim) +
              std::count(contracting.begin(), contracting.end(), dim) ==
          0)
        free.push_back(dim);
    return {pick(batchDims), pick(free), pick(contracting)};
  }

  /// The order of contracted pairs is ours to choose: that of `lhs` in memory merges best.
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

  void build(int64_t batch, Sequence &sequence) const override {
    Factor lhs = factor(0, lhsBatch, lhsContracting, batch), rhs = factor(1, rhsBatch, rhsContracting, batch);
    sortContracting(lhs, rhs);
    std::array<bool, 2> copied = {!lhs.isMatrix(), !rhs.isMatrix()};
    std::array<Factor, 2> factors = {copied[0] ? lhs.packed() : lhs, copied[1] ? rhs.packed() : rhs};
    std::array<memory::desc, 3> descs = productDescs(factors[0], factors[1], batch);
    std::array<Sequence::Value, 2> sources;
    for (size_t i : {0, 1}) {
      if (!copied[i]) {
        sources[i] = sequence.operand(i, descs[i]);
        continue;
      }
      // One memory, two descriptions: dimension by dimension for the copy, matrices for the product.
      Sequence::Value original = sequence.operand(i, descOf((i == 0 ? lhs : rhs).all()));
      Sequence::Value copy = sequence.scratch(descOf(factors[i].all()));
      sequence.addReorder(original, copy);
      sources[i] = sequence.viewed(copy, descs[i]);
    }
    Sequence::Value result = sequence.operand(2, descs[2]);
    dnnl::matmul::primitive_desc desc(engine, descs[0], descs[1], descs[2], userScratchpad());
    sequence.add(dnnl::matmul(desc), desc.scratchpad_desc(),
                 {{DNNL_ARG_SRC, sources[0]}, {DNNL_ARG_WEIGHTS, sources[1]}, {DNNL_ARG_DST, result}});
  }

  /// Descriptions of both factors and of the result, with one list of batch dimensions.
  std::array<memory::desc, 3> productDescs(Factor lhs, Factor rhs, int64_t batch) const {
    Extents result;
    Dims shape = site.shape(2, batch), strides = rowMajor(shape);
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
    return {descOf(left), descOf(right), descOf(out)};
  }

  std::vector<int64_t> lhsBatch, rhsBatch, lhsContracting, rhsContracting;
};

/// Plain loops or the library, by the number of samples.
class Product : public Routine {
public:
  explicit Product(const CallSite &site) : library(site) {}

  size_t prepare(int64_t batch) override {
    auto found = tiny.find(batch);
    if (found == tiny.end())
      found = tiny.emplace(batch, library.asTiny(batch)).first;
    return found->second ? 0 : library.prepare(batch);
  }

  void forget(int64_t batch) override {
    tiny.erase(batch);
    library.forget(batch);
  }

  void run(int64_t batch, void *const *operands, std::byte *scratch) override {
    if (const std::optional<TinyProduct> &product = tiny.at(batch))
      product->run(static_cast<const float *>(operands[0]), static_cast<const float *>(operands[1]),
                   static_cast<float *>(operands[2]));
    else
      library.run(batch, operands, scratch);
  }

private:
  Matmul library;
  std::map<int64_t, std::optional<TinyProduct>> tiny;
};

} // namespace

std::unique_ptr<Routine> makeMatmul(const CallSite &site) { return std::make_unique<Product>(site); }

} // namespace glyptic::runtime
