//===- Training.cpp - From a model to its training program ------------------===//
#include "compiler/Training/Training.h"
#include "compiler/Passes.h"
#include "compiler/Program.h"
#include "compiler/Training/Apply.h"
#include "compiler/Training/Autodiff.h"
#include "compiler/Training/Entry.h"
#include "compiler/Training/Losses.h"
#include "compiler/Training/Names.h"
#include "compiler/Training/TrainingForms.h"
#include "compiler/TrainingTable.h"

using namespace mlir;
using namespace glyptic::graph;

namespace glyptic {

#define GEN_PASS_DEF_TRAININGPASS
#include "compiler/Passes.h.inc"

namespace {

/// @evaluate, @grad and @step; @apply is built in Apply.cpp.
class TrainingBuilder {
public:
  TrainingBuilder(ModuleOp module, func::FuncOp infer, const TrainingOptions &options, Objective objective,
                  TrainingReport *report)
      : module(module), infer(infer), options(options), objective(std::move(objective)), report(report) {}

  LogicalResult run() {
    FailureOr<UpdateRules> rules = UpdateRules::create(infer, options);
    if (failed(rules) || failed(chooseParameters()))
      return failure();
    func::FuncOp evaluate = buildEvaluate();
    FailureOr<func::FuncOp> grad = buildGrad();
    if (failed(grad))
      return failure();
    for (func::FuncOp function : {infer, evaluate, *grad})
      assignRoles(function);
    func::FuncOp apply = buildApply(module, *grad, *rules, options, averages);
    buildStep(*grad, apply);
    return success();
  }

private:
  LogicalResult chooseParameters();
  LogicalResult checkGlobs(ArrayRef<std::string> globs, StringRef flag);
  void reportBarriers(ArrayRef<GradientBarrier> barriers);
  LogicalResult dropUnreached(ArrayRef<Value> gradients, ArrayRef<GradientBarrier> barriers);
  void assignRoles(func::FuncOp function);
  SmallVector<std::pair<std::string, Value>> buildForward(Entry &entry);
  func::FuncOp buildEvaluate();
  FailureOr<func::FuncOp> buildGrad();
  void buildStep(func::FuncOp grad, func::FuncOp apply);

