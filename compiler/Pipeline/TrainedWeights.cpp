//===- TrainedWeights.cpp - What a step trains, and why -----------------------===//
#include "compiler/Pipeline/TrainedWeights.h"
#include "compiler/Import/Diagnostics.h"
#include "compiler/Planning/Units.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace glyptic {

llvm::StringSet<> getTrainedParameters(ModuleOp module) {
  llvm::StringSet<> names;
  auto step = module.lookupSymbol<func::FuncOp>(entry::Step);
  for (unsigned i = 0, count = step ? step.getNumArguments() : 0; i < count; ++i) {
    auto role = step.getArgAttrOfType<StringAttr>(i, kRoleAttr);
    if (role && role.getValue() == role::Parameter)
      names.insert(step.getArgAttrOfType<StringAttr>(i, kNameAttr).getValue());
  }
  return names;
}

namespace {

/// Tensors counted by reason: `weight of node 'conv1' (Conv)` is one more `weight`.
class Reasons {
public:
  void add(StringRef reason) {
    StringRef kind = reason.split(" of node ").first;
    ++counts.insert({kind, 0}).first->second;
  }

  std::string toText() const {
    std::string text;
    for (auto [kind, count] : counts)
      text += (text.empty() ? "" : ", ") + kind.str() + " " + std::to_string(count);
    return text;
  }

private:
  llvm::MapVector<StringRef, int64_t> counts;
};

/// Whether `b` is `a`, or its transpose. Different numbers differ early.
bool holdsSame(const Weight &a, const Weight &b) {
  if (a.type == b.type)
    return a.bytes == b.bytes;
  int64_t rows = a.type.getDimSize(0), columns = a.type.getDimSize(1), width = a.bytes.size() / (rows * columns);
  if (a.type.getElementType() != b.type.getElementType() || b.type.getDimSize(0) != columns ||
      b.type.getDimSize(1) != rows)
    return false;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      if (a.bytes.slice((i * columns + j) * width, width) != b.bytes.slice((j * rows + i) * width, width))
        return false;
  return true;
}

/// Nothing follows from two matrices of zeros.
bool isConstant(const Weight &weight) {
  size_t width = weight.bytes.size() / weight.type.getNumElements();
  return weight.bytes.drop_front(width) == weight.bytes.drop_back(width);
}

} // namespace

std::vector<std::string> findEqualMatrices(ArrayRef<Weight> weights, const llvm::StringSet<> &trained) {
  SmallVector<const Weight *> matrices;
  std::vector<std::string> sentences;
  for (const Weight &weight : weights) {
    if (weight.type.getRank() != 2 || weight.type.getNumElements() < 2 || !trained.contains(weight.name) ||
        isConstant(weight))
      continue;
    for (const Weight *other : matrices)
      if (holdsSame(*other, weight))
        sentences.push_back(
            quote(other->name) + " and " + quote(weight.name) +
            " hold the same numbers and are trained apart: if they are one weight of the original model, "
            "the exporter has written it twice; export it once to keep it one");
    matrices.push_back(&weight);
  }
  return sentences;
}

std::string summarizeTrained(ArrayRef<Weight> weights, ModuleOp module) {
  llvm::StringSet<> trained = getTrainedParameters(module);
  Reasons why, whyNot;
  int64_t elements = 0;
  for (const Weight &weight : weights) {
    if (trained.contains(weight.name)) {
      why.add(weight.reason);
      elements += weight.type.getNumElements();
    } else {
      whyNot.add(weight.role == role::Parameter ? "frozen or without a gradient" : StringRef(weight.reason));
    }
  }
  std::string kept = whyNot.toText();
  return "trains " + std::to_string(trained.size()) + " of " + std::to_string(weights.size()) + " tensors, " +
         planning::formatCount(elements) + " elements (" + why.toText() + ")" + (kept.empty() ? "" : "; keeps " + kept);
}

} // namespace glyptic
