//===- Matmul.cpp - Contractions by cuBLASLt ------------------------------===//
//
// cuBLASLt's matrices are columns, the program's are rows: the same memory read as columns is the transpose. So
// Y = X W is asked for as Y' = W' X', with the program's right factor as A and its left one as B, and nothing moves;
// what lies the other way round is read through an operand flag. One batch dimension goes by strides. Where there are
// more, as for attention with heads inside, the largest does, and the others are calls of their own.
//
// Sums are in FP32, without TF32. Of the ways to add up partial sums the one is allowed that has a fixed order, so that
// the same library gives the same bits.
//
//===----------------------------------------------------------------------===//
#include "runtime/core/Contraction.h"
#include "runtime/cuda/Routines.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace glyptic::runtime::cuda {
namespace {

/// Frees what a function of the library made.
template <typename Descriptor> class Owned {
public:
  Owned(int (*destroy)(Descriptor)) : destroy(destroy) {}
  Owned(Owned &&other) noexcept : value(std::exchange(other.value, nullptr)), destroy(other.destroy) {}
  Owned &operator=(Owned &&) = delete;
  ~Owned() {
    if (value)
      destroy(value);
  }
  Descriptor value = nullptr;

private:
  int (*destroy)(Descriptor);
};

/// A matrix as a library of columns reads it.
struct Columns {
  bool transposed;
  int64_t rows, columns, leading;

  /// One of the dimensions has a unit stride, or but one element.
  static Columns transposeOf(const Extent &outer, const Extent &inner) {
    bool plain = inner.stride == 1 || inner.size == 1;
    const Extent &fast = plain ? inner : outer, &slow = plain ? outer : inner;
    // The stride of an extent of one means nothing, yet must be one that a dense matrix could have.
    return {!plain, fast.size, slow.size, slow.size == 1 ? fast.size : slow.stride};
  }
};

/// One contraction for one number of samples.
struct Product {
  Product(const CublasLt &library)
      : operation(library.operationDestroy), a(library.layoutDestroy), b(library.layoutDestroy),
        d(library.layoutDestroy) {}

  Owned<CublasLt::Operation> operation;
  Owned<CublasLt::Layout> a, b, d;
  CublasLt::Algorithm algorithm;
  size_t workspace = 0;
  /// Where each call begins in the program's operands, in bytes.
  std::vector<std::array<int64_t, 3>> calls;
};

class Matmul final : public PlannedRoutine<Product> {
public:
  Matmul(const CallSite &site, const Queue &queue, const Blas &blas)
      : PlannedRoutine(site, queue), contraction(site), blas(blas) {}

private:
  void execute(Product &product, void *const *operands, std::byte *scratch) const override {
    const float one = 1, zero = 0;
    for (const auto &[left, right, result] : product.calls) {
      const void *a = static_cast<const std::byte *>(operands[1]) + right;
      const void *b = static_cast<const std::byte *>(operands[0]) + left;
      void *d = static_cast<std::byte *>(operands[2]) + result;
      blas.library.check(blas.library.matmul(blas.handle, product.operation.value, &one, a, product.a.value, b,
                                             product.b.value, &zero, d, product.d.value, d, product.d.value,
                                             &product.algorithm, scratch, product.workspace, queue.stream),
                         "cannot multiply matrices on the GPU");
    }
  }

  Product build(int64_t batch) const override {
    auto [lhs, rhs] = contraction.factors(batch);
    if (!lhs.isMatrix() || !rhs.isMatrix())
      site.fail("an operand is no matrix in memory, which cuBLASLt does not read");
    MatrixProduct shape = contraction.product(lhs, rhs, batch);
    Product product(blas.library);
    Strided strided = takeLargestBatch(shape);
    addCalls(shape, product);
    describe(shape, strided, product);
    chooseAlgorithm(strided, batch, product);
    return product;
  }

  struct Strided {
    int32_t count = 1;
    std::array<int64_t, 3> strides = {}; ///< of the left factor, the right one, the result; in elements
  };

  static std::array<Extents MatrixProduct::*, 3> tensors() {
    return {&MatrixProduct::lhs, &MatrixProduct::rhs, &MatrixProduct::result};
  }

  /// 0 where a factor is the same for all.
  static int64_t strideOf(const Extent &extent) { return extent.size == 1 ? 0 : extent.stride; }

  Strided takeLargestBatch(MatrixProduct &shape) const {
    auto begin = shape.result.begin(), end = shape.result.end() - 2;
    auto largest = std::max_element(begin, end, [](const Extent &a, const Extent &b) { return a.size < b.size; });
    Strided strided;
    if (largest == end)
      return strided;
    if (largest->size > INT32_MAX)
      site.fail("it is more than 2^31 matrix products");
    strided.count = static_cast<int32_t>(largest->size);
    ptrdiff_t index = largest - begin;
    for (size_t i = 0; i < 3; ++i) {
      Extents &extents = shape.*tensors()[i];
      strided.strides[i] = strideOf(extents[static_cast<size_t>(index)]);
      extents.erase(extents.begin() + index);
    }
    return strided;
  }

