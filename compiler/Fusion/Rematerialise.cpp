//===- Rematerialise.cpp - Activations computed again to save memory --------===//
//
// Gradients need what the forward pass computed, so the most memory is in use between the two. Where the user allows
// less, values are computed again when they are needed, by this rule: of those that are made before the instruction
// where most memory is in use, and needed after it but not by it, one may go
//
//  - that a kernel makes of elementwise ops, moves and reductions of rows: a pass over memory, never a product,
//  - which can be made of what is in memory anyway until then, and of what is much smaller.
//
// The one that saves most goes first; of equals, the earliest. A kernel that makes it alone is put in front of the
// first use after that instruction. Then the most memory is looked for again, until it is little enough or nothing may
// go. No instruction ever finds more in memory than before, and bits stay: the same ops are computed from the same
// values.
//
// This is done to regions, when fusion has decided what lies in memory at all: before, nobody knows what a value costs.
// A minimum cut over all values at once would find the same in a chain of layers, and could recompute long chains; they
// would need their own sources kept.
//
//===----------------------------------------------------------------------===//
#include "compiler/Fusion/Group.h"
#include "compiler/Fusion/Predicates.h"
#include "compiler/Fusion/Recompute.h"
#include "compiler/Fusion/Runs.h"
#include "compiler/Passes.h"
#include "dialects/Graph/LibraryChoice.h"
#include "dialects/Plan/PlanDialect.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_REMATERIALISEPASS
#include "compiler/Passes.h.inc"

namespace {

/// Where a value lies: views are their operand's memory.
Value getStored(Value value) {
  while (Operation *def = value.getDefiningOp()) {
    if (!def->hasTrait<trait::View>())
      break;
    value = def->getOperand(0);
  }
  return value;
}

/// What one result of a region is computed from, inside of it.
struct Slice {
  llvm::SetVector<Operation *> ops;        ///< in any order
  llvm::MapVector<Value, Value> inputs;    ///< what is read, by its value inside
  bool hasRows = false;
};

/// Nothing if computing the result again costs more than a pass over memory. Other results are read if `isThere` says
/// that they are still in memory.
std::optional<Slice> findCheapSlice(OpResult result, llvm::function_ref<bool(Value)> isThere) {
  Slice slice;
  auto region = cast<RegionOp>(result.getOwner());
  Block &body = region.getBody().front();
  for (auto [argument, input] : llvm::zip_equal(body.getArguments(), region.getInputs()))
    slice.inputs[argument] = input;
  for (auto [inner, other] : llvm::zip_equal(body.getTerminator()->getOperands(), region.getResults()))
    if (other != result && isThere(other))
      slice.inputs[inner] = other;
  llvm::DenseSet<Value> read;
  SmallVector<Value> worklist{body.getTerminator()->getOperand(result.getResultNumber())};
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (slice.inputs.contains(value)) {
      read.insert(value);
      continue;
    }
    Operation *op = value.getDefiningOp();
    if (!slice.ops.insert(op))
      continue;
    const bool isReduction = isa<ReducingOpInterface>(op);
    if (!isa<StructuredOpInterface>(op) || isa<LibraryCallOpInterface>(op) ||
        (isReduction && fusion::describe(op).kind != fusion::Kind::Row))
      return std::nullopt;
    slice.hasRows |= isReduction;
    llvm::append_range(worklist, op->getOperands());
  }
  slice.inputs.remove_if([&](auto &input) { return !read.contains(input.first); });
  return slice;
}

/// What lies in work memory while a function runs.
class Lifetimes {
public:
  struct Life {
    int64_t bytes = 0;
    unsigned begin = 0, end = 0;
    SmallVector<unsigned> uses; ///< in order
  };

  Lifetimes(Block &block, int64_t batch) : batch(batch) {
    for (Operation &op : block) {
      const unsigned position = positions.size();
      positions[&op] = position;
      ops.push_back(&op);
      if (op.hasTrait<trait::View>() || op.hasTrait<trait::SideBySide>() || op.hasTrait<OpTrait::ConstantLike>())
        continue;
      for (Value operand : op.getOperands())
        addUse(getStored(operand), position);
      for (Value result : op.getResults())
        lives.insert({result, {getBytes(result), position, position, {}}});
    }
    findFlatUpdates(block.getTerminator());
    findPeak();
  }

