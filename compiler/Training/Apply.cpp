//===- Apply.cpp - The update of the state ----------------------------------===//
#include "compiler/Training/Apply.h"
#include "compiler/Program.h"
#include "compiler/Training/Entry.h"
#include "compiler/Training/Names.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

constexpr llvm::StringLiteral kGradient = "gradient.", kTotal = "total.", kOptimizer = "optimizer.",
                              kTraining = "training.";

std::string getGradientName(StringRef parameter) { return (kGradient + parameter).str(); }
std::string getTotalName(StringRef total) { return (kTotal + total).str(); }

LogicalResult checkNames(func::FuncOp infer, StringRef label) {
  SmallVector<StringRef> names{label};
  for (unsigned i : llvm::seq(infer.getNumArguments()))
    names.push_back(getArgumentName(infer, i));
  for (StringRef name : names)
    for (StringRef prefix : {kGradient, kTotal, kOptimizer, kTraining})
      if (name.starts_with(prefix))
        return infer.emitError() << "'" << name << "' cannot be trained with: names that start with '" << prefix
                                 << "' are those of training; rename it in the model or the data";
  return success();
}

FailureOr<UpdateRules> UpdateRules::create(func::FuncOp infer, const TrainingOptions &options) {
  UpdateRules rules;
  rules.optimizer = findOptimizer(options.optimizer, infer.getLoc());
  rules.schedule = findSchedule(options.schedule, infer.getLoc());
  if (!rules.optimizer || !rules.schedule)
    return failure();
  if (rules.schedule->ends && options.totalSteps <= 0)
    return infer.emitError("schedule '") << rules.schedule->name << "' needs its end; give --steps or --epochs";
  rules.learningRate = options.learningRate.value_or(rules.optimizer->learningRate);
  rules.weightDecay = options.weightDecay.value_or(rules.optimizer->weightDecay);
  return rules;
}

namespace {

class ApplyBuilder {
public:
  ApplyBuilder(ModuleOp module, func::FuncOp grad, const UpdateRules &rules, const TrainingOptions &options,
               ArrayRef<RunningAverage> averages)
      : grad(grad), rules(rules), options(options), averages(averages), entry(module, entry::Apply),
        builder(entry.getBuilder()),
        sharedLoc(NameLoc::get(builder.getStringAttr("optimizer"))), loc(sharedLoc) {}

  func::FuncOp run() {
    addArguments();
    arguments = entry.getArguments();
    lossType = getElementTypeOrSelf(arguments.lookup(getTotalName("loss")).getType());
    buildScalars();
    SmallVector<Update> updates = llvm::map_to_vector(parameters, [&](StringRef name) { return buildUpdate(name); });
    for (auto [name, update] : llvm::zip_equal(parameters, updates))
      commit(name, role::Parameter, update.parameter);
    for (const RunningAverage &average : averages)
      commit(average.name, role::Buffer, buildAverage(average));
    // Slot by slot, so that each slot of all parameters is one run of memory.
    for (auto [i, slot] : llvm::enumerate(rules.optimizer->slots))
      for (auto [name, update] : llvm::zip_equal(parameters, updates))
        commit(getSlotName(slot, name), role::Slot, update.slots[i]);
    commit(kStep, role::Counter, argument(kStep) + 1.0);
    entry.addResult(kIteration, role::Counter, argument(kIteration) + 1.0);
    addMetrics();
    return entry.finish();
  }

private:
  static std::string getSlotName(StringRef slot, StringRef parameter) {
    return (kOptimizer + slot + "." + parameter).str();
  }

  Expr expr(Value value) { return {builder, loc, value}; }
  Expr argument(StringRef name) { return expr(arguments.lookup(name)); }

  void addArguments() {
    SmallVector<unsigned> accumulators;
    for (unsigned i : llvm::seq(grad.getNumArguments())) {
      if (getArgumentRole(grad, i) == role::Accumulator)
        accumulators.push_back(i);
      if (getArgumentRole(grad, i) != role::Parameter)
        continue;
      entry.addArgumentOf(grad, i);
      parameters.push_back(getArgumentName(grad, i));
      types.push_back(cast<RankedTensorType>(grad.getArgument(i).getType()));
    }
    for (unsigned i : llvm::seq(grad.getNumArguments()))
      if (llvm::any_of(averages, [&](const RunningAverage &a) { return a.name == getArgumentName(grad, i); }))
        entry.addArgumentOf(grad, i);
    for (StringRef slot : rules.optimizer->slots)
      for (auto [name, type] : llvm::zip_equal(parameters, types))
        entry.addArgument(getSlotName(slot, name), role::Slot, type);
    for (StringRef counter : {kStep, kIteration})
      entry.addArgument(counter, role::Counter, RankedTensorType::get({}, builder.getI64Type()));
    for (unsigned i : accumulators)
      entry.addArgumentOf(grad, i);
  }

