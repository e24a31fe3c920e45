//===- TrainedWeights.cpp - What a step trains, and why -----------------------===//
#include "compiler/Pipeline/TrainedWeights.h"
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

} // namespace

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
