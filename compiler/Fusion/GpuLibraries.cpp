//===- GpuLibraries.cpp - What NVIDIA's libraries do ------------===//
#include "compiler/Fusion/GpuLibraries.h"
#include "dialects/Graph/BatchDims.h"
#include "support/CudaTarget.h"
#include "support/glyph/Names.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic::fusion {

/// cuBLASLt's kernels for Hopper split long sums and want this much for the parts; earlier ones do with less.
static constexpr int kHopper = 90;
static constexpr int64_t kHopperWorkspace = 32 << 20, kEarlierWorkspace = 4 << 20;

GpuLibraries::GpuLibraries(StringRef target) : productWorkspace(kEarlierWorkspace) {
  for (const std::string &part : splitCudaTarget(target)) {
    if (getArchitectureNumber(part) >= kHopper)
      productWorkspace = kHopperWorkspace;
    if (part == "no-cudnn")
      hasCudnn = false;
  }
}

static ArrayRef<int64_t> getParameter(const LibraryCall &call, StringRef name) {
  for (auto &[known, values] : call.parameters)
    if (known == name)
      return values;
  return {};
}

/// cuBLASLt reads a matrix whose elements lie side by side along rows or along columns.
static bool isMatrix(RankedTensorType type, ArrayRef<int64_t> batch, ArrayRef<int64_t> contracting) {
  auto isOne = [&](int64_t dim) { return getDim(type, dim).isOne(); };
  int64_t innermost = type.getRank();
  while (innermost-- > 0 && isOne(innermost))
    ;
  if (innermost < 0 || !llvm::is_contained(batch, innermost))
    return true;
  auto isFree = [&](int64_t dim) { return !llvm::is_contained(batch, dim) && !llvm::is_contained(contracting, dim); };
  return llvm::all_of(contracting, isOne) ||
         llvm::all_of(llvm::make_filter_range(llvm::seq<int64_t>(0, type.getRank()), isFree), isOne);
}

/// Without tensor cores cuDNN's faster engines copy all three tensors to another order first, and some of them need a
/// little more. test/runtime/cuda/ConvolutionTest.cpp asks cuDNN whether that is enough.
static Workspace getConvolutionWorkspace(Operation *op) {
  Workspace bytes{1 << 20, 0};
  for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes())) {
    auto tensor = cast<RankedTensorType>(type);
    Dim elements = getNumElements(tensor);
    int64_t size = elements.scale * (tensor.getElementTypeBitWidth() / 8);
    (elements.batched ? bytes.perSample : bytes.constant) += size;
  }
  return bytes;
}

/// Whether a convolution is one product of matrices as tensors lie: features last, windows of one element at each place.
/// cuBLASLt moves nothing for it; cuDNN's engines without tensor cores copy tensors to another order first, most of all
/// for the gradient of the input.
static bool isPointwise(const LibraryCall &call, Operation *op) {
  auto weight = cast<RankedTensorType>(call.routine == names::kConvolutionWeightGradient ? op->getResult(0).getType()
                                                                                         : op->getOperand(1).getType());
  auto isAll = [&](StringRef name, int64_t value) {
    return llvm::all_of(getParameter(call, name), [=](int64_t each) { return each == value; });
  };
  auto isLast = [&](StringRef dims) { return getParameter(call, dims)[1] == weight.getRank() - 1; };
  ArrayRef<int64_t> space = getParameter(call, names::kWeightDims).drop_front(2);
  return llvm::all_of(space, [&](int64_t dim) { return weight.getDimSize(dim) == 1; }) && isAll(names::kStrides, 1) &&
         isAll(names::kPadsLow, 0) && isAll(names::kPadsHigh, 0) && isAll(names::kGroups, 1) &&
         isLast(names::kInputDims) && isLast(names::kWeightDims) && isLast(names::kOutputDims);
}

/// cuDNN's engines for attention multiply on tensor cores, which for FP32 means TF32, and nothing else is in 16 bits so
/// far. test/runtime/cuda/CudnnSupportTest.cpp asks cuDNN.
static StringRef whyNoAttention(Type element) {
  return element.getIntOrFloatBitWidth() > 16 ? "cuDNN's attention multiplies on tensor cores, too coarsely for FP32"
                                              : "library calls are in FP32 so far, and cuDNN's attention is not";
}

LibraryAnswer GpuLibraries::ask(const LibraryCall &call, Operation *op) const {
  const StringRef routine = call.routine;
  auto type = [&](unsigned i) { return cast<RankedTensorType>(op->getOperand(i).getType()); };
  if (llvm::is_contained({names::kAttention, names::kAttentionGradient}, routine))
    return {std::nullopt, whyNoAttention(type(0).getElementType())};
  if (llvm::is_contained({names::kConvolution, names::kConvolutionInputGradient, names::kConvolutionWeightGradient},
                         routine)) {
    if (isPointwise(call, op))
      return {};
    if (!hasCudnn)
      return {std::nullopt, "the target has no cuDNN for convolutions"};
    return {getConvolutionWorkspace(op)};
  }
  if (routine != names::kMatmul) // pooling, which is a kernel on a GPU
    return {};
  if (!isMatrix(type(0), getParameter(call, names::kLhsBatch), getParameter(call, names::kLhsContracting)) ||
      !isMatrix(type(1), getParameter(call, names::kRhsBatch), getParameter(call, names::kRhsContracting)))
    return {std::nullopt, "no elements of a matrix lie side by side, as cuBLASLt needs"};
  return {Workspace{productWorkspace, 0}};
}

} // namespace glyptic::fusion
