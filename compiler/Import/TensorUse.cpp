//===- TensorUse.cpp - What a stored tensor is to its readers -----------------===//
#include "compiler/Import/TensorUse.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace glyptic {

namespace {

/// Exporters put one or two nodes between a weight and its use; a file that puts thousands is not worth the time.
constexpr int kMaxHops = 16;

const ReaderRule *lookupRule(const FlatNode &node) {
  static const StringMap<const ReaderRule *> rules = [] {
    StringMap<const ReaderRule *> table;
    for (auto getter :
         {getActivationReaders, getContractionReaders, getConvolutionReaders, getElementwiseReaders, getIndexingReaders,
          getNormalisationReaders, getResizeReaders, getSequenceReaders, getShapeReaders})
      for (const ReaderRule &rule : getter())
        table[rule.op] = &rule;
    return table;
  }();
  return normalizeDomain(node.proto->domain()).empty() ? rules.lookup(node.proto->op_type()) : nullptr;
}

int64_t countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    if (MulOverflow(count, size, count))
      return INT64_MAX; // nothing in memory: the tensor will be refused
  return count;
}

} // namespace

int64_t Reading::getNumElements() const { return countElements(shape); }

StringRef Reading::getOther() const {
  return node.proto->input_size() == 2 ? StringRef(node.proto->input(1 - slot)) : StringRef();
}

bool Reading::isVector() const {
  return count_if(shape, [](int64_t size) { return size != 1; }) <= 1;
}

bool Reading::isBetweenLayers() const {
  return graph.precedesLayer(node.proto->output(0)) &&
         any_of(node.proto->input(), [&](const std::string &input) { return graph.followsLayer(input); });
}

TensorUse useHandedOn(const Reading &reading) { return {reading.slot == 0 ? TensorUse::HandedOn : TensorUse::Other}; }

ReaderGraph::ReaderGraph(const FlatGraph &graph, StringMap<SmallVector<int64_t>> stored, StringSet<> inputs)
    : stored(std::move(stored)), fed(std::move(inputs)) {
  for (const FlatNode &node : graph.nodes) {
    for (int i = 0; i < node.proto->input_size(); ++i)
      readers[node.proto->input(i)].push_back({&node, i});
    for (const std::string &output : node.proto->output())
      producers[output] = &node;
  }
  findStored(graph);
  findLayers(graph);
}

/// The sizes that a shape operator takes are in no value.
bool ReaderGraph::anyValue(const FlatNode &node, function_ref<bool(StringRef)> holds) const {
  const auto &inputs = node.proto->input();
  return handsOn(node) ? holds(inputs[0]) : any_of(inputs, [&](const std::string &input) { return holds(input); });
}

void ReaderGraph::findStored(const FlatGraph &graph) {
  for (const FlatNode &node : graph.nodes) {
    bool isFed = anyValue(node, [&](StringRef input) { return fed.contains(input); });
    SmallVector<int64_t> shape;
    bool isStored = false;
    if (!isFed)
      anyValue(node, [&](StringRef input) {
        auto found = stored.find(input);
        if (found != stored.end() && (!isStored || countElements(found->second) > countElements(shape))) {
          isStored = true;
          shape = found->second;
        }
        return false;
      });
    for (const std::string &output : node.proto->output()) {
      if (isFed)
        fed.insert(output);
      if (isStored)
        stored.try_emplace(output, shape);
    }
  }
}

void ReaderGraph::findLayers(const FlatGraph &graph) {
  StringSet<> layers; // by their first results
  for (const FlatNode &node : graph.nodes) {
    const auto &outputs = node.proto->output();
    if (outputs.empty() || !fed.contains(outputs[0]))
      continue;
    bool isLayer = getLayerWeight(node).kind == TensorUse::Learnt;
    if (isLayer)
      layers.insert(outputs[0]);
    if (isLayer || anyValue(node, [&](StringRef input) { return followsLayer(input); }))
      for (const std::string &output : outputs)
        behindLayers.insert(output);
  }
  for (const FlatNode &node : reverse(graph.nodes)) {
    const auto &outputs = node.proto->output();
    if (any_of(outputs, [&](const std::string &output) { return layers.contains(output) || precedesLayer(output); }))
      anyValue(node, [&](StringRef input) {
        beforeLayers.insert(input);
        return false;
      });
  }
}

