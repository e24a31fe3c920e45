//===- Matmul.cpp - Contractions by oneDNN's matmul -----------------------===//
//
// oneDNN takes any number of batch dimensions and any strides. An operand that is no matrix in memory is copied to
// scratch first.
//
//===----------------------------------------------------------------------===//
#include "runtime/core/Contraction.h"
#include "runtime/cpu/Primitives.h"
#include "runtime/cpu/Routines.h"

#include <algorithm>
#include <optional>

namespace glyptic::runtime {
namespace {

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
  explicit Matmul(const CallSite &site) : PrimitiveRoutine(site), contraction(site) {}

  std::optional<TinyProduct> asTiny(int64_t batch) const {
    auto [lhs, rhs] = contraction.factors(batch);
    return TinyProduct::suits(lhs, rhs) ? std::optional<TinyProduct>(std::in_place, lhs, rhs) : std::nullopt;
  }

private:
  void build(int64_t batch, Sequence &sequence) const override {
    std::array<Factor, 2> factors = contraction.factors(batch), matrices = factors;
    for (Factor &factor : matrices)
      if (!factor.isMatrix())
        factor = factor.packed();
    MatrixProduct product = contraction.product(matrices[0], matrices[1], batch);
    std::array<memory::desc, 3> descs = {descOf(product.lhs), descOf(product.rhs), descOf(product.result)};
    std::array<Sequence::Value, 2> sources;
    for (size_t i : {0, 1}) {
      if (factors[i].isMatrix()) {
        sources[i] = sequence.operand(i, descs[i]);
        continue;
      }
      // One memory, two descriptions: dimension by dimension for the copy, matrices for the product.
      Sequence::Value original = sequence.operand(i, descOf(factors[i].all()));
      Sequence::Value copy = sequence.scratch(descOf(matrices[i].all()));
      sequence.addReorder(original, copy);
      sources[i] = sequence.viewed(copy, descs[i]);
    }
    Sequence::Value result = sequence.operand(2, descs[2]);
    dnnl::matmul::primitive_desc desc(engine, descs[0], descs[1], descs[2], userScratchpad());
    sequence.add(dnnl::matmul(desc), desc.scratchpad_desc(),
                 {{DNNL_ARG_SRC, sources[0]}, {DNNL_ARG_WEIGHTS, sources[1]}, {DNNL_ARG_DST, result}});
  }

  Contraction contraction;
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

  void stateChanged() override { library.stateChanged(); }

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
