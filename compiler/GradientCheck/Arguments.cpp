//===- Arguments.cpp - Where to check a gradient ------------------------------===//
#include "compiler/GradientCheck/Arguments.h"
#include "compiler/Glyph/Serialize.h"
#include "compiler/Program.h"
#include "compiler/Training/Entry.h"
#include "dialects/Graph/BatchDims.h"
#include "dialects/Graph/GraphDialect.h"
#include "support/DataSet.h"
#include "support/Error.h"
#include "support/Philox.h"
#include "llvm/ADT/SetVector.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {
namespace {

/// Below what all positions that are made of `value` lie, directly or by arithmetic; nullopt if none is.
std::optional<int64_t> findIndexBound(Value value) {
  std::optional<int64_t> bound;
  llvm::SetVector<Value> open;
  open.insert(value);
  for (size_t i = 0; i < open.size(); ++i)
    for (Operation *user : open[i].getUsers()) {
      if (auto indexing = dyn_cast<IndexingOpInterface>(user); indexing && indexing.getIndexUse().indices == open[i]) {
        const int64_t high = indexing.getIndexUse().high;
        bound = std::min(bound.value_or(high), high);
        continue;
      }
      for (Value result : user->getResults())
        if (isa<IntegerType>(getElementTypeOrSelf(result.getType())))
          open.insert(result);
    }
  return bound;
}

class ArgumentMaker {
public:
  ArgumentMaker(func::FuncOp grad, ArrayRef<Weight> weights, uint64_t seed) : grad(grad), seed(seed) {
    for (const Weight &weight : weights)
      weightsByName[weight.name] = &weight;
    for (unsigned i : getData())
      isBatched |= getBatchedDim(getType(i)) >= 0;
    // A model that fixes its batch takes exactly that many samples: what its inputs have in common.
    for (unsigned i : getData())
      if (!isBatched && getArgumentRole(grad, i) == role::Input && getType(i).getRank() > 0 && fixed == 0)
        fixed = getType(i).getDimSize(0);
  }

  GradientArguments run(const std::string &data, int64_t samples) {
    std::optional<DataSet> set;
    if (!data.empty()) {
      std::vector<ArraySpec> specs;
      for (unsigned i : getData())
        specs.push_back(makeSpec(i));
      set = DataSet::load(data, specs);
    }
    if (isBatched && set)
      samples = std::min(samples, int64_t(set->size()));
    result.samples = isBatched ? samples : std::max<int64_t>(fixed, 1);
    result.batch = isBatched ? samples : 1;
    if (set && int64_t(set->size()) < result.samples)
      throw Error(data + ": holds " + std::to_string(set->size()) + " samples; the model's batch is fixed at " +
                  std::to_string(result.samples));
    for (unsigned i : llvm::seq(grad.getNumArguments()))
      result.tensors.push_back(makeArgument(i, set ? &*set : nullptr));
    return std::move(result);
  }

private:
  RankedTensorType getType(unsigned i) { return cast<RankedTensorType>(grad.getArgument(i).getType()); }

  /// Arguments that come from data.
  SmallVector<unsigned> getData() {
    return llvm::to_vector(llvm::make_filter_range(llvm::seq(grad.getNumArguments()), [&](unsigned i) {
      return llvm::is_contained({StringRef(role::Input), StringRef(role::Label)}, getArgumentRole(grad, i));
    }));
  }

  /// NumPy's files know no BF16: such arrays are FP32.
  DType getFileType(unsigned i) {
    Type type = getType(i).getElementType();
    return type.isBF16() ? DType::F32 : *toDataType(type);
  }

  ArraySpec makeSpec(unsigned i) {
    RankedTensorType type = getType(i);
    ArraySpec spec;
    spec.name = getArgumentName(grad, i).str();
    spec.type = getFileType(i);
    spec.label = getArgumentRole(grad, i) == role::Label;
    int64_t dim = getBatchedDim(type);
    if (dim > 0)
      throw Error(ErrorCode::Unsupported, "'" + spec.name + "' counts samples in dimension " + std::to_string(dim) +
                                              "; data sets count them in dimension 0");
    spec.batched = dim == 0;
    if (fixed > 0 && type.getRank() > 0)
      spec.batched = spec.label ? type.getDimSize(0) % fixed == 0 : type.getDimSize(0) == fixed;
    if (spec.batched)
      spec.rows = getDim(type, 0).scale / (dim == 0 ? 1 : fixed);
    for (int64_t d = spec.batched; d < type.getRank(); ++d)
      spec.dims.push_back(type.getDimSize(d));
    return spec;
  }

  HostTensor makeArgument(unsigned i, const DataSet *set) {
    StringRef argumentRole = getArgumentRole(grad, i), name = getArgumentName(grad, i);
    const Weight *weight = weightsByName.lookup(name);
    if (weight && (argumentRole == role::Parameter || argumentRole == role::Buffer))
      return read(getElements(weight->type, weight->bytes), weight->type);
    HostTensor tensor(getType(i).getElementType(), getShapeAt(getType(i), result.batch), HostPrecision::F64);
    if (argumentRole != role::Input && argumentRole != role::Label)
      return tensor;
    if (!set) {
      fill(tensor, i);
      return tensor;
    }
    size_t index = set->indexOf(name.str());
    std::vector<uint64_t> which(result.samples);
    std::iota(which.begin(), which.end(), 0);
    std::vector<char> bytes(set->bytes(index, which.size()));
    set->gather(index, which.data(), which.size(), bytes.data());
    Type stored =
        getType(i).getElementType().isBF16() ? Float32Type::get(grad.getContext()) : getType(i).getElementType();
    return read(getElements(RankedTensorType::get(tensor.getShape(), stored), bytes), getType(i));
  }

  HostTensor read(DenseElementsAttr elements, RankedTensorType type) {
    HostTensor tensor(type.getElementType(), elements.getType().getShape(), HostPrecision::F64);
    tensor.getStorage() = HostTensor::fromElements(elements, HostPrecision::F64)->getStorage();
    return tensor;
  }

  void fill(HostTensor &tensor, unsigned argument) {
    const bool isFloat = isa<FloatType>(tensor.getElementType());
    const bool isLabel = getArgumentRole(grad, argument) == role::Label;
    const int64_t bound = isFloat ? 0 : findIndexBound(grad.getArgument(argument)).value_or(2);
    for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
      // Directions are drawn with the last word above zero.
      uint32_t bits = philox({uint32_t(i), uint32_t(i >> 32), argument, 0}, {uint32_t(seed), uint32_t(seed >> 32)})[0];
      const double unit = bits * 0x1p-32;
      if (isFloat)
        // Labels are probabilities for some losses.
        tensor.set(i, isLabel ? unit : (2 * unit - 1) * std::sqrt(3.0));
      else
        tensor.set(i, std::floor(unit * bound));
    }
  }

  func::FuncOp grad;
  uint64_t seed;
  llvm::StringMap<const Weight *> weightsByName;
  bool isBatched = false;
  int64_t fixed = 0;
  GradientArguments result;
};

} // namespace

GradientArguments makeArguments(func::FuncOp grad, ArrayRef<Weight> weights, const std::string &data, int64_t samples,
                                uint64_t seed) {
  return ArgumentMaker(grad, weights, seed).run(data, samples);
}

} // namespace glyptic
