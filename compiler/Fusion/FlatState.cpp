//===- FlatState.cpp - One kernel for the updates of many tensors -----------===//
//
// An optimizer does the same to every parameter, and a launch for each would cost more than the work in it. Updates of
// equal structure become one region over packs of what they read; their state is laid out as the packs want it, so that
// packing moves nothing and the region runs over the flat memory, gaps included. Sums of squares of many tensors (the
// norm of all gradients) become one reduction of a pack, too.
//
// Nothing here knows an optimizer. Updates that differ in a constant (as without weight decay) or in an element type
// are groups of their own, each one kernel. Only what planning can surely place is merged.
//
// Gaps start as zeros. An update of zeros may leave anything there, which no other element sees; but a reduction would,
// so it takes only tensors that no update runs over.
//
//===----------------------------------------------------------------------===//
#include "compiler/Fusion/Group.h"
#include "compiler/Fusion/Updates.h"
#include "compiler/Passes.h"
#include "dialects/Graph/Builders.h"
#include "dialects/Graph/Packing.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_FLATSTATEPASS
#include "compiler/Passes.h.inc"

namespace {

using fusion::Update;
using OpSet = llvm::DenseSet<Operation *>;

/// All ops that `values` are computed from.
OpSet getProducers(ArrayRef<Value> values) {
  OpSet producers;
  SmallVector<Value> worklist(values);
  while (!worklist.empty())
    if (Operation *op = worklist.pop_back_val().getDefiningOp(); op && producers.insert(op).second)
      llvm::append_range(worklist, op->getOperands());
  return producers;
}

SmallVector<StringAttr> getNames(ArrayRef<Value> values) {
  return llvm::map_to_vector(values, [](Value value) { return getHome(value).name; });
}

/// What one position of equal updates holds, in the order of the updates.
template <typename Member> SmallVector<Value> getColumn(ArrayRef<Update> updates, Member member, size_t position) {
  return llvm::map_to_vector(updates, [&](const Update &update) { return (update.*member)[position]; });
}

/// Puts `items`, whose tensors have these names, in the order in which the tensors lie already.
template <typename Items> void sortByRun(Items &items, const Runs &runs, ArrayRef<StringAttr> names) {
  Items sorted;
  for (unsigned i : runs.getOrder(names))
    sorted.push_back(items[i]);
  items = std::move(sorted);
}

//===----------------------------------------------------------------------===//
// Updates
//===----------------------------------------------------------------------===//

class UpdateMerger {
public:
  UpdateMerger(func::FuncOp function, Runs &runs)
      : function(function), oldValues(getOldValues(function)), runs(runs) {}

  /// The names of what is updated flat.
  SmallVector<StringAttr> run() {
    llvm::MapVector<StringRef, std::vector<Update>> groups;
    std::vector<Update> updates = fusion::findUpdates(function, oldValues);
    for (const Update &update : updates)
      groups[update.structure].push_back(update);
    SmallVector<StringAttr> flat;
    for (auto &[structure, group] : groups)
      if (group.size() > 1) {
        sortByRun(group, runs, getNames(getColumn(group, &Update::leaves, 0)));
        if (!mayMerge(group))
          continue;
        for (const Update &update : group)
          llvm::append_range(flat, getNames(update.roots));
        merge(group);
      }
    return flat;
  }

private:
  /// Whether the updates can all wait for the last of them, write over what they read, and lie as they need to.
  bool mayMerge(ArrayRef<Update> group) {
    SmallVector<Value> read;
    OpSet members;
    for (const Update &update : group) {
      llvm::append_range(read, update.leaves);
      llvm::append_range(read, update.scalars);
      members.insert(update.ops.begin(), update.ops.end());
    }
    OpSet before = getProducers(read);
    if (llvm::any_of(members, [&](Operation *op) { return before.contains(op); }))
      return false;
    for (const Update &update : group)
      for (StringAttr name : getNames(update.roots))
        if (BlockArgument old = oldValues.lookup(name); old && !isReadBefore(old, before, members))
          return false;
    Runs wish = runs;
    for (size_t i = 0; i < group.front().leaves.size(); ++i)
      if (!wish.add(getNames(getColumn(group, &Update::leaves, i))))
        return false;
    for (size_t i = 0; i < group.front().roots.size(); ++i)
      if (!wish.add(getNames(getColumn(group, &Update::roots, i))))
        return false;
    runs = std::move(wish);
    return true;
  }

  /// Whether the last reads of `old` are in the ops `before` or by `members`.
  static bool isReadBefore(Value old, const OpSet &before, const OpSet &members) {
    return llvm::all_of(old.getUsers(), [&](Operation *user) {
      return members.contains(user) || (before.contains(user) && !isa<func::ReturnOp>(user)) ||
             (user->hasTrait<trait::View>() && isReadBefore(user->getResult(0), before, members));
    });
  }

  void merge(ArrayRef<Update> group) {
    const Update &first = group.front();
    SmallVector<Location> locations;
    for (const Update &update : group)
      for (Value root : update.roots)
        locations.push_back(root.getLoc());
    OpBuilder builder(function.getBody().front().getTerminator());
    Location loc = builder.getFusedLoc(locations);
    SmallVector<Value> inputs;
    for (size_t i = 0; i < first.leaves.size(); ++i)
      inputs.push_back(PackOp::create(builder, loc, getColumn(group, &Update::leaves, i)));
    llvm::append_range(inputs, first.scalars);
    const int64_t size = getPackedOffsets(ValueRange(getColumn(group, &Update::roots, 0)).getTypes()).back();
    auto flatten = [&](Value value) { return RankedTensorType::get({size}, getElementTypeOrSelf(value.getType())); };
    auto types = llvm::map_to_vector(first.roots, [&](Value root) -> Type { return flatten(root); });

    auto region = RegionOp::create(builder, loc, types, inputs);
    region.setSchedule(fusion::stringifyKind(fusion::Kind::Pointwise));
    buildBody(region, first, flatten);
    for (size_t i = 0; i < first.roots.size(); ++i) {
      SmallVector<Value> roots = getColumn(group, &Update::roots, i);
      auto unpack = UnpackOp::create(builder, loc, ValueRange(roots).getTypes(), region.getResult(i));
      for (auto [root, value] : llvm::zip_equal(roots, unpack.getResults()))
        root.replaceAllUsesWith(value);
    }
    for (const Update &update : group)
      for (Operation *op : llvm::reverse(update.ops))
        op->erase();
  }