  ModuleOp module;
  func::FuncOp infer;
  const TrainingOptions &options;
  Objective objective;
  SmallVector<RunningAverage> averages;
  TrainingReport *report; ///< or null
  llvm::SetVector<StringRef> parameters; ///< names of those that are trained, in the order of the model's state
};

bool isState(StringRef argumentRole) { return argumentRole == role::Parameter || argumentRole == role::Buffer; }

/// A glob without a match is a typing error, which would train what the user wants frozen.
LogicalResult TrainingBuilder::checkGlobs(ArrayRef<std::string> globs, StringRef flag) {
  for (const std::string &glob : globs)
    if (llvm::none_of(llvm::seq(infer.getNumArguments()), [&](unsigned i) {
          return isState(getArgumentRole(infer, i)) && matchesAny(glob, getArgumentName(infer, i));
        }))
      return infer.emitError() << flag << " '" << glob << "' matches no parameter of the model";
  return success();
}

LogicalResult TrainingBuilder::chooseParameters() {
  if (failed(checkGlobs(options.freeze, "--freeze")) || failed(checkGlobs(options.train, "--train")))
    return failure();
  for (unsigned i : llvm::seq(infer.getNumArguments())) {
    StringRef name = getArgumentName(infer, i), argumentRole = getArgumentRole(infer, i);
    bool trainable = isState(argumentRole) && isa<FloatType>(getElementTypeOrSelf(infer.getArgument(i).getType()));
    bool wanted = argumentRole == role::Parameter && !matchesAny(options.freeze, name);
    if (trainable && (wanted || matchesAny(options.train, name)))
      parameters.insert(name);
  }
  if (parameters.empty())
    return infer.emitError("there is nothing to train: the model has no parameter that is not frozen");
  return success();
}

void TrainingBuilder::assignRoles(func::FuncOp function) {
  Builder builder(module.getContext());
  for (unsigned i : llvm::seq(function.getNumArguments()))
    if (isState(getArgumentRole(function, i)))
      function.setArgAttr(i, kRoleAttr,
                          builder.getStringAttr(parameters.contains(getArgumentName(function, i)) ? role::Parameter
                                                                                                  : role::Buffer));
}

/// The model's arguments and the label, the model, and the sums of its loss and metrics.
SmallVector<std::pair<std::string, Value>> TrainingBuilder::buildForward(Entry &entry) {
  for (bool state : {true, false})
    for (unsigned i : llvm::seq(infer.getNumArguments()))
      if (isState(getArgumentRole(infer, i)) == state)
        entry.addArgumentOf(infer, i);
  Value label = entry.addArgument(options.label, role::Label, objective.getLabelType());
  SmallVector<Value> outputs = entry.inlineBody(infer, entry.getArguments());
  return objective.build(entry.getBuilder(), outputs[objective.getOutput()], label);
}

func::FuncOp TrainingBuilder::buildEvaluate() {
  Entry entry(module, entry::Evaluate);
  for (auto &[name, sum] : buildForward(entry))
    entry.addResult(name, role::Total, sum);
  return entry.finish();
}

void TrainingBuilder::reportBarriers(ArrayRef<GradientBarrier> barriers) {
  for (const GradientBarrier &barrier : barriers) {
    SmallVector<StringRef> names = llvm::map_to_vector(barrier.sources, [&](unsigned i) { return parameters[i]; });
    std::string message = barrier.describe(names);
    if (report)
      report->obstacles.push_back({barrier.op->getLoc(), message, {names.begin(), names.end()}});
    else if (barrier.kind == GradientBarrier::NoDerivative)
      barrier.op->emitError(message);
    else
      barrier.op->emitRemark(message);
  }
}

/// PyTorch leaves a parameter without gradient alone, even if it would decay; so do we, and say so.
LogicalResult TrainingBuilder::dropUnreached(ArrayRef<Value> gradients, ArrayRef<GradientBarrier> barriers) {
  SmallVector<StringRef> unreached;
  for (auto [name, gradient] : llvm::zip_equal(parameters, gradients))
    if (!gradient)
      unreached.push_back(name);
  llvm::SmallDenseSet<StringRef> cut;
  for (const GradientBarrier &barrier : barriers)
    for (unsigned i : barrier.sources)
      cut.insert(parameters[i]);
  reportBarriers(barriers);
  if (unreached.size() == parameters.size())
    return infer.emitError("there is nothing to train: ")
           << (cut.empty() ? "the loss depends on no parameter that is not frozen"
                           : "no gradient reaches a parameter that is not frozen");
  for (StringRef name : unreached) {
    parameters.remove(name);
    if (!cut.contains(name))
      infer.emitRemark("parameter '") << name << "' has no influence on the loss and stays as it is";
  }
  return success();
}

FailureOr<func::FuncOp> TrainingBuilder::buildGrad() {
  Entry entry(module, entry::Grad);
  SmallVector<std::pair<std::string, Value>> sums = buildForward(entry);
  FailureOr<SmallVector<RunningAverage>> running =
      buildTrainingForms(entry, options.freeze, report ? &report->modes : nullptr);
  if (failed(running))
    return failure();
  averages = std::move(*running);
  OpBuilder &builder = entry.getBuilder();
  NamedValues arguments = entry.getArguments();
  SmallVector<Value> sources =
      llvm::map_to_vector(parameters, [&](StringRef name) { return arguments.lookup(name); });
  Value loss = sums.front().second;
  Value seed = splat(builder, loss.getLoc(), cast<RankedTensorType>(loss.getType()), 1.0);
  SmallVector<GradientBarrier> barriers;
  FailureOr<SmallVector<Value>> gradients = buildGradients(builder, loss, seed, sources, &barriers);
  if (failed(gradients)) {
    reportBarriers(barriers);
    return failure();
  }
  SmallVector<std::pair<std::string, Value>> addends;
  for (auto [name, gradient] : llvm::zip_equal(parameters, *gradients))
    if (gradient)
      addends.emplace_back(getGradientName(name), gradient);
  if (failed(dropUnreached(*gradients, barriers)))
    return failure();
  for (auto &[name, sum] : sums)
    addends.emplace_back(getTotalName(name), sum);
  for (auto &[name, addend] : addends) {
    Value accumulator = entry.addArgument(name, role::Accumulator, addend.getType());
    entry.addResult(name, role::Accumulator, AddOp::create(builder, addend.getLoc(), accumulator, addend));
  }
  return entry.finish();
}

/// apply(grad(0)): both bodies in one function, without the additions to zero. What updates a tensor is returned as an
/// accumulator, whose memory is there and idle, and where they lie side by side.
void TrainingBuilder::buildStep(func::FuncOp grad, func::FuncOp apply) {
  Entry entry(module, entry::Step);
  auto addArguments = [&](func::FuncOp function, ArrayRef<StringRef> roles) {
    NamedValues present = entry.getArguments();
    for (unsigned i : llvm::seq(function.getNumArguments()))
      if (llvm::is_contained(roles, getArgumentRole(function, i)) && !present.count(getArgumentName(function, i)))
        entry.addArgumentOf(function, i);
  };
  addArguments(grad, {role::Parameter, role::Buffer});
  addArguments(apply, {role::Slot, role::Counter});
  addArguments(grad, {role::Counter});
  addArguments(grad, {role::Input, role::Label});

  NamedValues bindings = entry.getArguments();
  NamedValues zeros;
  for (unsigned i : llvm::seq(grad.getNumArguments()))
    if (getArgumentRole(grad, i) == role::Accumulator)
      zeros[getArgumentName(grad, i)] = splat(entry.getBuilder(), grad.getLoc(),
                                              cast<RankedTensorType>(grad.getArgument(i).getType()), 0.0);
  for (auto &[name, zero] : zeros)
    bindings[name] = zero;
  for (auto [i, sum] : llvm::enumerate(entry.inlineBody(grad, bindings))) {
    if (getResultRole(grad, i) != role::Accumulator)
      continue;
    StringRef name = getResultName(grad, i);
    auto add = sum.getDefiningOp<AddOp>();
    bindings[name] = add && add.getLhs() == zeros.lookup(name) ? add.getRhs() : sum;
  }
  for (auto [i, result] : llvm::enumerate(entry.inlineBody(apply, bindings)))
    entry.addResult(getResultName(apply, i), getResultRole(apply, i), result);
  SmallVector<std::string> names = llvm::map_to_vector(parameters, getGradientName);
  for (const RunningAverage &average : averages)
    names.push_back(getRunningName(average.name));
  for (const std::string &name : names)
    entry.addResult(name, role::Accumulator, bindings.lookup(name));
  entry.finish();
}

/// The options of the pass are those of the table.
struct TrainingPass : impl::TrainingPassBase<TrainingPass> {
  TrainingPass() { addOptions(); }
  TrainingPass(const TrainingPass &other) : TrainingPassBase(other) { addOptions(); }