  /// What all parameters share. The norm is that of the accumulated sums divided by the weight, so that gradients are
  /// read once for it and once for the update, which multiplies them by one factor.
  void buildScalars() {
    inverse = 1.0 / argument(getTotalName("weight"));
    loss = argument(getTotalName("loss")) * inverse;
    Expr squares;
    for (StringRef name : parameters) {
      Expr gradient = argument(getGradientName(name));
      Value square = gradient * gradient;
      auto dims = llvm::to_vector(llvm::seq<int64_t>(0, gradient.getType().getRank()));
      Expr sum = expr(convertTo(builder, loc, reduceSum(builder, loc, square, dims), lossType));
      squares = Value(squares) ? squares + sum : sum;
    }
    norm = sqrt(squares) * inverse;
    // A norm is finite if every gradient is; one that overflows FP32 has diverged as well.
    finite = expr(IsFiniteOp::create(builder, loc, loss)) & expr(IsFiniteOp::create(builder, loc, norm));
    // As PyTorch's clip_grad_norm_.
    factor = options.clipNorm ? inverse * min(*options.clipNorm / (norm + 1e-6), 1.0) : inverse;

    Expr step = expr(convertTo(builder, loc, argument(kStep), builder.getF64Type()));
    Expr rate = expr(buildLearningRate(builder, loc, *rules.schedule, options, rules.learningRate, step));
    learningRate = convertTo(builder, loc, rate, lossType);
    for (Expr scalar : rules.optimizer->prepare(options, rate, step + 1.0, rules.weightDecay))
      scalars.push_back(convertTo(builder, loc, scalar, lossType));
  }

  Update buildUpdate(StringRef name) {
    loc = NameLoc::get(builder.getStringAttr(name));
    Expr parameter = argument(name);
    RankedTensorType type = parameter.getType();
    auto repeat = [&](Value scalar) {
      return expr(broadcastTo(builder, loc, convertTo(builder, loc, scalar, type.getElementType()), type));
    };
    double weightDecay = matchesAny(options.noDecay, name) ? 0.0 : rules.weightDecay;
    Update update{options, weightDecay, parameter, argument(getGradientName(name)) * repeat(factor), {}, {}};
    for (StringRef slot : rules.optimizer->slots)
      update.slots.push_back(argument(getSlotName(slot, name)));
    update.scalars = llvm::map_to_vector(scalars, repeat);
    rules.optimizer->apply(update);
    return update;
  }

  Expr buildAverage(const RunningAverage &average) {
    loc = NameLoc::get(builder.getStringAttr(average.name));
    Expr before = argument(average.name);
    Expr count = expr(convertTo(builder, loc, argument(kMicrobatches), builder.getF64Type()));
    Value kept = convertTo(builder, loc, pow(average.retained, count), before.getType().getElementType());
    return expr(broadcastTo(builder, loc, kept, before.getType())) * before + argument(getRunningName(average.name));
  }

  /// Returns state whose change counts only if the step is finite.
  void commit(StringRef name, StringRef role, Expr changed) {
    loc = NameLoc::get(builder.getStringAttr(name));
    Value gate = broadcastTo(builder, loc, finite, changed.getType().clone(builder.getI1Type()));
    entry.addResult(name, role, select(expr(gate), changed, argument(name)));
  }

  void addMetrics() {
    loc = sharedLoc;
    entry.addResult("loss", role::Metric, loss);
    entry.addResult("learning_rate", role::Metric, learningRate);
    entry.addResult("gradient_norm", role::Metric, norm);
    entry.addResult("finite", role::Metric, convertTo(builder, loc, finite, lossType));
    for (unsigned i : llvm::seq(grad.getNumArguments())) {
      StringRef accumulator = getArgumentName(grad, i), total = accumulator;
      if (getArgumentRole(grad, i) == role::Accumulator && total.consume_front(kTotal) && total != "loss" &&
          total != "weight")
        entry.addResult(total, role::Metric, argument(accumulator) * inverse);
    }
  }

  func::FuncOp grad;
  const UpdateRules &rules;
  const TrainingOptions &options;
  ArrayRef<RunningAverage> averages;
  Entry entry;
  OpBuilder &builder;
  const Location sharedLoc;
  Location loc; ///< of what is built now: a parameter's update, or what all share
  NamedValues arguments;
  SmallVector<StringRef> parameters;
  SmallVector<RankedTensorType> types;
  Type lossType;
  Expr inverse, loss, norm, finite, factor;
  Value learningRate;
  SmallVector<Value> scalars; ///< those of the optimizer
};

} // namespace

func::FuncOp buildApply(ModuleOp module, func::FuncOp grad, const UpdateRules &rules, const TrainingOptions &options,
                        ArrayRef<RunningAverage> averages) {
  return ApplyBuilder(module, grad, rules, options, averages).run();
}

} // namespace glyptic