  /// The ops of one update, over flat tensors.
  static void buildBody(RegionOp region, const Update &update, llvm::function_ref<RankedTensorType(Value)> flatten) {
    Block &body = region.getBody().emplaceBlock();
    OpBuilder builder = OpBuilder::atBlockEnd(&body);
    IRMapping mapping;
    for (auto [value, input] : llvm::zip(llvm::concat<const Value>(update.leaves, update.scalars), region.getInputs()))
      mapping.map(value, body.addArgument(input.getType(), value.getLoc()));
    for (Operation *op : update.ops) {
      for (Value operand : op->getOperands())
        if (!mapping.contains(operand)) // a constant or a scalar that is repeated
          mapping.map(operand, repeat(builder, operand, mapping, flatten(operand)));
      Operation *clone = builder.clone(*op, mapping);
      clone->getResult(0).setType(flatten(op->getResult(0)));
    }
    YieldOp::create(builder, region.getLoc(),
                    llvm::map_to_vector(update.roots, [&](Value root) { return mapping.lookup(root); }));
  }

  static Value repeat(OpBuilder &builder, Value value, const IRMapping &mapping, RankedTensorType type) {
    SplatElementsAttr splat;
    if (matchPattern(value, m_Constant(&splat)))
      return ConstantOp::create(builder, value.getLoc(), splat.resizeSplat(type));
    return broadcastTo(builder, value.getLoc(), mapping.lookup(value.getDefiningOp()->getOperand(0)), type);
  }

  func::FuncOp function;
  const OldValues oldValues;
  Runs &runs;
};

//===----------------------------------------------------------------------===//
// Sums of squares
//===----------------------------------------------------------------------===//

class SquareSumMerger {
public:
  SquareSumMerger(func::FuncOp function, Runs &runs, const llvm::DenseSet<StringAttr> &updated)
      : block(function.getBody().front()), oldValues(getOldValues(function)), runs(runs), updated(updated) {}

  void run() {
    // Those that are added to each other, by the last addition.
    llvm::MapVector<Value, SmallVector<ReduceOp>> sums;
    for (auto op : block.getOps<ReduceOp>())
      if (isSquareSum(op))
        sums[getWholeSum(op.getResult())].push_back(op);
    for (auto &[whole, parts] : sums)
      if (parts.size() > 1)
        merge(parts);
  }

private:
  /// reduce sum (x * x) over all dimensions, where x lies in memory with zeros around it.
  bool isSquareSum(ReduceOp op) const {
    auto square = op.getInput().getDefiningOp<MulOp>();
    return op.getKind() == ReductionKind::Sum && op.getType().getRank() == 0 && op->hasOneUse() && square &&
           square.getLhs() == square.getRhs() && fusion::livesInState(square.getLhs(), oldValues) &&
           !updated.contains(getHome(square.getLhs()).name);
  }

  static Value getInput(ReduceOp op) { return op.getInput().getDefiningOp()->getOperand(0); }

  static Value getWholeSum(Value sum) {
    while (sum.hasOneUse() && isa<AddOp>(*sum.user_begin()))
      sum = sum.user_begin()->getResult(0);
    return sum;
  }

  void merge(SmallVector<ReduceOp> parts) {
    sortByRun(parts, runs, getNames(llvm::map_to_vector(parts, getInput)));
    SmallVector<Value> inputs = llvm::map_to_vector(parts, getInput);
    OpSet before = getProducers(inputs);
    if (llvm::any_of(parts, [&](ReduceOp part) { return before.contains(part); }) || !runs.add(getNames(inputs)))
      return;
    OpBuilder builder(block.getTerminator());
    Location loc = parts.front().getLoc();
    Value flat = PackOp::create(builder, loc, inputs);
    Value sum = reduceSum(builder, loc, MulOp::create(builder, loc, flat, flat), 0);
    parts.front().replaceAllUsesWith(sum);
    for (ReduceOp part : llvm::drop_begin(parts)) {
      auto add = cast<AddOp>(*part->user_begin());
      add.replaceAllUsesWith(add.getLhs() == part ? add.getRhs() : add.getLhs());
      add.erase();
    }
    for (ReduceOp part : parts)
      part.erase(); // its product is dead, which fusion sees
  }

  Block &block;
  const OldValues oldValues;
  Runs &runs;
  const llvm::DenseSet<StringAttr> &updated;
};

struct FlatStatePass : impl::FlatStatePassBase<FlatStatePass> {
  void runOnOperation() override {
    Runs runs;
    llvm::DenseSet<StringAttr> updated;
    // A step, which comes last, merges the least: of two parameters with one gradient none has it in a place of its
    // own. Where it leaves the order open, the functions that it is made of choose.
    auto functions = llvm::to_vector(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : llvm::reverse(functions))
      for (StringAttr name : UpdateMerger(function, runs).run())
        updated.insert(name);
    for (func::FuncOp function : functions) {
      SquareSumMerger(function, runs, updated).run();
      sortTopologically(&function.getBody().front());
    }
  }
};

} // namespace
} // namespace glyptic
