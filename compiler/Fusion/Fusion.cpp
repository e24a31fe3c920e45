//===- Fusion.cpp - Ops into regions ----------------------------*- C++ -*-===//
#include "compiler/Fusion/Grouping.h"
#include "compiler/Fusion/Predicates.h"
#include "compiler/Fusion/Recompute.h"
#include "compiler/Passes.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_FUSIONPASS
#include "compiler/Passes.h.inc"

namespace {

/// Says of every input of every region why what makes it is another one.
class Boundaries {
public:
  explicit Boundaries(Block &block) : flat(llvm::to_vector_of<Operation *>(block.getOps<RegionOp>())) {}

  void addRegion(const fusion::Group &group, RegionOp region) {
    for (Operation *op : group.ops)
      regionOf[op] = region;
    groups.push_back({&group, region});
  }

  void record(Block &block) {
    llvm::DenseMap<std::pair<Operation *, Operation *>, StringRef> rules;
    for (auto &[group, region] : groups)
      for (auto [producer, rule] : group->apart)
        rules[{regionOf.lookup(producer), region}] = rule;
    for (auto region : block.getOps<RegionOp>()) {
      SmallVector<StringRef> apart = llvm::map_to_vector(region.getInputs(), [&](Value input) -> StringRef {
        bool isReshaped = false;
        Operation *producer = input.getDefiningOp();
        for (; producer && producer->hasTrait<trait::View>(); producer = producer->getOperand(0).getDefiningOp())
          isReshaped = true;
        if (!isa_and_nonnull<RegionOp>(producer))
          return "";
        if (StringRef rule = rules.lookup({producer, region}); !rule.empty())
          return rule;
        const bool isFlat = llvm::is_contained(flat, producer) || llvm::is_contained(flat, region.getOperation());
        return isReshaped ? fusion::kOneShape.name : isFlat ? fusion::kFlatState.name : fusion::kStoredCopy.name;
      });
      if (llvm::any_of(apart, [](StringRef rule) { return !rule.empty(); }))
        region.setApartAttr(Builder(region.getContext()).getStrArrayAttr(apart));
    }
  }

private:
  const SmallVector<Operation *> flat; ///< regions that were there before
  llvm::DenseMap<Operation *, Operation *> regionOf;
  SmallVector<std::pair<const fusion::Group *, RegionOp>> groups;
};

/// Turns one group into a region op. Inputs are the values from outside that its ops read, seen through free ops;
/// results are the values that anything outside still needs.
class Outliner {
public:
  explicit Outliner(const fusion::Group &group) : group(group) {}

  RegionOp run() {
    Operation *last = group.ops.front();
    for (Operation *op : group.ops) {
      if (last->isBeforeInBlock(op))
        last = op;
      for (Value operand : op->getOperands())
        fusion::readsMemory(op) ? void(inputs.insert(operand)) : collectInputs(operand);
    }
    SmallVector<Value> results = getResults();
    OpBuilder builder(last);
    SmallVector<Location> locations;
    for (Operation *op : llvm::concat<Operation *const>(recomputed, group.ops))
      locations.push_back(op->getLoc());
    auto region = RegionOp::create(builder, builder.getFusedLoc(locations), ValueRange(results).getTypes(),
                                   inputs.getArrayRef());
    if (group.kind != fusion::Kind::Alone)
      region.setSchedule(fusion::stringifyKind(group.kind));
    buildBody(region, results);
    for (auto [old, replacement] : llvm::zip_equal(results, region.getResults()))
      old.replaceUsesWithIf(replacement, [&](OpOperand &use) { return !group.ops.contains(use.getOwner()); });
    return region;
  }

private:
  void collectInputs(Value value) {
    Operation *def = value.getDefiningOp();
    if ((def && group.ops.contains(def)) || !visited.insert(value).second)
      return;
    if (!def || !fusion::isFree(def)) {
      inputs.insert(value);
      return;
    }
    for (Value operand : def->getOperands())
      collectInputs(operand);
    if (def->hasAttr(fusion::kRecomputedAttr))
      recomputed.insert(def);
  }

  SmallVector<Value> getResults() const {
    SmallVector<Value> results;
    for (Operation *op : getOrderedOps())
      for (Value result : op->getResults())
        if (llvm::any_of(result.getUsers(), [&](Operation *user) { return isNeededOutside(user); }))
          results.push_back(result);
    return results;
  }

  /// A free op outside counts for what uses it: if that is all in the group, the group has its clone.
  bool isNeededOutside(Operation *user) const {
    return !group.ops.contains(user) && !(fusion::isFree(user) && fusion::isUsedOnlyIn(user, group));
  }

  SmallVector<Operation *> getOrderedOps() const {
    SmallVector<Operation *> ops(group.ops.begin(), group.ops.end());
    llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    return ops;
  }

  void buildBody(RegionOp region, ArrayRef<Value> results) {
    Block &body = region.getBody().emplaceBlock();
    for (Value input : inputs)
      mapping.map(input, body.addArgument(input.getType(), input.getLoc()));
    OpBuilder builder = OpBuilder::atBlockEnd(&body);
    for (Operation *op : getOrderedOps()) {
      for (Value operand : op->getOperands())
        materialise(builder, operand);
      builder.clone(*op, mapping);
    }
    SmallVector<Value> yielded = llvm::map_to_vector(results, [&](Value value) { return mapping.lookup(value); });
    YieldOp::create(builder, region.getLoc(), yielded);
  }

  void materialise(OpBuilder &builder, Value value) {
    if (mapping.contains(value))
      return;
    Operation *def = value.getDefiningOp();
    assert(def && fusion::isFree(def) && "every other value is an input or computed before");
    for (Value operand : def->getOperands())
      materialise(builder, operand);
    builder.clone(*def, mapping)->removeAttr(fusion::kRecomputedAttr);
  }

  const fusion::Group &group;
  llvm::SetVector<Value> inputs;
  llvm::DenseSet<Value> visited;
  llvm::SetVector<Operation *> recomputed; ///< what the region serves beside its own ops
  IRMapping mapping;
};

struct FusionPass : impl::FusionPassBase<FusionPass> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    fusion::markRecomputed(block);
    std::vector<fusion::Group> groups = fusion::formGroups(block);
    // A value that a library call, a kernel of its own or the caller needs is computed by a region even if it is free
    // elsewhere.
    for (fusion::Group &group : formFreeGroups(block))
      groups.push_back(std::move(group));
    Boundaries boundaries(block);
    for (const fusion::Group &group : groups)
      boundaries.addRegion(group, Outliner(group).run());
    boundaries.record(block);
    // Regions stand where the last op of their group stood; ops of other groups may need a result earlier.
    eraseDead(block);
    sortTopologically(&block);
  }

  /// Free ops with a use that they cannot be cloned for. A plain constant stays what it is: planning places it.
  static std::vector<fusion::Group> formFreeGroups(Block &block) {
    std::vector<fusion::Group> groups;
    for (Operation &op : block.without_terminator())
      if (fusion::isFree(&op) && !op.hasTrait<OpTrait::ConstantLike>() &&
          llvm::any_of(op.getUsers(), fusion::readsMemory)) {
        fusion::Group group;
        group.kind = fusion::Kind::Pointwise;
        group.ops.insert(&op);
        groups.push_back(group);
      }
    return groups;
  }

  static void eraseDead(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (!op.hasTrait<OpTrait::IsTerminator>() && op.use_empty() && isMemoryEffectFree(&op))
        op.erase();
  }
};

} // namespace
} // namespace glyptic