  int64_t getPeakBytes() const { return peakBytes; }
  unsigned getPeak() const { return peak; }
  Operation *getOp(unsigned position) const { return ops[position]; }
  unsigned getPosition(Operation *op) const { return positions.lookup(op); }
  auto &getAll() const { return lives; }
  /// Whether `value` is read in the flat memory that is updated at `position` or before.
  bool isUpdatedBefore(Value value, unsigned position) const {
    StringAttr name = isa<BlockArgument>(value) ? getHome(value).name : StringAttr();
    auto update = name ? flatUpdates.find(name) : flatUpdates.end();
    return update != flatUpdates.end() && update->second <= position;
  }
  /// Null for what is in no work memory, or in it all the time.
  const Life *find(Value stored) const {
    auto it = lives.find(stored);
    return it == lives.end() || it->second.bytes == 0 ? nullptr : &it->second;
  }

private:
  void addUse(Value stored, unsigned position) {
    if (auto it = lives.find(stored); it != lives.end()) {
      it->second.end = position;
      if (it->second.uses.empty() || it->second.uses.back() != position)
        it->second.uses.push_back(position);
    }
  }

  /// None of work memory for what is made where state or a gradient lies.
  int64_t getBytes(Value value) const {
    if (getHome(value).name)
      return 0;
    plan::SizeAttr size = plan::getTensorSize(cast<RankedTensorType>(value.getType()));
    return llvm::alignTo(size.at(batch), plan::kAlignment);
  }

  /// What one kernel updates for many tensors must be read before it, for it has no other place to write to.
  void findFlatUpdates(Operation *end) {
    for (Value value : end->getOperands())
      if (auto unpack = getStored(value).getDefiningOp<UnpackOp>())
        flatUpdates[getHome(value).name] = positions.lookup(unpack->getOperand(0).getDefiningOp());
  }

  void findPeak() {
    std::vector<int64_t> changes(ops.size() + 1);
    for (auto &[value, life] : lives) {
      changes[life.begin] += life.bytes;
      changes[life.end + 1] -= life.bytes;
    }
    int64_t live = 0;
    for (unsigned position = 0; position < ops.size(); ++position) {
      live += changes[position];
      std::optional<Workspace> workspace = getWorkspace(ops[position]);
      int64_t bytes = live + (workspace ? workspace->constant + workspace->perSample * batch : 0);
      if (bytes > peakBytes) {
        peakBytes = bytes;
        peak = position;
      }
    }
  }

  const int64_t batch;
  std::vector<Operation *> ops;
  llvm::DenseMap<Operation *, unsigned> positions;
  llvm::MapVector<Value, Life> lives;
  llvm::DenseMap<StringAttr, unsigned> flatUpdates; ///< position by state
  unsigned peak = 0;
  int64_t peakBytes = 0;
};

class Rematerialiser {
public:
  Rematerialiser(func::FuncOp function, int64_t batch) : block(function.getBody().front()), batch(batch) {}

  void run(int64_t budget) {
    while (true) {
      const Lifetimes lifetimes(block, batch);
      if (lifetimes.getPeakBytes() <= budget)
        return;
      std::optional<Choice> best;
      for (auto &[value, life] : lifetimes.getAll())
        if (std::optional<Choice> choice = consider(value, life, lifetimes);
            choice && (!best || choice->gain > best->gain))
          best = std::move(choice);
      if (!best)
        return;
      apply(*best, lifetimes);
    }
  }

private:
  struct Choice {
    OpResult value;
    Slice slice;
    unsigned nextUse; ///< the first one after the peak
    int64_t gain;
  };

