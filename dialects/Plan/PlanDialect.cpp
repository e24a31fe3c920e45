//===- PlanDialect.cpp - Registration and single ops ------------===//
#include "dialects/Plan/PlanDialect.h"
#include "dialects/Graph/BatchDims.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace glyptic::plan;

#include "dialects/Plan/PlanDialect.cpp.inc"
#include "dialects/Plan/PlanEnums.cpp.inc"
#include "dialects/Plan/PlanInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Plan/PlanAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Plan/PlanTypes.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Plan/PlanOps.cpp.inc"

void PlanDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Plan/PlanAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Plan/PlanTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Plan/PlanOps.cpp.inc"
      >();
}

namespace glyptic::plan {

int64_t getElementBytes(Type elementType) { return llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8); }

SizeAttr getTensorSize(RankedTensorType type) {
  graph::Dim elements = graph::getNumElements(type);
  int64_t bytes = elements.scale * getElementBytes(type.getElementType());
  return SizeAttr::get(type.getContext(), elements.batched ? 0 : bytes, elements.batched ? bytes : 0);
}

} // namespace glyptic::plan

int64_t SizeAttr::at(int64_t batch) const {
  __int128 size = getConstant() + static_cast<__int128>(getPerBatch()) * batch;
  return static_cast<int64_t>(std::min<__int128>(size, kMaxSize));
}

LogicalResult SizeAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t constant, int64_t perBatch) {
  if (constant < 0 || perBatch < 0)
    return emitError() << "a size is not negative";
  return success();
}

LogicalResult BufferOp::verify() {
  if (getOffset() % kAlignment != 0)
    return emitOpError() << "offset " << getOffset() << " is not a multiple of " << kAlignment;
  return success();
}

/// A named tensor fills its buffer exactly.
static LogicalResult verifyTensor(Operation *op, Value buffer, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.getElementType().isIntOrFloat())
    return op->emitOpError() << "expects a tensor of numbers, got " << type;
  auto place = buffer.getDefiningOp<BufferOp>();
  if (place && place.getSize() != getTensorSize(tensor))
    return op->emitOpError() << "buffer has size " << place.getSize() << ", but " << tensor << " has "
                             << getTensorSize(tensor);
  return success();
}

LogicalResult InputOp::verify() { return verifyTensor(*this, getBuffer(), getTensor()); }
LogicalResult OutputOp::verify() { return verifyTensor(*this, getBuffer(), getTensor()); }
LogicalResult AccumulatorOp::verify() { return verifyTensor(*this, getBuffer(), getTensor()); }

LogicalResult StateOp::verify() {
  if (failed(verifyTensor(*this, getBuffer(), getTensor())))
    return failure();
  auto type = cast<RankedTensorType>(getTensor());
  if (!type.hasStaticShape())
    return emitOpError("state cannot depend on the batch");
  if (std::optional<ArrayRef<int64_t>> permutation = getPermutation()) {
    SmallVector<int64_t> sorted(*permutation);
    llvm::sort(sorted);
    if (sorted != llvm::to_vector(llvm::seq<int64_t>(0, type.getRank())))
      return emitOpError("`permutation` does not permute the tensor's dimensions");
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

LogicalResult LaunchOp::verify() {
  for (int64_t position : getWrites())
    if (position < 0 || position >= static_cast<int64_t>(getBuffers().size()))
      return emitOpError() << "writes position " << position << " of " << getBuffers().size() << " buffers";
  if (getThreads().has_value() != getChunksPerBlock().has_value())
    return emitOpError("has threads of a block or chunks of a block, but not both");
  for (std::optional<uint64_t> count : {getThreads(), getChunksPerBlock()})
    if (count && static_cast<int64_t>(*count) < 1)
      return emitOpError("has blocks of nothing");
  return success();
}

SmallVector<Value> LaunchOp::getReadBuffers() {
  SmallVector<Value> reads;
  for (auto [i, buffer] : llvm::enumerate(getBuffers()))
    if (!llvm::is_contained(getWrites(), static_cast<int64_t>(i)))
      reads.push_back(buffer);
  return reads;
}

SmallVector<Value> LaunchOp::getWrittenBuffers() {
  return llvm::map_to_vector(getWrites(), [&](int64_t position) -> Value { return getBuffers()[position]; });
}

/// Planning lets a kernel do so only where it reads each element before it writes it.
bool LaunchOp::mayUpdateInPlace() { return true; }

LogicalResult LibraryCallOp::verify() {
  auto signature = cast<FunctionType>(getSignature());
  if (signature.getNumInputs() != getSources().size() || signature.getNumResults() != getTargets().size())
    return emitOpError("signature and buffers differ in number");
  for (auto [buffer, type] : llvm::zip_equal(getSources(), signature.getInputs()))
    if (failed(verifyTensor(*this, buffer, type)))
      return failure();
  for (auto [buffer, type] : llvm::zip_equal(getTargets(), signature.getResults()))
    if (failed(verifyTensor(*this, buffer, type)))
      return failure();
  for (NamedAttribute parameter : getParameters())
    if (!isa<DenseI64ArrayAttr>(parameter.getValue()))
      return emitOpError() << "parameter " << parameter.getName() << " is not a list of integers";
  return success();
}

SmallVector<Value> LibraryCallOp::getReadBuffers() { return SmallVector<Value>(getSources()); }
SmallVector<Value> LibraryCallOp::getWrittenBuffers() {
  SmallVector<Value> written(getTargets());
  if (getWorkspace())
    written.push_back(getWorkspace());
  return written;
}
bool LibraryCallOp::mayUpdateInPlace() { return false; }

LogicalResult CopyOp::verify() {
  auto source = getSource().getDefiningOp<BufferOp>(), target = getTarget().getDefiningOp<BufferOp>();
  if (source && target && source.getSize() != target.getSize())
    return emitOpError() << "source has size " << source.getSize() << ", target " << target.getSize();
  return success();
}

SmallVector<Value> CopyOp::getReadBuffers() { return {getSource()}; }
SmallVector<Value> CopyOp::getWrittenBuffers() { return {getTarget()}; }
bool CopyOp::mayUpdateInPlace() { return false; }
