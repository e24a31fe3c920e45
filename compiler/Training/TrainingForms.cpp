//===- TrainingForms.cpp - What a model computes while it trains ------------===//
//
// Accumulators start at zero and `grad` cannot know which microbatch is the first, so a running average is not updated
// there: its accumulator follows the same recurrence from zero, and `apply` adds it to what the decay leaves of the
// entry. The result is the same as if every microbatch had updated the entry in order.
//
// Random numbers belong to an iteration's samples: those of the microbatches before are counted in an accumulator.
//
//===----------------------------------------------------------------------===//
#include "compiler/Training/TrainingForms.h"
#include "compiler/Program.h"
#include "compiler/Training/Names.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

std::string getRunningName(StringRef state) { return ("training.running." + state).str(); }

namespace {

class GradScope final : public TrainingScope {
public:
  GradScope(Entry &grad, ArrayRef<std::string> frozen) : grad(grad), frozen(frozen) {}

  bool isFrozen(Value state) const override { return isState(state) && matchesAny(frozen, getName(state)); }

  LogicalResult average(Value state, Value observation, double momentum) override {
    if (!isState(state))
      return emitError(observation.getLoc(), "cannot update its running statistics, which are not stored in the model "
                                             "but computed or given as inputs");
    if (getRole(state) == role::Parameter)
      return emitError(observation.getLoc(), "has running statistics that are one tensor with the trained parameter '")
             << getName(state)
             << "': exporters merge equal tensors. Export the model once its statistics are no longer what they were "
                "initialised to, or without merging (dynamo=True, optimize=False in PyTorch)";
    OpBuilder &builder = grad.getBuilder();
    Location loc = NameLoc::get(builder.getStringAttr(getName(state)));
    Expr addend = (1.0 - momentum) * Expr(builder, loc, observation);
    auto [known, isNew] = averages.insert({state, {getName(state), momentum, addend}});
    if (isNew)
      return success();
    RunningAverage &earlier = known->second;
    earlier.retained *= momentum;
    earlier.addend = momentum * Expr(builder, loc, earlier.addend) + addend;
    return success();
  }

  RandomSource getRandomSource() override {
    if (!random.seed) {
      auto type = RankedTensorType::get({}, grad.getBuilder().getI64Type());
      random = {grad.addArgument(kSeed, role::Counter, type), grad.addArgument(kIteration, role::Counter, type),
                grad.addArgument(kSamples, role::Accumulator, type), 0};
    }
    RandomSource source = random;
    ++random.site;
    return source;
  }

  /// accumulator -> retained * accumulator + addend
  SmallVector<RunningAverage> addAccumulators() {
    OpBuilder &builder = grad.getBuilder();
    SmallVector<RunningAverage> all;
    for (auto &[state, average] : averages) {
      std::string name = getRunningName(average.name);
      Location loc = average.addend.getLoc();
      Expr before(builder, loc, grad.addArgument(name, role::Accumulator, average.addend.getType()));
      grad.addResult(name, role::Accumulator, average.retained * before + Expr(builder, loc, average.addend));
      all.push_back(average);
    }
    Location loc = grad.getFunction().getLoc();
    auto type = RankedTensorType::get({}, builder.getI64Type());
    if (!all.empty()) {
      Expr count(builder, loc, grad.addArgument(kMicrobatches, role::Accumulator, type));
      grad.addResult(kMicrobatches, role::Accumulator, count + 1.0);
    }
    if (random.firstSample) {
      Expr batch(builder, loc, BatchSizeOp::create(builder, loc, type));
      grad.addResult(kSamples, role::Accumulator, Expr(builder, loc, random.firstSample) + batch);
    }
    return all;
  }

private:
  StringRef getName(Value argument) const {
    return getArgumentName(grad.getFunction(), cast<BlockArgument>(argument).getArgNumber());
  }
  StringRef getRole(Value argument) const {
    return getArgumentRole(grad.getFunction(), cast<BlockArgument>(argument).getArgNumber());
  }
  bool isState(Value value) const {
    return isa<BlockArgument>(value) && (getRole(value) == role::Buffer || getRole(value) == role::Parameter);
  }

  Entry &grad;
  ArrayRef<std::string> frozen;
  llvm::MapVector<Value, RunningAverage> averages;
  RandomSource random{};
};

/// One remark for all ops that change alike, at the first of them.
class Remarks {
public:
  void add(TrainingFormOpInterface op) {
    auto &[loc, count] = changes.insert({op.describeTrainingForm(), {op.getLoc(), 0}}).first->second;
    ++count;
  }

  void emit() const {
    for (const auto &[description, change] : changes) {
      InFlightDiagnostic remark = emitRemark(change.first) << "while training, this node " << description;
      if (change.second > 1)
        remark << ", as do " << change.second - 1 << " others like it";
    }
  }

private:
  llvm::MapVector<StringRef, std::pair<Location, unsigned>> changes;
};

} // namespace

FailureOr<SmallVector<RunningAverage>> buildTrainingForms(Entry &grad, ArrayRef<std::string> frozen,
                                                              std::vector<ModeChange> *changes) {
  GradScope scope(grad, frozen);
  Remarks remarks;
  SmallVector<TrainingFormOpInterface> ops;
  grad.getFunction().walk([&](TrainingFormOpInterface op) { ops.push_back(op); });
  for (TrainingFormOpInterface op : ops) {
    OpBuilder builder(op);
    FailureOr<SmallVector<Value>> replacement = op.buildTrainingForm(builder, scope);
    if (failed(replacement))
      return failure();
    if (ValueRange(*replacement) == ValueRange(op->getResults()))
      continue;
    if (changes)
      changes->push_back({op.getLoc(), ("while training, this node " + op.describeTrainingForm()).str()});
    else
      remarks.add(op);
    op->replaceAllUsesWith(*replacement);
    op->erase();
  }
  remarks.emit();
  return scope.addAccumulators();
}

} // namespace glyptic
