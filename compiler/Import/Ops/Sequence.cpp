//===- Sequence.cpp - Sequences of known length -------------------------------===//
//
// PyTorch's exporter writes a split as SplitToSequence and SequenceAt. Such a sequence exists at import only.
//
//===----------------------------------------------------------------------===//
#include "compiler/Import/Registry.h"
#include "compiler/Import/TensorUse.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

namespace {

/// Sizes of the parts: given one by one, or as one size that the last part may fall short of.
FailureOr<SmallVector<int64_t>> getParts(NodeImporter &node, int64_t size) {
  auto given = node.getIntegers("split", 1);
  if (failed(given))
    return failure();
  SmallVector<int64_t> parts;
  const ShapeValue *value = node.getShapeValue(1);
  if (value && !value->shape.empty()) {
    if (llvm::sum_of(**given) != size || llvm::any_of(**given, [](int64_t part) { return part < 0; }))
      return node.emitError("its parts do not add up to the dimension's size " + Twine(size));
    return **given;
  }
  int64_t part = *given ? (**given)[0] : 1;
  if (part < 1)
    return node.emitError("the size of its parts must be positive");
  if (size / part > kMaxNodes)
    return node.emitError("has more than " + Twine(kMaxNodes) + " parts, each of which would be a node");
  for (int64_t rest = size; rest > 0; rest -= part)
    parts.push_back(std::min(part, rest));
  return parts;
}

LogicalResult importSplitToSequence(NodeImporter &node) {
  RankedTensorType type = node.getType(0);
  if (!type)
    return failure();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 0), type.getRank());
  if (failed(axis))
    return failure();
  SmallVector<Dim> dims = getDims(type);
  if (dims[*axis].batched)
    return node.emitError("splits the batch; fix the batch with --shape");
  FailureOr<SmallVector<int64_t>> parts = getParts(node, dims[*axis].scale);
  if (failed(parts))
    return failure();
  SmallVector<int64_t> starts(dims.size(), 0), strides(dims.size(), 1);
  SmallVector<Value> sequence;
  for (int64_t part : *parts) {
    dims[*axis] = {part, false};
    Value piece = node.createSlice(node.getInput(0), starts, strides, dims);
    if (!node.hasInput(1) && !node.getInt("keepdims", 1)) {
      SmallVector<Dim> kept = dims;
      kept.erase(kept.begin() + *axis);
      piece = node.createReshape(piece, kept);
    }
    if (!piece)
      return failure();
    sequence.push_back(piece);
    starts[*axis] += part;
  }
  return node.setSequence(sequence);
}

LogicalResult importSequenceConstruct(NodeImporter &node) {
  FailureOr<SmallVector<Value>> values = node.getInputs();
  return failed(values) ? failure() : node.setSequence(*values);
}

LogicalResult importSequenceAt(NodeImporter &node) {
  FailureOr<SmallVector<Value>> sequence = node.getSequence(0);
  auto position = node.getIntegers("position", 1);
  if (failed(sequence) || failed(position))
    return failure();
  if (!*position || (*position)->size() != 1)
    return node.emitError("needs one position");
  int64_t size = sequence->size(), index = (**position)[0];
  if (index < -size || index >= size)
    return node.emitError("position " + Twine(index) + " does not exist in a sequence of " + Twine(size));
  return node.setResult((*sequence)[index < 0 ? index + size : index]);
}

const OpImporter kImporters[] = {
    {"SequenceAt", 11, importSequenceAt},
    {"SequenceConstruct", 11, importSequenceConstruct},
    {"SplitToSequence", 11, importSplitToSequence},
};

const ReaderRule kReaders[] = {
    {"SequenceAt", useHandedOn},
    {"SplitToSequence", useHandedOn},
};

} // namespace

ArrayRef<OpImporter> getSequenceImporters() { return kImporters; }

ArrayRef<ReaderRule> getSequenceReaders() { return kReaders; }

} // namespace glyptic
