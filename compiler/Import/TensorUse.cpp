//===- TensorUse.cpp - What a stored tensor is to its readers -----------------===//
#include "compiler/Import/TensorUse.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace glyptic {

namespace {

/// Exporters put one or two nodes between a weight and its use; a file that puts thousands is not worth the time.
constexpr int kMaxHops = 16;

const ReaderRule *lookupRule(const FlatNode &node) {
  static const StringMap<const ReaderRule *> rules = [] {
    StringMap<const ReaderRule *> table;
    for (auto getter : {getActivationReaders, getContractionReaders, getConvolutionReaders, getElementwiseReaders,
                        getIndexingReaders, getNormalisationReaders, getResizeReaders, getShapeReaders})
      for (const ReaderRule &rule : getter())
        table[rule.op] = &rule;
    return table;
  }();
  return normalizeDomain(node.proto->domain()).empty() ? rules.lookup(node.proto->op_type()) : nullptr;
}

} // namespace

int64_t Reading::getNumElements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    if (MulOverflow(count, size, count))
      return INT64_MAX; // nothing in memory: the tensor will be refused
  return count;
}

StringRef Reading::getOther() const {
  return node.proto->input_size() == 2 ? StringRef(node.proto->input(1 - slot)) : StringRef();
}

bool Reading::isVector() const {
  return count_if(shape, [](int64_t size) { return size != 1; }) <= 1;
}

TensorUse useHandedOn(const Reading &reading) {
  return {reading.slot == 0 ? TensorUse::HandedOn : TensorUse::Other};
}

ReaderGraph::ReaderGraph(const FlatGraph &graph, StringMap<SmallVector<int64_t>> stored) : stored(std::move(stored)) {
  for (const FlatNode &node : graph.nodes) {
    for (int i = 0; i < node.proto->input_size(); ++i)
      readers[node.proto->input(i)].push_back({&node, i});
    for (const std::string &output : node.proto->output())
      producers[output] = &node;
  }
}

TensorUse ReaderGraph::getUse(const FlatNode &node, int slot, ArrayRef<int64_t> shape) const {
  const ReaderRule *rule = lookupRule(node);
  TensorUse use = rule ? rule->getUse({node, slot, shape, *this}) : TensorUse();
  // A number that an exporter repeats to the shape of a bias is one of a formula: zeros where a layer has no bias.
  return use.kind == TensorUse::Learnt && shape.empty() ? TensorUse() : use;
}

ReaderGraph::Found ReaderGraph::classify(StringRef name) const {
  auto shape = stored.find(name);
  if (shape == stored.end())
    return {};
  SmallVector<StringRef> names{name};
  StringSet<> seen;
  for (int hop = 0; hop <= kMaxHops && !names.empty(); ++hop) {
    SmallVector<StringRef> next;
    for (StringRef current : names) {
      if (!seen.insert(current).second)
        continue;
      auto found = readers.find(current);
      if (found == readers.end())
        continue;
      for (auto [node, slot] : found->second) {
        TensorUse use = getUse(*node, slot, shape->second);
        if (use.kind == TensorUse::HandedOn)
          next.append(node->proto->output().begin(), node->proto->output().end());
        else if (use.kind != TensorUse::Other)
          return {node, use};
      }
    }
    names = std::move(next);
  }
  return {};
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

bool ReaderGraph::isReadBy(StringRef name, ArrayRef<StringRef> ops) const {
  SmallVector<StringRef> names{name};
  for (int hop = 0; hop <= kMaxHops && !names.empty(); ++hop) {
    SmallVector<StringRef> next;
    for (StringRef current : names)
      for (auto [node, slot] : readers.lookup(current)) {
        if (is_contained(ops, StringRef(node->proto->op_type())))
          return true;
        if (handsOn(*node))
          next.append(node->proto->output().begin(), node->proto->output().end());
      }
    names = std::move(next);
  }
  return false;
}

const SmallVector<int64_t> *ReaderGraph::getStored(StringRef name) const {
  for (int hop = 0; hop <= kMaxHops; ++hop) {
    if (auto found = stored.find(name); found != stored.end())
      return &found->second;
    const FlatNode *node = producers.lookup(name);
    if (!node || !handsOn(*node))
      return nullptr;
    name = node->proto->input(0);
  }
  return nullptr;
}

TensorUse ReaderGraph::getLayerWeight(const FlatNode &node) const {
  for (int i = 0; i < node.proto->input_size(); ++i)
    if (const SmallVector<int64_t> *shape = getStored(node.proto->input(i)))
      if (TensorUse use = getUse(node, i, *shape); use.kind == TensorUse::Learnt && !use.features.empty())
        return use;
  return {};
}

} // namespace glyptic