TensorUse ReaderGraph::getUse(const FlatNode &node, int slot, ArrayRef<int64_t> shape, bool isComputed) const {
  const ReaderRule *rule = node.proto->output_size() ? lookupRule(node) : nullptr;
  TensorUse use = rule ? rule->getUse({node, slot, shape, *this, isComputed}) : TensorUse();
  // A number that an exporter repeats to the shape of a bias is one of a formula: zeros where a layer has no bias.
  return use.kind == TensorUse::Learnt && shape.empty() && !isComputed ? TensorUse() : use;
}

ReaderGraph::Found ReaderGraph::classify(StringRef name) const {
  auto shape = stored.find(name);
  if (shape == stored.end())
    return {};
  // The number in 1 + x is one of a formula; that in exp(t) is not.
  const bool isNumber = all_of(shape->second, [](int64_t size) { return size == 1; });
  SmallVector<std::pair<StringRef, bool>> names{{name, false}};
  StringSet<> seen;
  Found other; // what is learnt anywhere is learnt
  for (int hop = 0; hop <= kMaxHops && !names.empty(); ++hop) {
    SmallVector<std::pair<StringRef, bool>> next;
    for (auto [current, isComputed] : names) {
      if (!seen.insert(current).second)
        continue;
      auto found = readers.find(current);
      if (found == readers.end())
        continue;
      for (auto [node, slot] : found->second) {
        TensorUse use = getUse(*node, slot, shape->second, isComputed);
        if (use.kind == TensorUse::Learnt)
          return {node, use};
        if (!other.node && (use.kind == TensorUse::Kept || use.kind == TensorUse::Shaping))
          other = {node, use};
        const bool isHandedOn = use.kind == TensorUse::HandedOn;
        const bool isFormula = use.kind == TensorUse::Other && node->proto->output_size() &&
                               getStored(node->proto->output(0)) &&
                               (!isNumber || isComputed || node->proto->input_size() == 1);
        if (isHandedOn || isFormula)
          for (const std::string &output : node->proto->output())
            next.push_back({output, isComputed || !isHandedOn});
      }
    }
    names = std::move(next);
  }
  return other;
}

/// Whatever the tensor: operand 0 comes out again. Rules that look at the other operands say so by the tensor's shape.
bool ReaderGraph::handsOn(const FlatNode &node) const {
  const ReaderRule *rule = lookupRule(node);
  return rule && node.proto->input_size() && rule->getUse == useHandedOn;
}

const FlatNode *ReaderGraph::getSource(StringRef name) const {
  const FlatNode *node = producers.lookup(name);
  for (int hop = 0; hop < kMaxHops && node && handsOn(*node); ++hop)
    node = producers.lookup(node->proto->input(0));
  return node;
}

bool ReaderGraph::isReadBy(StringRef name, ArrayRef<StringRef> ops, ArrayRef<StringRef> passing) const {
  SmallVector<StringRef> names{name};
  StringSet<> seen;
  for (int hop = 0; hop <= kMaxHops && !names.empty(); ++hop) {
    SmallVector<StringRef> next;
    for (StringRef current : names) {
      auto found = readers.find(current);
      if (found == readers.end() || !seen.insert(current).second)
        continue;
      for (auto [node, slot] : found->second) {
        StringRef op = node->proto->op_type();
        if (is_contained(ops, op))
          return true;
        if (handsOn(*node) || is_contained(passing, op))
          next.append(node->proto->output().begin(), node->proto->output().end());
      }
    }
    names = std::move(next);
  }
  return false;
}

const SmallVector<int64_t> *ReaderGraph::getStored(StringRef name) const {
  auto found = stored.find(name);
  return found == stored.end() ? nullptr : &found->second;
}

TensorUse ReaderGraph::getLayerWeight(const FlatNode &node) const {
  for (int i = 0; i < node.proto->input_size(); ++i)
    if (const SmallVector<int64_t> *shape = getStored(node.proto->input(i)))
      if (TensorUse use = getUse(node, i, *shape, false); use.kind == TensorUse::Learnt && !use.features.empty())
        return use;
  return {};
}

} // namespace glyptic