  std::optional<Choice> consider(Value value, const Lifetimes::Life &life, const Lifetimes &lifetimes) const {
    const unsigned peak = lifetimes.getPeak();
    auto region = value.getDefiningOp<RegionOp>();
    if (!region || life.bytes == 0 || life.begin >= peak || life.end <= peak || llvm::is_contained(life.uses, peak))
      return std::nullopt;
    // What is returned is there at the end, so it cannot be made again later.
    const unsigned nextUse = *llvm::upper_bound(life.uses, peak);
    if (lifetimes.getOp(nextUse)->hasTrait<OpTrait::IsTerminator>())
      return std::nullopt;
    auto isThere = [&](Value other) {
      const Lifetimes::Life *source = lifetimes.find(getStored(other));
      return source && source->end >= nextUse;
    };
    auto result = cast<OpResult>(value);
    std::optional<Slice> slice = findCheapSlice(result, isThere);
    if (!slice)
      return std::nullopt;
    if (llvm::any_of(llvm::make_second_range(slice->inputs),
                     [&](Value input) { return lifetimes.isUpdatedBefore(getStored(input), nextUse); }))
      return std::nullopt;
    int64_t gain = life.bytes;
    llvm::SmallPtrSet<Value, 8> counted;
    for (Value input : llvm::make_second_range(slice->inputs))
      if (const Lifetimes::Life *source = lifetimes.find(getStored(input));
          source && source->end < nextUse && counted.insert(getStored(input)).second)
        gain -= source->bytes;
    return gain > 0 ? std::optional<Choice>({result, std::move(*slice), nextUse, gain}) : std::nullopt;
  }

  void apply(const Choice &choice, const Lifetimes &lifetimes) {
    OpBuilder builder(lifetimes.getOp(choice.nextUse));
    RegionOp again = build(builder, choice);
    redirect(builder, choice.value, again.getResult(0), lifetimes);
    if (choice.value.getOwner()->use_empty()) // nothing had needed it so early
      choice.value.getOwner()->erase();
  }

  /// The region that makes the value alone.
  static RegionOp build(OpBuilder &builder, const Choice &choice) {
    auto region = cast<RegionOp>(choice.value.getOwner());
    llvm::SetVector<Value> inputs;
    for (Value input : llvm::make_second_range(choice.slice.inputs))
      inputs.insert(input);
    auto again = RegionOp::create(builder, region.getLoc(), TypeRange(choice.value.getType()),
                                  inputs.getArrayRef());
    again->setAttr(fusion::kRematerialisedAttr, builder.getUnitAttr());
    if (region.getSchedule() && region.getSchedule() != fusion::stringifyKind(fusion::Kind::Alone))
      again.setSchedule(fusion::stringifyKind(choice.slice.hasRows ? fusion::Kind::Row : fusion::Kind::Pointwise));
    SmallVector<StringRef> apart = llvm::map_to_vector(inputs, [](Value input) -> StringRef {
      return getStored(input).getDefiningOp<RegionOp>() ? StringRef(fusion::kMemoryBudget.name) : StringRef();
    });
    again.setApartAttr(builder.getStrArrayAttr(apart));

    Block &body = region.getBody().front();
    OpBuilder inner = OpBuilder::atBlockEnd(&again.getBody().emplaceBlock());
    IRMapping mapping;
    for (Value input : inputs) {
      Value fresh = again.getBody().front().addArgument(input.getType(), input.getLoc());
      for (auto [inner, outer] : choice.slice.inputs)
        if (outer == input)
          mapping.map(inner, fresh);
    }
    for (Operation &op : body)
      if (choice.slice.ops.contains(&op))
        inner.clone(op, mapping);
    YieldOp::create(inner, region.getLoc(), mapping.lookup(body.getTerminator()->getOperand(
                                                choice.value.getResultNumber())));
    return again;
  }

  /// Uses of `old` after the peak read `fresh`, through views of their own.
  static void redirect(OpBuilder &builder, Value old, Value fresh, const Lifetimes &lifetimes) {
    for (OpOperand &use : llvm::make_early_inc_range(old.getUses())) {
      Operation *user = use.getOwner();
      if (user->hasTrait<trait::View>() && use.getOperandNumber() == 0) {
        IRMapping mapping;
        mapping.map(old, fresh);
        Operation *view = builder.clone(*user, mapping);
        redirect(builder, user->getResult(0), view->getResult(0), lifetimes);
        for (Operation *unused : {user, view})
          if (unused->use_empty())
            unused->erase();
      } else if (lifetimes.getPosition(user) > lifetimes.getPeak()) {
        use.set(fresh);
      }
    }
  }

  Block &block;
  const int64_t batch;
};

struct RematerialisePass : impl::RematerialisePassBase<RematerialisePass> {
  using RematerialisePassBase::RematerialisePassBase;

  void runOnOperation() override { Rematerialiser(getOperation(), maxBatch).run(budget); }
};

} // namespace
} // namespace glyptic