  void runOnOperation() override {
    TrainingOptions options;
    auto option = given.begin();
    visitOptions(options, [&](const char *, auto &&value, const char *, Allowed) { read(option++->get(), value); });
    if (failed(buildTraining(getOperation(), options)))
      signalPassFailure();
  }

private:
  void addOptions() {
    const TrainingOptions defaults;
    visitOptions(defaults, [&](const char *name, const auto &value, const char *help, Allowed) {
      add(name, help, value);
    });
  }

  template <typename Value> void add(const char *name, const char *help, const Value &value) {
    given.push_back(std::make_shared<Option<Value>>(*this, name, llvm::cl::desc(help), llvm::cl::init(value)));
  }
  void add(const char *name, const char *help, const std::optional<double> &) {
    given.push_back(std::make_shared<Option<double>>(*this, name, llvm::cl::desc(help)));
  }
  void add(const char *name, const char *help, const std::vector<std::string> &) {
    given.push_back(std::make_shared<ListOption<std::string>>(*this, name, llvm::cl::desc(help)));
  }
  void add(const char *name, const char *help, const std::tuple<const double &, const double &> &) {
    given.push_back(std::make_shared<ListOption<double>>(*this, name, llvm::cl::desc(help)));
  }

  template <typename Value> static void read(void *option, Value &value) {
    value = static_cast<Option<Value> *>(option)->getValue();
  }
  static void read(void *option, std::optional<double> &value) {
    if (auto *number = static_cast<Option<double> *>(option); number->hasValue())
      value = number->getValue();
  }
  static void read(void *option, std::vector<std::string> &value) {
    ArrayRef<std::string> list = *static_cast<ListOption<std::string> *>(option);
    value.assign(list.begin(), list.end());
  }
  static void read(void *option, std::tuple<double &, double &> value) {
    if (ArrayRef<double> list = *static_cast<ListOption<double> *>(option); list.size() == 2)
      value = std::pair(list[0], list[1]);
  }

  std::vector<std::shared_ptr<void>> given; ///< in the order of the table
};

} // namespace

LogicalResult buildTraining(ModuleOp module, const TrainingOptions &options, TrainingReport *report) {
  auto infer = module.lookupSymbol<func::FuncOp>(entry::Infer);
  if (!infer)
    return module.emitError("has no function @") << entry::Infer << " to train";
  if (failed(checkNames(infer, options.label)))
    return failure();
  FailureOr<Objective> objective = Objective::create(infer, options);
  if (failed(objective))
    return failure();
  return TrainingBuilder(module, infer, options, std::move(*objective), report).run();
}

} // namespace glyptic