  static void addCalls(const MatrixProduct &shape, Product &product) {
    product.calls.push_back({});
    for (size_t dim = 0; dim + 2 < shape.result.size(); ++dim) {
      std::vector<std::array<int64_t, 3>> next;
      for (const std::array<int64_t, 3> &call : product.calls)
        for (int64_t i = 0; i < shape.result[dim].size; ++i) {
          next.push_back(call);
          for (size_t tensor = 0; tensor < 3; ++tensor)
            next.back()[tensor] += i * strideOf((shape.*tensors()[tensor])[dim]) * int64_t(sizeof(float));
        }
      product.calls = std::move(next);
    }
  }

  void describe(const MatrixProduct &shape, const Strided &strided, Product &product) const {
    auto matrixOf = [](const Extents &extents) {
      return Columns::transposeOf(extents[extents.size() - 2], extents[extents.size() - 1]);
    };
    constexpr const char *kDoing = "cannot describe a matrix product";
    const CublasLt &library = blas.library;
    Columns a = matrixOf(shape.rhs), b = matrixOf(shape.lhs), d = matrixOf(shape.result);
    auto layOut = [&](const Columns &matrix, int64_t stride, Owned<CublasLt::Layout> &layout) {
      library.check(library.layoutCreate(&layout.value, kReal32, static_cast<uint64_t>(matrix.rows),
                                         static_cast<uint64_t>(matrix.columns), matrix.leading),
                    kDoing);
      library.check(library.layoutSet(layout.value, kLayoutBatchCount, &strided.count, sizeof strided.count), kDoing);
      library.check(library.layoutSet(layout.value, kLayoutBatchStride, &stride, sizeof stride), kDoing);
    };
    layOut(a, strided.strides[1], product.a);
    layOut(b, strided.strides[0], product.b);
    layOut(d, strided.strides[2], product.d);
    library.check(library.operationCreate(&product.operation.value, kCompute32, kReal32), kDoing);
    for (auto [attribute, transposed] :
         {std::pair(kOperationTransposeA, a.transposed), std::pair(kOperationTransposeB, b.transposed)}) {
      int32_t flag = transposed;
      library.check(library.operationSet(product.operation.value, attribute, &flag, sizeof flag), kDoing);
    }
  }

  /// The first that the library thinks of: timing them would make bits depend on the clock.
  void chooseAlgorithm(const Strided &strided, int64_t batch, Product &product) const {
    constexpr const char *kDoing = "cannot choose how to multiply matrices";
    const CublasLt &library = blas.library;
    Owned<CublasLt::Preference> preference(library.preferenceDestroy);
    library.check(library.preferenceCreate(&preference.value), kDoing);
    auto prefer = [&](int attribute, auto value) {
      library.check(library.preferenceSet(preference.value, attribute, &value, sizeof value), kDoing);
    };
    prefer(kPreferWorkspace, uint64_t(site.workspace(batch)));
    prefer(kPreferReductions, kReduceInComputeType);
    prefer(kPreferAlignmentA, alignmentOf(1, strided, product));
    prefer(kPreferAlignmentB, alignmentOf(0, strided, product));
    prefer(kPreferAlignmentC, alignmentOf(2, strided, product));
    prefer(kPreferAlignmentD, alignmentOf(2, strided, product));
    CublasLt::Candidate candidate{};
    int found = 0;
    int result = library.getHeuristic(blas.handle, product.operation.value, product.a.value, product.b.value,
                                      product.d.value, product.d.value, preference.value, 1, &candidate, &found);
    library.check(result, kDoing);
    if (found < 1 || candidate.state != 0 || candidate.workspace > site.workspace(batch))
      site.fail("cuBLASLt has no algorithm for " + std::to_string(batch) + " samples with " +
                std::to_string(site.workspace(batch)) + " bytes of workspace");
    product.algorithm = candidate.algorithm;
    product.workspace = candidate.workspace;
  }

  /// What all addresses at which a matrix begins are multiples of, in bytes.
  uint32_t alignmentOf(size_t operand, const Strided &strided, const Product &product) const {
    int64_t common = std::gcd(site.alignment(operand), strided.strides[operand] * int64_t(sizeof(float)));
    for (const std::array<int64_t, 3> &call : product.calls)
      common = std::gcd(common, call[operand]);
    return static_cast<uint32_t>(common);
  }

  Contraction contraction;
  const Blas &blas;
};

} // namespace

std::unique_ptr<Routine> makeMatmul(const CallSite &site, const Queue &queue, const Blas &blas) {
  return std::make_unique<Matmul>(site, queue, blas);
}

} // namespace glyptic::runtime::cuda
