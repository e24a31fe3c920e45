//===- TrainedWeights.cpp - What a step trains, and why -----------------------===//
#include "compiler/Pipeline/TrainedWeights.h"
#include "compiler/Import/Diagnostics.h"
#include "compiler/Planning/Units.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Graph/NodeLocation.h"
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

/// Tensors counted by what they are.
class Reasons {
public:
  void add(const Weight &weight) { add(weight.use.empty() ? weight.reason : weight.use); }
  void add(StringRef kind) { ++counts.insert({kind, 0}).first->second; }

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

/// All elements are alike. Nothing follows from two matrices of zeros.
bool isConstant(const Weight &weight) {
  if (weight.type.getNumElements() == 0)
    return false;
  size_t width = weight.bytes.size() / weight.type.getNumElements();
  return weight.bytes.drop_front(width) == weight.bytes.drop_back(width);
}

void findEqualMatrices(ArrayRef<const Weight *> trained, std::vector<std::string> &sentences) {
  SmallVector<const Weight *> matrices;
  for (const Weight *weight : trained) {
    if (weight->type.getRank() != 2 || weight->type.getNumElements() < 2 || isConstant(*weight))
      continue;
    for (const Weight *other : matrices)
      if (holdsSame(*other, *weight))
        sentences.push_back(
            quote(other->name) + " and " + quote(weight->name) +
            " hold the same numbers and are trained apart: if they are one weight of the original model, "
            "the exporter has written it twice; export it once to keep it one");
    matrices.push_back(weight);
  }
}

/// Adds the ONNX nodes that compute with `value`, in the order of the model. Parts of it are taken from one weight.
void addReaders(Value value, SmallVectorImpl<graph::NodeOrigin> &readers) {
  SmallVector<Operation *> users(value.getUsers());
  llvm::sort(users, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  for (Operation *user : users) {
    if (user->hasTrait<graph::trait::View>() || user->hasTrait<graph::trait::Repeats>()) {
      addReaders(user->getResult(0), readers);
      continue;
    }
    SmallVector<graph::NodeOrigin> nodes = graph::getNodes(user->getLoc());
    if (user->hasTrait<graph::trait::MovesElements>() || nodes.empty())
      continue;
    auto isThis = [&](const graph::NodeOrigin &known) { return known.describe() == nodes.front().describe(); };
    if (llvm::none_of(readers, isThis))
      readers.push_back(nodes.front());
  }
}

/// The module of a node: as the newer exporter notes it, or as the older one names nodes, `/layers.0/linear/MatMul`.
StringRef getModule(const graph::NodeOrigin &node) {
  if (!node.modulePath.empty() || !StringRef(node.node).starts_with("/"))
    return node.modulePath;
  return StringRef(node.node).rsplit('/').first;
}

/// Whether two of the modules are copies of each other: their paths differ in numbers alone. A weight that is tied, or a
/// module that is used twice, is not: the paths of its nodes differ in words, or do not differ.
bool areCopies(ArrayRef<graph::NodeOrigin> nodes) {
  llvm::StringMap<StringRef> known; // a module by its path without numbers
  return llvm::any_of(nodes, [&](const graph::NodeOrigin &node) {
    StringRef module = getModule(node);
    std::string words = module.str();
    llvm::erase_if(words, llvm::isDigit);
    return known.try_emplace(words, module).first->second != module;
  });
}

void findMergedWeights(ArrayRef<const Weight *> trained, func::FuncOp infer, std::vector<std::string> &sentences) {
  for (const Weight *weight : trained) {
    BlockArgument *argument = llvm::find_if(infer.getArguments(), [&](BlockArgument argument) {
      auto name = infer.getArgAttrOfType<StringAttr>(argument.getArgNumber(), kNameAttr);
      return name && name.getValue() == weight->name;
    });
    if (argument == infer.getArguments().end())
      continue;
    SmallVector<graph::NodeOrigin> readers;
    addReaders(*argument, readers);
    if (readers.size() < 2 || !(isConstant(*weight) || areCopies(readers)))
      continue;
    sentences.push_back(quote(weight->name) + " is one weight of " + std::to_string(readers.size()) +
                        " nodes, the first is " + readers.front().describe() + ", " +
                        (isConstant(*weight) ? "and all its elements are equal: exporters merge tensors that are "
                                               "equal, as new scales and biases are."
                                             : "of layers that are copies of each other: exporters merge tensors that "
                                               "are equal, as those of copied layers are.") +
                        " If each node has its own in the original model, export it without merging (dynamo=True, "
                        "optimize=False in PyTorch)");
  }
}

} // namespace

std::vector<std::string> findDoubtfulWeights(ArrayRef<Weight> weights, ModuleOp module) {
  llvm::StringSet<> names = getTrainedParameters(module);
  SmallVector<const Weight *> trained;
  for (const Weight &weight : weights)
    if (names.contains(weight.name))
      trained.push_back(&weight);
  std::vector<std::string> sentences;
  findEqualMatrices(trained, sentences);
  if (auto infer = module.lookupSymbol<func::FuncOp>(entry::Infer))
    findMergedWeights(trained, infer, sentences);
  return sentences;
}

std::string summarizeTrained(ArrayRef<Weight> weights, ModuleOp module) {
  llvm::StringSet<> trained = getTrainedParameters(module);
  Reasons why, whyNot;
  int64_t elements = 0;
  for (const Weight &weight : weights) {
    if (trained.contains(weight.name)) {
      why.add(weight);
      elements += weight.type.getNumElements();
    } else {
      weight.role == role::Parameter ? whyNot.add("frozen or without a gradient") : whyNot.add(weight);
    }
  }
  std::string kept = whyNot.toText();
  return "trains " + std::to_string(trained.size()) + " of " + std::to_string(weights.size()) + " tensors, " +
         planning::formatCount(elements) + " elements (" + why.toText() + ")" + (kept.empty() ? "" : "; keeps " + kept);
}

} // namespace glyptic
